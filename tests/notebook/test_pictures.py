"""The book's pictures: each draws, says what it shows, and fits; with numbers made up here."""

import functools
import inspect
import itertools
import re

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyBboxPatch

from mnist_helpers.data import read_idx
from mnist_helpers.notebook import pictures
from mnist_helpers.notebook.draw import Drawing
from mnist_helpers.notebook.draw.colours import PAPER, WIDTH
from mnist_helpers.notebook.pictures.data import LABELS_FILE, TURNS, _ahead
from mnist_helpers.notebook.pictures.optimisers import CARDS
from mnist_helpers.notebook.pictures.parallel import _ring
from mnist_helpers.notebook.pictures.stages import STAGES

RNG = np.random.default_rng(0)


def a_seven():
    """A digit of 28 × 28 bytes: a bar, and a slope down from its end, with grey edges."""
    image = np.zeros((28, 28), np.uint8)
    image[7:10, 6:21] = 250
    image[10, 6:18] = 90
    for i in range(14):
        start = 19 - i * 10 // 14
        image[9 + i, start : start + 3] = 180, 255, 120
    return image


SEVEN = a_seven()
KERNEL = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])
SEEN = np.lib.stride_tricks.sliding_window_view(SEVEN / 255, (3, 3))
MAP = (SEEN * KERNEL).sum(axis=(2, 3))
TEN = [0.02, 0.03, 0.02, 0.1, 0.02, 0.03, 0.01, 0.05, 0.12, 0.6]
WEIGHTS = RNG.normal(size=784) / 50


COUNTS = np.diag(np.arange(980, 1080, 10)) + 3  # of right answers, and three of each mistake


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


def step(answer=0.3547, label=5, pixel=0.6863, weight=-0.0268, rate=0.001):
    gradient = 2 * (answer - label) * pixel
    loss = (answer - label) ** 2
    return answer, label, loss, pixel, weight, gradient, rate, weight - rate * gradient


def courses(steps=51):
    t = np.linspace(0, 1, steps)
    return {"constant": np.full(steps, 0.01), "polynomial": 0.01 - 0.009 * t,
            "one-cycle": 0.01 * np.sin(np.pi * t) ** 2}  # fmt: skip


def turns(*every, n=20):
    """A quick and a slow trainer that begin a batch each so many milliseconds."""
    works = (1, 6)
    return [
        [(0.001 * i * turn, 0.001 * (i * turn + work)) for i in range(round(7 * n / turn))]
        for turn, work in zip(every, works, strict=True)
    ]


PICTURES = {
    "pipeline": lambda **o: pictures.pipeline("loss", **o),
    "pipeline, several": lambda **o: pictures.pipeline("data", "training diagnosis", **o),
    "model_and_number": lambda **o: pictures.model_and_number(SEVEN, WEIGHTS, 5.25, **o),
    "model_and_number, far": lambda **o: pictures.model_and_number(SEVEN, WEIGHTS, -12.3, **o),
    "training_loop": pictures.training_loop,
    "one_step": lambda **o: pictures.one_step(*step(), **o),
    "one_step, other": lambda **o: pictures.one_step(*step(-1.2345, 9, 1, -0.1234, 0.01), **o),
    "course_file": pictures.course_file,
    "idx_header": pictures.idx_header,
    "splits": pictures.splits,
    "synchronous_and_queue": lambda **o: pictures.synchronous_and_queue(1, 1.5, **o),
    "synchronous_and_queue, slow": lambda **o: pictures.synchronous_and_queue(3, 1, **o),
    "synchronous_and_queue, fast": lambda **o: pictures.synchronous_and_queue(1, 20, **o),
    "one_lock_or_two": pictures.one_lock_or_two,
    "broadcast_bug": pictures.broadcast_bug,
    "fully_connected": lambda **o: pictures.fully_connected(SEVEN, **o),
    "unit": lambda **o: pictures.unit([1, 0.5, 0], [2, -1, 3], 0.5, **o),
    "unit, negative": lambda **o: pictures.unit([1, 1, 1], [-1.25, -0.5, -3], -0.75, **o),
    "linear_of_linear": pictures.linear_of_linear,
    "window_slides": lambda **o: pictures.window_slides(SEVEN, KERNEL, MAP, **o),
    "padding_and_pooling": lambda **o: pictures.padding_and_pooling(SEVEN, **o),
    "conv_net_shapes": lambda **o: pictures.conv_net_shapes(SEVEN, **o),
    "conv_net_shapes, one": lambda **o: pictures.conv_net_shapes(SEVEN, 1, **o),
    "windows_and_maps": lambda **o: pictures.windows_and_maps(
        SEVEN, RNG.normal(size=(20, 5, 5)), np.stack([SEVEN / 255.0 * i for i in range(20)]), **o
    ),
    "back_propagation": lambda **o: pictures.back_propagation(4, 0.5, 3, 7, **o),
    "back_propagation, up": lambda **o: pictures.back_propagation(2, -1.5, 0.25, -3, **o),
    "chain_through_a_layer": pictures.chain_through_a_layer,
    "names_are_not_amounts": lambda **o: pictures.names_are_not_amounts([SEVEN] * 10, **o),
    "softmax_layer": lambda **o: pictures.softmax_layer([3, 1, -3], softmax([3, 1, -3]), **o),
    "softmax_layer, two": lambda **o: pictures.softmax_layer([0, 8.5], softmax([0, 8.5]), **o),
    "one_hot_meets_cross_entropy": lambda **o: pictures.one_hot_meets_cross_entropy(TEN, 3, **o),
    "one_hot_meets_cross_entropy, last": lambda **o: pictures.one_hot_meets_cross_entropy(
        TEN, 9, **o
    ),
    "two_boxes": pictures.two_boxes,
    "minus_log": pictures.minus_log,
    "two_class_softmax_is_sigmoid": lambda **o: pictures.two_class_softmax_is_sigmoid(
        [(2, 0), (3, 1), (5, 3)], **o
    ),
    "matrix_read": lambda **o: pictures.matrix_read(COUNTS, 9, **o),
    "matrix_read, first": lambda **o: pictures.matrix_read(COUNTS, 0, **o),
    "probe_on_a_wire": pictures.probe_on_a_wire,
    "reading_curves": pictures.reading_curves,
    "rate_too_small_right_too_large": pictures.rate_too_small_right_too_large,
    "noise_in_the_valley": pictures.noise_in_the_valley,
    "ball_with_memory": pictures.ball_with_memory,
    **{
        f"optimiser_card, {name}": functools.partial(pictures.optimiser_card, name)
        for name in CARDS
    },
    "overfitting_u": pictures.overfitting_u,
    "pulled_to_zero": lambda **o: pictures.pulled_to_zero([1, -2, 3], 0.3, **o),
    "pulled_to_zero, one": lambda **o: pictures.pulled_to_zero([-3.5], 0.1, **o),
    "dropped_units": pictures.dropped_units,
    "dropped_units, few": lambda **o: pictures.dropped_units(0.25, **o),
    "more_evidence": lambda **o: pictures.more_evidence(
        SEVEN, [np.roll(SEVEN, i, axis=0) for i in range(4)], 7, **o
    ),
    "ways_to_share": pictures.ways_to_share,
    "server_and_ring": pictures.server_and_ring,
    "ring_steps": pictures.ring_steps,
    "server_times": lambda **o: pictures.server_times(turns(7, 7), turns(1.5, 7), **o),
    "server_times, even": lambda **o: pictures.server_times(turns(7, 7), turns(7, 7), **o),
    "two_hosts": pictures.two_hosts,
    "cut_run": pictures.cut_run,
    "way_to_the_disk": pictures.way_to_the_disk,
    "save_timeline": pictures.save_timeline,
    "dynamic_and_static": pictures.dynamic_and_static,
    "four_roads": pictures.four_roads,
    "request_way": pictures.request_way,
    "patch_matrix": pictures.patch_matrix,
    "pushes_and_pulls": pictures.pushes_and_pulls,
    "other_workers": pictures.other_workers,
    "schedules": lambda **o: pictures.schedules(courses(), **o),
    "loop_and_model": pictures.loop_and_model,
}


@functools.cache
def drawn(name):
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state
    return PICTURES[name]()


@pytest.fixture(params=PICTURES)
def name(request):
    return request.param


@pytest.fixture
def picture(name):
    return drawn(name)


def texts(picture):
    return [text for text in picture.figure.axes[0].texts if text.get_text().strip()]


def extent(text, renderer):
    """What the letters of one line take up, in units: left, top, right, bottom."""
    words, math = text._preprocess_math(text.get_text())
    size = renderer.get_text_width_height_descent(words, text.get_fontproperties(), math)
    width, height, descent = (length * 72 / renderer.dpi for length in size)
    x, foot = text.get_position()
    left = x - {"left": 0, "center": width / 2, "right": width}[text.get_ha()]
    return left, foot - height + descent, left + width, foot + descent


def extents(picture):
    renderer = picture.figure.canvas.get_renderer()
    return {text: extent(text, renderer) for text in texts(picture)}


def test_every_picture_of_the_library_is_tried_here():
    assert {name.split(",")[0] for name in PICTURES} == set(pictures.__all__)


def test_it_is_a_drawing_with_an_alternative_text(picture):
    assert isinstance(picture, Drawing)
    assert 60 < len(picture.alt) < 900
    assert re.match("[A-Z0-9]", picture.alt)
    assert picture.alt.endswith(".")
    assert not re.search(r"nan|inf\b|None|\$|  |[{}]", picture.alt)


def test_words_do_not_overlap(picture):
    for (one, a), (other, b) in itertools.combinations(extents(picture).items(), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (one.get_text(), other.get_text())


def test_words_stay_on_the_paper(picture):
    for text, (left, top, right, bottom) in extents(picture).items():
        inside = left >= 1 and right <= WIDTH - 1 and top >= 1 and bottom <= picture.height - 1
        assert inside, (text.get_text(), left, top, right, bottom)


def test_words_stay_in_their_boxes(picture):
    """Words whose middle is in a box do not reach beyond its edges."""
    boxes = []
    for patch in picture.figure.axes[0].patches:
        if isinstance(patch, FancyBboxPatch | Circle):
            path = patch.get_path().transformed(patch.get_patch_transform())
            boxes.append(path.get_extents().extents)
    for text, (left, top, right, bottom) in extents(picture).items():
        x, y = (left + right) / 2, (top + bottom) / 2
        for x0, y0, x1, y1 in boxes:
            if x0 < x < x1 and y0 < y < y1 and y1 - y0 < 60:
                assert x0 <= left, text.get_text()
                assert right <= x1, text.get_text()


def test_no_words_are_too_small(picture):
    assert min(text.get_fontsize() for text in texts(picture)) >= 11.5


def test_it_is_small_and_the_same_each_time(name, picture):
    svg = picture.svg()
    assert len(svg.encode()) < 40_000
    assert len(picture.png()) < 60_000
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state
    again = PICTURES[name]()
    assert again.svg() == svg
    assert again.alt == picture.alt


def test_its_words_can_be_others(name, picture):
    """Every English word is replaced, be it in a box, beside a number or on two lines."""
    words = {}

    class Asked(dict):
        def get(self, key, default=None):
            words[key] = default
            return default

    PICTURES[name](words=Asked())
    english = {key: re.sub(r"[^\W\d_]", "字", key) for key in words if "$" not in key}
    code = {text.get_text() for text in texts(picture) if "Mono" in str(text.get_fontfamily())}
    shown = [text.get_text() for text in texts(PICTURES[name](words=english))]
    left = [text for text in shown if re.search("[A-Za-z]{3}", text) and "$" not in text]
    assert [text for text in left if text not in code | NAMES] == []


NAMES = {*CARDS, *courses()}  # of the field, or given by the caller


@pytest.mark.parametrize("lit", [(), *((stage,) for stage in STAGES), STAGES[:5], STAGES])
def test_the_pipeline_lights_its_stages(lit):
    picture = pictures.pipeline(*lit)
    bright, joined = [], " ".join(text.get_text() for text in texts(picture))
    for text in texts(picture):
        if text.get_color() == PAPER:
            bright.append(text.get_text())
    assert " ".join(bright) == " ".join(lit)
    assert joined == " ".join(STAGES)
    strong = [patch for patch in boxes_of(picture) if patch.get_facecolor()[:3] != GREY_TINT]
    assert len(strong) == len(lit)
    assert (f"Lit: {', '.join(lit)}." in picture.alt) == bool(lit)


GREY_TINT = (0xEE / 255,) * 3


def boxes_of(picture):
    return [p for p in picture.figure.axes[0].patches if isinstance(p, FancyBboxPatch)]


def test_the_pipeline_tells_its_stages_in_order_however_they_are_named():
    assert "Lit: data, loss." in pictures.pipeline("loss", "data").alt


def test_the_queue_overlaps_what_can_overlap():
    times, slots = _ahead(1, 2)
    assert times == [(1, 1), (2, 3), (3, 5), (4, 7)]
    assert slots == [1, 1, 1, 2]  # the fourth is ready while the third waits
    times, slots = _ahead(2, 1)
    assert times == [(2, 2), (4, 4), (6, 6), (8, 8)]
    assert set(slots) == {1}


def test_one_lock_is_held_by_one_at_a_time():
    loads, trains = TURNS
    assert sorted(loads + trains) == list(range(12))  # never both, and never none
    # three batches of two turns each: no batch is trained on before it is loaded
    assert all(trains[2 * i] > loads[2 * i + 1] for i in range(3))


def test_the_ring_ends_with_all_sums_everywhere():
    states, moves = _ring()
    assert states[-1] == [[111, 222, 333]] * 3
    sums = [sum(value in (111, 222, 333) for held in state for value in held) for state in states]
    assert sums == [0, 0, 3, 6, 9]
    for before, after, moved in zip(states, states[1:], moves, strict=False):
        changed = {(w, p) for w in range(3) for p in range(3) if before[w][p] != after[w][p]}
        assert changed == {((worker + 1) % 3, piece) for worker, piece in moved}


def test_the_file_of_labels_that_is_drawn_is_one(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(bytes(LABELS_FILE))
    assert list(read_idx(path)) == [5, 0, 4]


def test_alternative_texts_tell_the_numbers_that_are_drawn():
    assert "orange, over 0, white, to 0.2, dark purple" in drawn("model_and_number").alt
    assert "one number, 5.25, which lies on the line" in drawn("model_and_number").alt
    assert "−12.30, which lies beyond the end" in drawn("model_and_number, far").alt
    assert "(0.3547 − 5) squared is 21.58. Gradient: 2 times" in drawn("one_step").alt
    assert "stays in the queue until" in drawn("synchronous_and_queue").alt
    assert "takes a batch as soon as" in drawn("synchronous_and_queue, slow").alt
    assert "the mean of their 16 squares, is 8.5." in drawn("broadcast_bug").alt
    assert "1 × 2, 0.5 × −1, 0 × 3; the products and the bias, 0.5" in drawn("unit").alt
    assert "at w2 −4, at h −6, at w1 −24." in drawn("back_propagation").alt
    assert "they are 0.88, 0.12, 0.00, which" in drawn("softmax_layer").alt
    assert (
        "picks one of them, 0.10; its minus log, 2.30," in drawn("one_hot_meets_cross_entropy").alt
    )
    assert "0.6 costs 0.51; 0.1 costs 2.30; 1 costs" in drawn("minus_log").alt
    assert "with rate 0.08 it creeps" in drawn("rate_too_small_right_too_large").alt
    assert "has 5 short bars and waits after each" in drawn("server_times").alt
    assert "The same 35 milliseconds" in drawn("server_times").alt
    assert "1 by 0.3, −2 by 0.6, 3 by 0.9" in drawn("pulled_to_zero").alt
    assert "is multiplied by 1.33." in drawn("dropped_units, few").alt
    assert "A digit, a 7, and four arrows" in drawn("more_evidence").alt
    assert "one-cycle, from 0 up to 0.01, 0.01 half-way" in drawn("schedules").alt
    assert "1,100 are a 9, 1,073 of them" in drawn("matrix_read").alt
    assert "1,100 are called a 9, precision 97.5 %." in drawn("matrix_read").alt
    assert "short enough?, or else 413, too long; anything" in drawn("request_way").alt
    assert "It keeps nothing; the step is the rate times g." in drawn("optimiser_card, SGD").alt


def test_the_same_weights_have_the_same_shade_in_two_pictures():
    once = shades_of_weights(pictures.model_and_number(SEVEN, WEIGHTS, 1, limit=0.5))
    larger = shades_of_weights(pictures.model_and_number(SEVEN, 2 * WEIGHTS, 1, limit=0.5))
    assert np.allclose(2 * (once - 0.5), larger - 0.5)
    clipped = shades_of_weights(pictures.model_and_number(SEVEN, WEIGHTS * 0 - 3, 1, limit=0.5))
    assert not clipped.any()


def shades_of_weights(picture):
    """The shades of the 28 × 28 weights, the second square picture."""
    shown = [image.get_array() for image in picture.figure.axes[0].images]
    return [array for array in shown if array.shape == (28, 28)][1]


def test_how_the_walks_went_is_measured():
    calm = pictures.noise_in_the_valley(noise=0)
    assert calm.alt.count("0.00 away") == 2  # all digits, batches: at the large rate
    noisy = pictures.noise_in_the_valley().alt.split("; ")
    ends = [float(re.search(r"(\S+) away on average", walk)[1]) for walk in noisy]
    exact_large, exact_small, noisy_large, noisy_small = ends
    assert exact_large < exact_small < noisy_small < noisy_large
    still = pictures.noise_in_the_valley(noise=0, small=0.001, steps=20)
    assert still.alt.count("rate 0.001: never near") == 2


def test_a_card_shows_only_what_its_optimiser_uses():
    heights = {name: pictures.optimiser_card(name).height for name in CARDS}
    assert heights["SGD"] == heights["Momentum"] < heights["AdaGrad"] == heights["RMSProp"]
    assert heights["RMSProp"] < heights["Adam"] < heights["AdamW"]


@pytest.mark.parametrize(
    ("draw", "arguments", "complaint"),
    [
        (pictures.pipeline, ["diagnosis"], "no stage 'diagnosis'; the stages are data, network"),
        (pictures.one_step, [*step()[:5], 1.0, 0.1, 1], "the gradient of one digit is -6.37"),
        (pictures.one_step, [*step()[:2], 3, *step()[3:]], "the loss of one digit is 21.57"),
        (pictures.one_step, [*step()[:7], 0.5], "the new weight of one digit is -0.02"),
        (pictures.synchronous_and_queue, [0, 1], "take some time, not 0 and 1"),
        (pictures.unit, [[1, 2], [1, 2, 3], 0], "three inputs and weights, not 2 and 3"),
        (pictures.window_slides, [SEVEN, KERNEL, MAP + 0.1], "not the map"),
        (pictures.window_slides, [SEVEN, KERNEL, SEVEN], r"a map \[26, 26\], not"),
        (pictures.conv_net_shapes, [SEVEN, 100], "room for 1 to 10 outputs, not for 100"),
        (pictures.windows_and_maps, [SEVEN, np.ones((2, 5, 5)), MAP[None]], "2 windows, but 1 map"),
        (pictures.names_are_not_amounts, [[SEVEN]], "each of the ten digits, not 1"),
        (pictures.softmax_layer, [[1, 2], [0.5, 0.5]], "softmax gives"),
        (pictures.softmax_layer, [[1, 2], [1.0]], "softmax gives"),
        (pictures.one_hot_meets_cross_entropy, [[0.5, 0.5], 0], "ten probabilities"),
        (pictures.one_hot_meets_cross_entropy, [[1.0] + [0.0] * 9, 3], "class 3 is 0"),
        (pictures.minus_log, [[0.01]], "probabilities from 0.025 to 1, not"),
        (pictures.two_class_softmax_is_sigmoid, [[(2, 0), (3, 2)]], "the same difference"),
        (pictures.two_class_softmax_is_sigmoid, [[(2, 0), (9, 7)]], "room for three pairs"),
        (pictures.matrix_read, [np.eye(3), 0], r"is \[10, 10\], not \[3, 3\]"),
        (pictures.matrix_read, [np.zeros((10, 10)), 4], "no digit is a 4, or none is called one"),
        (pictures.rate_too_small_right_too_large, [-1], "above 0, not -1"),
        (pictures.noise_in_the_valley, [0.6], "small < large < 0.5"),
        (pictures.optimiser_card, ["Lion"], "no card of 'Lion'; there are SGD"),
        (pictures.server_times, [turns(7, 7, n=5), turns(1, 7)], "two trainers and 10 batches"),
        (pictures.server_times, [turns(7, 7)[:1], turns(1, 7)], "not 20"),
        (pictures.schedules, [{}], "two steps or more"),
        (pictures.schedules, [{"a": [0.1, -0.1]}], "no rate below 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        draw(*arguments)


def test_every_picture_takes_words():
    for name in pictures.__all__:
        assert "words" in inspect.signature(getattr(pictures, name)).parameters, name
