"""New digits from old: where the pixels go, and that it is a matter of seed, epoch and digit."""

import hashlib

import numpy as np
import paddle
import pytest

from mnist_helpers.data import batches, draws, shares, shuffled, to_floats
from mnist_helpers.data.augment import (
    distorted,
    distorting,
    moved,
    moving,
    shifted as shifted_by_u,
    shifting,
)
from tests.conftest import run_python, sample_digits

DIGITS = sample_digits(120)
IMAGES = to_floats(DIGITS.images)
N = len(DIGITS)


def noise(height=28, width=28, n=3):
    """Images with no two places alike, float32 [n, 1, h, w]."""
    return np.random.default_rng(0).random((n, 1, height, width), np.float32)


def draw(n=3, turn=0.0, right=0.0, down=0.0):
    """The u of n digits for these shares, from -1 to 1, of the limits."""
    return np.tile([(1 + share) / 2 for share in (turn, right, down, 0)], (n, 1))


def shifted(images, right, down):
    """By whole pixels, in NumPy; 0 comes in."""
    result = np.roll(images, (down, right), axis=(2, 3))
    result[:, :, : max(down, 0)] = 0
    result[:, :, 28 + min(down, 0) :] = 0
    result[:, :, :, : max(right, 0)] = 0
    result[:, :, :, 28 + min(right, 0) :] = 0
    return result


def by_the_book(image, angle, right, down):
    """One image [h, w] turned (against the clock, in radians) and then shifted, pixel by pixel."""
    height, width = image.shape
    padded = np.zeros((height + 2, width + 2))
    padded[1:-1, 1:-1] = image
    result = np.zeros_like(image)
    for row, column in np.ndindex(image.shape):
        # back: first the shift, then the turn; y points down, so the signs are those of -angle
        x, y = column - (width - 1) / 2 - right, row - (height - 1) / 2 - down
        old_x = x * np.cos(angle) - y * np.sin(angle) + (width - 1) / 2 + 1
        old_y = x * np.sin(angle) + y * np.cos(angle) + (height - 1) / 2 + 1
        left, top = int(np.floor(old_x)), int(np.floor(old_y))
        if 0 <= left <= width and 0 <= top <= height:
            a, b = old_x - left, old_y - top
            (p, q), (r, s) = padded[top : top + 2, left : left + 2]
            result[row, column] = (p * (1 - a) + q * a) * (1 - b) + (r * (1 - a) + s * a) * b
    return result


# ---- where the pixels go


def test_without_limits_nothing_moves():
    u = np.random.default_rng(1).random((N, 4))
    assert np.allclose(moved(IMAGES, u, pixels=0, degrees=0), IMAGES, atol=1e-5)
    assert np.allclose(moved(IMAGES, draw(N)), IMAGES, atol=1e-5)
    assert np.abs(moved(IMAGES, u) - IMAGES).max() > 0.5


@pytest.mark.parametrize(
    ("right", "down"), [(1, 0), (-1, 0), (-2, 0), (0, 1), (0, -2), (2, -1), (-3, 3)]
)
def test_shifts_by_whole_pixels_are_exact(right, down):
    images = noise()
    found = moved(images, draw(right=right / 4, down=down / 4), pixels=4, degrees=0)
    assert np.allclose(found, shifted(images, right, down), atol=1e-5)


def test_a_shift_to_the_right_goes_to_the_right_and_one_down_goes_down():
    images = np.zeros((1, 1, 28, 28), np.float32)
    images[0, 0, 10, 12] = 1
    for right, down in ((1, 0), (0, 1)):
        found = moved(images, draw(1, right=right, down=down), pixels=2, degrees=0)
        assert found[0, 0, 10 + 2 * down, 12 + 2 * right] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("quarters", [1, -1])
def test_a_positive_angle_turns_against_the_clock(quarters):
    images = noise()
    found = moved(images, draw(turn=quarters / 2), pixels=0, degrees=180)
    assert np.allclose(found, np.rot90(images, quarters, axes=(2, 3)), atol=1e-4)


def test_the_shift_is_that_of_the_turned_digit():
    images = noise()
    found = moved(images, draw(turn=0.5, right=0.75, down=-0.25), pixels=4, degrees=180)
    assert np.allclose(found, shifted(np.rot90(images, axes=(2, 3)), 3, -1), atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(20, 28), (28, 20)])
def test_a_turn_does_not_distort_what_is_not_square(height, width):
    images = noise(height, width)
    found = moved(images, draw(turn=0.5), pixels=0, degrees=180)
    expected = np.zeros_like(images)
    expected[:, :, height // 2 - 10 : height // 2 + 10, width // 2 - 10 : width // 2 + 10] = (
        np.rot90(images, axes=(2, 3))[
            :, :, width // 2 - 10 : width // 2 + 10, height // 2 - 10 : height // 2 + 10
        ]
    )
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (12, 20)])
def test_any_move_is_that_of_the_formula(height, width):
    images = noise(height, width, 4)
    u = np.random.default_rng(2).random((4, 4))
    found = moved(images, u, pixels=3, degrees=40)
    for image, (turn, right, down, _), one in zip(images, 2 * u - 1, found, strict=True):
        expected = by_the_book(image[0], np.deg2rad(40 * turn), 3 * right, 3 * down)
        assert np.allclose(one[0], expected, atol=1e-4)


def test_each_digit_gets_a_move_of_its_own():
    images = np.repeat(IMAGES[:1], 5, axis=0)
    u = np.random.default_rng(3).random((5, 4))
    found = moved(images, u)
    assert len({one.tobytes() for one in found}) == 5
    for i in range(5):
        assert np.array_equal(moved(images[:1], u[i : i + 1])[0], found[i])


def test_the_fourth_number_is_not_used():
    u = np.random.default_rng(4).random((N, 4))
    other = u.copy()
    other[:, 3] = 1 - u[:, 3]
    assert np.array_equal(moved(IMAGES, u), moved(IMAGES, other))


def test_a_digit_stays_a_digit():
    u = np.random.default_rng(5).random((N, 4))
    found = moved(IMAGES, u)
    assert found.shape == IMAGES.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    ink = found.sum((1, 2, 3)) / IMAGES.sum((1, 2, 3))
    assert np.abs(ink - 1).max() < 0.05  # linear interpolation neither adds nor takes ink
    assert abs(ink.mean() - 1) < 0.005


def test_what_comes_in_is_paper_and_what_was_full_stays_full():
    found = moved(np.ones((50, 1, 28, 28), np.float32), np.random.default_rng(6).random((50, 4)))
    assert np.allclose(found[:, :, 7:21, 7:21], 1, atol=1e-5)
    assert 0 <= found.min() < 0.01
    assert found.max() <= 1 + 1e-6


def test_what_is_given_is_not_changed_and_no_random_number_is_used():
    images, u = IMAGES.copy(), np.random.default_rng(7).random((N, 4))
    before = u.copy()
    paddle.seed(1)
    expected = paddle.rand([3]).tolist()
    paddle.seed(1)
    moved(images, u)
    assert paddle.rand([3]).tolist() == expected
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(u, before)


def test_the_limits_can_be_fixed_beforehand():
    u = np.random.default_rng(8).random((N, 4))
    assert np.array_equal(moving(3, 20)(IMAGES, u), moved(IMAGES, u, pixels=3, degrees=20))
    assert np.array_equal(moving()(IMAGES, u), moved(IMAGES, u, 2, 10))
    assert np.array_equal(moving(degrees=0)(IMAGES, u), moved(IMAGES, u, 2, 0))
    assert np.allclose(moving(0, 0)(IMAGES, u), IMAGES, atol=1e-5)


@pytest.mark.parametrize("bad", [-1, -0.001, float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["pixels", "degrees"])
def test_limits_that_cannot_be_are_refused(name, bad):
    with pytest.raises(ValueError, match=f"{name} must be 0 or more, not {bad}"):
        moving(**{name: bad})


# ---- the random numbers


def test_draws_are_a_function_of_seed_epoch_and_position():
    found = {(s, e): draws(50, s, e) for s in (0, 1) for e in (0, 1)}
    for u in found.values():
        assert u.shape == (50, 4)
        assert u.dtype == np.float64
        assert 0 <= u.min() < 0.05
        assert 0.95 < u.max() < 1
    assert len({u.tobytes() for u in found.values()}) == 4
    np.random.seed(5)  # noqa: NPY002 - global state must not matter
    assert np.array_equal(draws(50, 1, 1), found[1, 1])
    assert np.array_equal(draws(20, 1, 1), found[1, 1][:20])  # nor how many others there are
    run = run_python("from mnist_helpers.data import draws; print(draws(50, 1, 1).tolist())")
    assert run.stdout.strip() == str(found[1, 1].tolist())
    # the same on every machine: this is what NumPy's PCG64 gives
    pinned = [0.743739193631, 0.79539354022, 0.337183646068, 0.068944146906]
    assert draws(1, 3, 1)[0] == pytest.approx(pinned, abs=1e-11)


def test_the_draws_are_not_those_of_the_order():
    order = np.random.Generator(np.random.PCG64([3, 1])).random((50, 4))
    assert not np.isin(draws(50, 3, 1), order).any()


# ---- in batches


def augmented(batch_size=50, seed=3, epoch=0, **others):
    """All digits, augmented, each at its own place in DIGITS: float32 [n, 1, 28, 28]."""
    feed = batches(DIGITS, batch_size, seed=seed, epoch=epoch, augment=moving(), **others)
    images, labels = (np.concatenate(part) for part in zip(*feed, strict=True))
    order = shuffled(N, seed, epoch) if others.get("shuffle", True) else np.arange(N)
    assert np.array_equal(labels[:, 0], DIGITS.labels[order])
    found = np.empty_like(images)
    found[order] = images
    return found


def test_what_a_digit_gets_does_not_depend_on_its_batch():
    found = augmented(50)
    for batch_size in (7, 1, 120, 1000):
        assert np.array_equal(augmented(batch_size), found), batch_size
    assert np.array_equal(augmented(shuffle=False), found)
    assert np.array_equal(moved(IMAGES, draws(N, 3, 0)), found)
    assert np.array_equal(augmented(flat=True).reshape(N, 1, 28, 28), found)


def test_every_epoch_and_every_seed_moves_the_digits_in_another_way():
    found = [augmented(), augmented(epoch=1), augmented(seed=4)]
    for i in range(N):
        assert len({images[i].tobytes() for images in found}) == 3
    assert np.array_equal(augmented(epoch=1), found[1])


def test_the_function_is_given_the_digits_and_their_draws():
    given = []

    def augment(images, u):
        given.append((images.copy(), u.copy()))
        return images / 2

    for flat in (False, True):
        given.clear()
        feed = list(batches(DIGITS, 50, seed=3, epoch=2, flat=flat, augment=augment))
        order = shuffled(N, 3, 2)
        assert [len(u) for _, u in given] == [50, 50, 20]
        images, u = (np.concatenate(part) for part in zip(*given, strict=True))
        assert images.dtype == np.float32
        assert u.dtype == np.float64
        assert np.array_equal(images, IMAGES[order])
        assert np.array_equal(u, draws(N, 3, 2)[order])
        yielded = np.concatenate([images for images, _ in feed])
        assert yielded.shape == ((N, 784) if flat else (N, 1, 28, 28))
        assert np.array_equal(yielded.reshape(images.shape), images / 2)


def test_options_of_batches_work_as_without():
    assert next(batches(DIGITS, 7, flat=True, augment=moving()))[0].shape == (7, 784)
    sizes = [len(y) for _, y in batches(DIGITS, 50, drop_last=True, augment=moving())]
    assert sizes == [50, 50]
    plain, same = (batches(DIGITS, 50, seed=3, augment=f) for f in (None, lambda images, u: images))
    for (x, y), (images, labels) in zip(plain, same, strict=True):
        assert np.array_equal(x, images)
        assert np.array_equal(y, labels)


def test_the_digits_themselves_are_not_changed():
    before = hashlib.sha256(DIGITS.images.tobytes()).digest()

    def wipe(images, u):
        images *= 0  # in place
        return images

    for augment in (moving(), wipe):
        for shuffle in (True, False):
            list(batches(DIGITS, 50, shuffle=shuffle, augment=augment))
    assert hashlib.sha256(DIGITS.images.tobytes()).digest() == before


# ---- by whole pixels


def test_whole_pixels_go_where_u_says_and_all_places_are_met():
    images, u = noise(), np.random.default_rng(0).random((3, 4))
    u[:, :2] = [[0, 0.999], [0.5, 0.5], [0.7, 0.1]]  # of five: -2, 2; 0, 0; 1, -2
    found = shifted_by_u(images, u, pixels=2)
    assert found.dtype == np.float32
    for image, place, (right, down) in zip(
        found, range(3), [(-2, 2), (0, 0), (1, -2)], strict=True
    ):
        expected = shifted(images[place : place + 1], right, down)[0]
        assert image.tobytes() == expected.tobytes()
    dot = np.zeros((900, 1, 28, 28), np.float32)
    dot[:, :, 14, 14] = 1
    moved_dots = shifted_by_u(dot, draws(900, seed=0), pixels=1)
    counts = moved_dots.sum(0)[0, 13:16, 13:16]
    assert counts.sum() == 900
    assert (counts > 60).all()  # 100 each, on average


def test_no_whole_pixels_nothing_moves():
    assert shifting(0)(IMAGES, draws(N, seed=0)).tobytes() == IMAGES.tobytes()


@pytest.mark.parametrize("pixels", [-1, 0.5, np.inf, np.nan])
def test_half_and_negative_pixels_are_refused(pixels):
    with pytest.raises(ValueError, match=f"whole number.*{pixels}"):
        shifting(pixels)


# ---- turned, shifted, stretched, sheared and bent

NOTHING = {"degrees": 0, "pixels": 0, "stretch": 0, "shear": 0, "bend": 0}


def drawn(n=3, **shares):
    """The u [n, 56] of n digits for these shares, from -1 to 1, of the limits; 0 for the others."""
    u = np.full((n, 56), 0.5)
    for name, share in shares.items():
        places = {"turn": 0, "right": 1, "down": 2, "wide": 3, "high": 4, "slant": 5}
        u[:, places[name] if name in places else int(name[1:])] = (1 + share) / 2
    return u


def test_without_limits_nothing_is_distorted():
    u = np.random.default_rng(1).random((N, 56))
    assert np.allclose(distorted(IMAGES, u, **NOTHING), IMAGES, atol=1e-5)
    assert np.allclose(distorted(IMAGES, drawn(N)), IMAGES, atol=1e-5)
    for limit, much in (("degrees", 10), ("pixels", 1), ("stretch", 0.1), ("shear", 0.1)):
        found = distorted(IMAGES, u, **{**NOTHING, limit: much})
        assert np.abs(found - IMAGES).max() > 0.5, limit
    assert np.abs(distorted(IMAGES, u, **{**NOTHING, "bend": 1}) - IMAGES).max() > 0.3


@pytest.mark.parametrize("shape", [(28, 28), (12, 20)])
def test_a_distortion_turns_and_shifts_as_moved_does(shape):
    """Which turns first and then shifts the other way round: so the shift is turned back."""
    images = noise(*shape)
    turn, right, down = 0.7, 0.4, -0.9
    angle = np.deg2rad(30 * turn)
    cos, sin = np.cos(angle), np.sin(angle)
    back = {"turn": turn, "right": -(cos * right - sin * down), "down": -(sin * right + cos * down)}
    found = distorted(images, drawn(**back), **{**NOTHING, "degrees": 30, "pixels": 3})
    u = draw(turn=turn, right=right, down=down)
    assert np.allclose(found, moved(images, u, pixels=3, degrees=30), atol=1e-4)


def test_a_stretch_and_a_shear_are_what_they_say():
    image = np.zeros((1, 1, 28, 28), np.float32)
    image[..., 4:24, 8:20] = 1  # 20 high, 12 wide
    limits = {**NOTHING, "stretch": np.log(2), "shear": 0.5}
    wide = distorted(image, drawn(1, wide=-1), **limits)[0, 0]
    assert np.allclose(wide.sum(1)[4:24], 24, atol=0.01)
    assert np.allclose(wide.sum(0).max(), 20, atol=0.01)
    low = distorted(image, drawn(1, high=1), **limits)[0, 0]
    assert np.allclose(low.sum(0)[8:20], 10, atol=0.01)
    slanted = distorted(image, drawn(1, slant=1), **limits)[0, 0]
    middles = (slanted * np.arange(28)).sum(1)[4:24] / slanted.sum(1)[4:24]
    assert np.allclose(np.diff(middles), -0.5, atol=0.01)


def test_a_bend_moves_what_is_near_its_point_and_nothing_far_away():
    images = noise(n=1)
    middle_to_the_side = drawn(1, p18=1)  # 6 + 12: of 5 × 5 points, the one in the middle
    found = distorted(images, middle_to_the_side, **{**NOTHING, "bend": 2})
    changed = np.abs(found - images)[0, 0]
    assert changed[11:17, 11:17].mean() > 0.2
    assert changed[[0, -1]].max() < 1e-4
    assert changed[:, [0, -1]].max() < 1e-4
    rows = np.zeros((1, 1, 28, 28), np.float32)
    rows[..., ::3, :] = 1  # the same all along: a move to the side does not change them
    found = distorted(rows, middle_to_the_side, **{**NOTHING, "bend": 2})
    assert np.allclose(found[..., 3:-3], rows[..., 3:-3], atol=1e-4)
    assert np.abs(distorted(rows, drawn(1, p43=1), **{**NOTHING, "bend": 2}) - rows).max() > 0.5


def test_a_distortion_is_a_matter_of_the_digit_not_of_its_batch():
    augment = distorting(bend=1)
    order = shuffled(N, 3, 5)
    u = draws(N, 3, 5, 56)
    whole = distorted(IMAGES[order], u[order], bend=1)
    parts = [x for x, _ in batches(DIGITS, 50, seed=3, epoch=5, augment=augment)]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-6)
    ranks = [
        next(shares(DIGITS, 20, rank=rank, world=2, seed=3, epoch=5, augment=augment))[0]
        for rank in (0, 1)
    ]
    assert np.allclose(np.concatenate(ranks), whole[:40], atol=1e-6)
    assert whole.dtype == np.float32
    assert whole.min() >= 0
    assert whole.max() <= 1 + 1e-6


def test_more_numbers_for_a_digit_are_another_stream_but_four_are_the_old_one():
    assert draws(10, 1, 2).shape == (10, 4)
    assert np.array_equal(draws(10, 1, 2, 4), draws(10, 1, 2))
    assert draws(10, 1, 2, 56).shape == (10, 56)


@pytest.mark.parametrize("wrong", [{"bend": -1}, {"degrees": np.inf}, {"stretch": np.nan}])
def test_limits_of_a_distortion_that_cannot_be(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be 0 or more"):
        distorting(**wrong)
