import numpy as np
import paddle
import pytest

from mnist_helpers.data import Digits, MnistDataset, batches, shares, shuffled, to_floats
from mnist_helpers.data.augment import moving
from mnist_helpers.errors import DataError
from tests.conftest import random_digits, run_python, sample_digits


@pytest.fixture(scope="module")
def digits():
    return Digits.checked(*random_digits(250))


def test_digits_are_checked_and_cannot_be_spoilt():
    images, labels = random_digits(5)
    digits = Digits.checked(images, labels.astype("int64"))
    assert digits.labels.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        digits.images[0] = 0
    assert len(digits[1:4]) == 3
    assert np.array_equal(digits[digits.labels > 4].labels, labels[labels > 4])
    with pytest.raises(TypeError, match="slice"):
        digits[3]
    assert digits.counts().sum() == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x / 255, y), r"images are float64 \[5, 28, 28\]; expected uint8"),
        (lambda x, y: (x.reshape(5, 784), y), r"\[5, 784\]; expected uint8 \[n, 28, 28\]"),
        (lambda x, y: (x, y[:4]), "5 images but 4 labels"),
        (lambda x, y: (x, y[:, None]), r"labels are uint8 \[5, 1\]"),
        (lambda x, y: (x, y + 0.5), "labels are float64"),
        (lambda x, y: (x, y.astype(int) - 10), "label -"),
        (lambda x, y: (x[:0], y[:0]), "no digits"),
    ],
)
def test_wrong_arrays_are_named(change, message):
    with pytest.raises(DataError, match=message):
        Digits.checked(*change(*random_digits(5)), "here")


def test_floats_are_exact():
    images = np.arange(256, dtype=np.uint8).repeat(49).reshape(16, 28, 28)
    floats = to_floats(images)
    assert floats.shape == (16, 1, 28, 28)
    assert floats.dtype == np.float32
    assert np.array_equal(floats[:, 0], (images / 255).astype(np.float32))
    assert to_floats(images, flat=True).shape == (16, 784)


def test_every_digit_comes_once_and_with_its_label(digits):
    images, labels = zip(*batches(digits, 100, seed=3), strict=True)
    assert [len(part) for part in images] == [100, 100, 50]
    assert images[0].shape == (100, 1, 28, 28)
    assert images[0].dtype == np.float32
    assert labels[0].shape == (100, 1)
    assert labels[0].dtype == np.int64
    order = shuffled(250, 3, 0)
    assert np.array_equal(np.concatenate(images)[:, 0], digits.images[order] / np.float32(255))
    assert np.array_equal(np.concatenate(labels)[:, 0], digits.labels[order])


def test_options_of_batches(digits):
    assert [len(y) for _, y in batches(digits, 100, drop_last=True)] == [100, 100]
    assert [len(y) for _, y in batches(digits, 125, drop_last=True)] == [125, 125]
    assert next(batches(digits, 7, flat=True))[0].shape == (7, 784)
    in_order = np.concatenate([y for _, y in batches(digits, 60, shuffle=False)])[:, 0]
    assert np.array_equal(in_order, digits.labels)
    assert [len(y) for _, y in batches(digits, 1000)] == [250]


def test_the_order_is_a_function_of_seed_and_epoch():
    orders = {(s, e): tuple(shuffled(50, s, e)) for s in (0, 1) for e in (0, 1)}
    assert len(set(orders.values())) == 4
    assert all(sorted(order) == list(range(50)) for order in orders.values())
    np.random.seed(5)  # noqa: NPY002 - global state must not matter
    assert tuple(shuffled(50, 1, 1)) == orders[1, 1]
    run = run_python("from mnist_helpers.data import shuffled; print(shuffled(50, 1, 1).tolist())")
    assert run.stdout.strip() == str([int(i) for i in orders[1, 1]])
    # the same on every machine: this is what NumPy's PCG64 gives
    assert shuffled(10, 0, 0).tolist() == [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]


def test_bad_arguments_are_named(digits):
    with pytest.raises(ValueError, match=r"batch_size must be 1 or more.*not 0"):
        batches(digits, 0)
    with pytest.raises(ValueError, match="must be 0 or more, not 250, -1, 0"):
        batches(digits, 10, seed=-1)


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.needs("loader workers"))])
def test_the_dataset_gives_what_batches_give(digits, workers):
    dataset = MnistDataset(digits)
    assert isinstance(dataset, paddle.io.Dataset)
    assert len(dataset) == 250
    image, label = dataset[7]
    assert (image.shape, image.dtype) == ((1, 28, 28), np.float32)
    assert (label.shape, label.dtype, label[0]) == ((1,), np.int64, digits.labels[7])
    loader = paddle.io.DataLoader(dataset, batch_size=100, num_workers=workers)
    for (x, y), (images, labels) in zip(loader, batches(digits, 100, shuffle=False), strict=True):
        assert np.array_equal(x.numpy(), images)
        assert np.array_equal(y.numpy(), labels)
    assert MnistDataset(digits, flat=True)[0][0].shape == (784,)


def test_paddles_own_mnist_reads_our_files(clean, monkeypatch, tmp_path):
    from mnist_helpers.data import paddle_files
    from mnist_helpers.data.splits import load

    monkeypatch.setenv("MNIST_SOURCE", "sample")
    theirs = paddle.vision.datasets.MNIST(
        mode="test", backend="cv2", **paddle_files("test", tmp_path / "new")
    )
    ours = load("test")
    assert len(theirs) == len(ours) // 100 * 100
    for i in (0, 99, 199):
        assert np.array_equal(theirs[i][0], ours.images[i])
        assert theirs[i][1].item() == ours.labels[i]
    with pytest.raises(ValueError, match="'train' or 'test'"):
        paddle_files("valid", tmp_path)


@pytest.mark.parametrize("n", [120, 125, 121])
def test_the_workers_shares_make_the_batches(n):
    digits = sample_digits(n)
    whole = list(batches(digits, 40, seed=3, epoch=2))
    parts = [list(shares(digits, 20, rank=r, world=2, seed=3, epoch=2)) for r in range(2)]
    assert [len(part) for part in parts] == [len(whole)] * 2
    for batch, *workers in zip(whole, *parts, strict=True):
        means = []
        for images, labels, weight in workers:
            assert (images.dtype, labels.dtype) == (np.float32, np.int64)
            assert labels.shape == (len(images), 1)
            means.append(weight * images.mean(axis=0, dtype=np.float64))
        assert np.allclose(np.mean(means, axis=0), batch[0].mean(axis=0, dtype=np.float64))
        real = [worker for worker in workers if worker[2]]
        for which in range(2):
            assert np.array_equal(np.concatenate([w[which] for w in real]), batch[which])
    assert all(weight == 1 for part in parts for _, _, weight in part[:-1])


def test_a_pass_of_shares_that_was_cut_goes_on():
    options = {"rank": 1, "world": 3, "seed": 2, "augment": moving()}
    whole = list(shares(sample_digits(100), 10, **options))
    rest = list(shares(sample_digits(100), 10, skip=2, **options))
    for ours, theirs in zip(rest, whole[2:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_shares_of_one_are_the_batches():
    whole = batches(sample_digits(100), 30, seed=1, augment=moving())
    share = shares(sample_digits(100), 30, rank=0, world=1, seed=1, augment=moving())
    for (images, labels), (own_images, own_labels, weight) in zip(whole, share, strict=True):
        assert np.array_equal(images, own_images)
        assert np.array_equal(labels, own_labels)
        assert weight == 1


@pytest.mark.parametrize("wrong", [{"rank": 2}, {"rank": -1}, {"batch_size": 0}])
def test_shares_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="rank from 0 to world - 1"):
        shares(sample_digits(10), **{"batch_size": 5, "rank": 0, "world": 2, **wrong})
