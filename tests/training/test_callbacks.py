"""Callbacks: what they are told and when, how they stop a training, and augmentation in it."""

import functools

import numpy as np
import paddle
import pytest
from paddle import nn

from mnist_helpers import models
from mnist_helpers.data import draws, shuffled
from mnist_helpers.data.augment import moving
from mnist_helpers.errors import DivergedError
from mnist_helpers.evaluation.scores import evaluate
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system.runtime import seed_everything
from mnist_helpers.training.callbacks import Callback, EarlyStopping, ExponentialMovingAverage
from mnist_helpers.training.history import Epoch, History
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import cross_entropy
from tests.conftest import counting, sample_digits

# Paddle says so in every training step of a BatchNorm
pytestmark = pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning")

DIGITS = sample_digits(50)
VALID = sample_digits(30, start=1000)


def normalised():
    """A small network with more than weights: running statistics, and a buffer."""
    return nn.Sequential(nn.BatchNorm2D(1), counting(), nn.Flatten(), nn.Linear(784, 10))


def run(*callbacks, model_of=models.MLP, kind=paddle.optimizer.Adam, rate=0.01, seed=0, **others):
    """A new model, trained with these callbacks for two epochs or as `others` say, its history."""
    seed_everything(seed)
    model = model_of()
    optimizer = kind(learning_rate=rate, parameters=model.parameters())
    settings = {"loss": cross_entropy, "batch_size": 20, "epochs": 2, "seed": seed, **others}
    return model, fit(model, DIGITS, optimizer=optimizer, callbacks=callbacks, **settings)


class Notes(Callback):
    """Notes what it is told; asks to stop after epoch `stop`."""

    def __init__(self, stop=None, answer=True):
        self.stop, self.answer = stop, answer
        self.told, self.subjects, self.weights = [], [], []

    def _note(self, what, model, history):
        self.told.append((what, len(history.losses) if what == "step" else len(history.epochs)))
        self.subjects.append((model, history))

    def on_train_batch_end(self, model, history):
        self._note("step", model, history)

    def on_epoch_end(self, model, history):
        self._note("epoch", model, history)
        self.weights.append(fingerprint(model))
        return self.answer if len(history.epochs) == self.stop else None

    def on_train_end(self, model, history):
        self._note("end", model, history)


def steps(first, last):
    return [("step", n) for n in range(first, last + 1)]


# ---- what they are told


def test_every_step_and_epoch_is_told_in_order():
    notes = Notes()
    model, history = run(notes)
    assert notes.told == [*steps(1, 3), ("epoch", 1), *steps(4, 6), ("epoch", 2), ("end", 2)]
    assert all(told[0] is model and told[1] is history for told in notes.subjects)
    assert notes.weights[-1] == fingerprint(model)


def test_at_a_step_the_weights_have_moved_and_the_gradients_are_there():
    seen = []

    class Watches(Callback):
        def on_train_batch_end(self, model, history):
            pairs = [(p.numpy().copy(), p.grad.numpy().copy()) for p in model.parameters()]
            seen.append((pairs, history.losses[-1], history.rates[-1]))

    model, history = run(Watches(), kind=paddle.optimizer.SGD, rate=0.5)
    seed_everything(0)
    weights = [p.numpy() for p in models.MLP().parameters()]  # as they were before the first step
    assert len(seen) == 6
    for pairs, _, _ in seen:
        for before, (now, gradient) in zip(weights, pairs, strict=True):
            assert np.abs(gradient).max() > 0
            assert np.allclose(now, before - 0.5 * gradient, atol=1e-6)
            assert not np.array_equal(now, before)
        weights = [now for now, _ in pairs]
    assert [loss for _, loss, _ in seen] == history.losses
    assert [rate for _, _, rate in seen] == history.rates == [0.5] * 6
    assert all(p.grad is None or not p.grad.numpy().any() for p in model.parameters())


def test_an_epoch_is_told_after_its_evaluation():
    seen = []

    class Watches(Callback):
        def on_epoch_end(self, model, history):
            scores = evaluate(model, VALID, cross_entropy)
            seen.append((len(history.epochs), scores.loss, scores.accuracy))

    _, history = run(Watches(), valid=VALID)
    assert seen == [(i + 1, e.loss, e.accuracy) for i, e in enumerate(history.epochs)]
    assert len(seen) == 2


def test_one_that_does_nothing_changes_nothing():
    (plain, expected), (model, history) = run(valid=VALID), run(Callback(), Notes(), valid=VALID)
    assert fingerprint(model) == fingerprint(plain)
    assert history.losses == expected.losses


# ---- how they stop a training


@pytest.mark.parametrize("stop", [1, 2])
def test_true_ends_the_training_after_that_epoch(stop):
    notes = Notes(stop)
    model, history = run(notes, epochs=4)
    assert len(history.epochs) == stop
    assert len(history.losses) == 3 * stop
    assert notes.told[-2:] == [("epoch", stop), ("end", stop)]
    assert model.training
    assert fingerprint(model) == fingerprint(run(epochs=stop)[0])


@pytest.mark.parametrize("answer", [None, False])
def test_anything_else_does_not(answer):
    notes = Notes(1, answer)
    _, history = run(notes, epochs=3)
    assert len(history.epochs) == 3
    assert notes.told[-1] == ("end", 3)


@pytest.mark.parametrize("stops", [(1, None, 1), (1, None, None), (None, 1, None), (None, None, 1)])
def test_all_are_told_even_if_one_wants_to_stop(stops):
    everybody = [Notes(stop) for stop in stops]
    run(*everybody, epochs=3)
    for notes in everybody:
        assert notes.told == [*steps(1, 3), ("epoch", 1), ("end", 1)]


def test_they_are_told_one_after_the_other():
    told = []

    class Named(Callback):
        def __init__(self, name):
            self.name = name

        def on_train_batch_end(self, model, history):
            told.append((self.name, "step"))

        def on_epoch_end(self, model, history):
            told.append((self.name, "epoch"))

        def on_train_end(self, model, history):
            told.append((self.name, "end"))

    run(Named("a"), Named("b"), epochs=1, batch_size=50)
    assert told == [(name, what) for what in ("step", "epoch", "end") for name in ("a", "b")]


def test_there_is_no_end_if_the_loss_diverges():
    calls = []

    def loss(outputs, labels):
        calls.append(1)
        return cross_entropy(outputs, labels) * (float("nan") if len(calls) == 5 else 1)

    notes = Notes()
    with pytest.raises(DivergedError, match="at step 5"):
        run(notes, loss=loss)
    assert notes.told == [*steps(1, 3), ("epoch", 1), ("step", 4)]


def test_there_is_no_end_if_an_observer_fails():
    class Fails(Callback):
        def on_epoch_end(self, model, history):
            raise RuntimeError("no more")

    notes = Notes()
    with pytest.raises(RuntimeError, match="no more"):
        run(notes, Fails())
    assert notes.told[-1] == ("epoch", 1)


# ---- early stopping

NAN, INF = float("nan"), float("inf")
STOPS = [  # validation losses, patience, the epoch after which it stops, the best epoch
    ([3, 2, 1, 2, 3, 0], 2, 5, 3),
    ([3, 2, 1, 2, 3, 0], 1, 4, 3),
    ([3, 2, 1, 2, 3, 0], 3, None, 6),
    ([1, 1, 1, 0], 2, 3, 1),  # the same is not lower
    ([5, 6, 4, 6, 3, 6, 6], 2, 7, 5),  # patience starts anew
    ([3, 2, 1], 1, None, 3),
    ([1, NAN, NAN, 0], 2, 3, 1),
    ([NAN, 1, 2], 2, None, 2),
    ([NAN, INF, NAN], 2, 2, 0),
]


def told_by_hand(stopping, model, losses):
    """The epoch at which `stopping` wants to stop, told of these losses one by one, or None."""
    history = History()
    for loss in losses:
        model.weight.set_value(paddle.full([1, 1], float(len(history.epochs) + 1)))
        history.epochs.append(Epoch(0.1, 1.0, 0.6, 0.5, loss))
        if stopping.on_epoch_end(model, history):
            break
    else:
        return None
    return len(history.epochs)


@pytest.mark.parametrize(("losses", "patience", "stop", "best"), STOPS)
def test_it_stops_so_many_epochs_after_the_best(losses, patience, stop, best):
    stopping, model = EarlyStopping(patience), nn.Linear(1, 1)
    assert told_by_hand(stopping, model, losses) == stop
    assert stopping.best_epoch == best
    assert stopping.best_loss == (losses[best - 1] if best else INF)
    stopping.on_train_end(model, History())
    # the weight is the number of the epoch; with no finite loss, it stays that of the last
    assert model.weight.item() == (best or stop)


def test_the_usual_patience_is_three_epochs():
    assert told_by_hand(EarlyStopping(), nn.Linear(1, 1), [1, 2, 2, 2, 2]) == 4


def scripted(losses):
    """Cross-entropy in training; in evaluation (of one batch an epoch), the numbers given."""
    losses = iter(losses)

    def loss(outputs, labels):
        if outputs.stop_gradient:
            return paddle.to_tensor(float(next(losses)))
        return cross_entropy(outputs, labels)

    return loss


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("losses", "others", "epochs", "best"),
    [
        ([3, 1, 2, 2, 0, 0], None, 4, 2),
        ([3, 1, 2], None, 3, 2),  # the epochs run out
        ([3, 1, 2, 2], 3, 3, 2),  # another callback ends the training
        ([3, 2, 1], None, 3, 3),  # the last is the best
    ],
)
def test_the_model_gets_the_weights_of_its_best_epoch(losses, others, epochs, best, first):
    notes, stopping = Notes(others), EarlyStopping(patience=2)
    callbacks = (stopping, notes) if first else (notes, stopping)
    model, history = run(
        *callbacks, model_of=normalised, loss=scripted(losses), valid=VALID, epochs=len(losses)
    )
    assert len(history.epochs) == len(notes.weights) == epochs
    assert (stopping.best_epoch, stopping.best_loss) == (best, losses[best - 1])
    assert len(set(notes.weights)) == epochs
    assert fingerprint(model) == notes.weights[best - 1]
    assert model[1].trained.item() == 3 * best


def test_a_real_run_ends_with_the_weights_of_the_lowest_loss():
    stopping = EarlyStopping(patience=2)
    model, history = run(stopping, rate=0.3, epochs=40, valid=VALID, model_of=models.Linear)
    losses = [epoch.loss for epoch in history.epochs]
    assert len(losses) < 40
    assert stopping.best_epoch == int(np.argmin(losses)) + 1 == len(losses) - 2
    assert evaluate(model, VALID, cross_entropy).loss == min(losses) == stopping.best_loss


@pytest.mark.parametrize("patience", [0, -1])
def test_a_patience_below_one_is_refused(patience):
    with pytest.raises(ValueError, match=f"patience must be 1 or more, not {patience}"):
        EarlyStopping(patience)


def test_there_must_be_digits_to_judge_by():
    with pytest.raises(ValueError, match=r"give fit\(…, valid=…\)"):
        run(EarlyStopping())


# ---- augmentation


@functools.cache
def augmented(seed=0, pixels=2):
    augment = None if pixels is None else moving(pixels, 10)
    model, history = run(seed=seed, augment=augment, valid=VALID, model_of=models.ConvNet)
    return fingerprint(model), history.losses


def test_augmentation_trains_in_another_way():
    assert len({augmented()[0], augmented(pixels=None)[0], augmented(pixels=1)[0]}) == 3
    assert np.isfinite(augmented()[1]).all()


def test_one_seed_augments_in_the_same_way_to_the_bit():
    first = augmented()
    augmented.cache_clear()
    assert augmented() == first
    assert augmented(seed=1)[0] != first[0]


def test_only_what_is_trained_on_is_augmented_and_anew_in_every_epoch():
    given = []

    def augment(images, u):
        given.append(u)
        return images

    (model, history), (plain, expected) = (
        run(augment=f, valid=VALID, seed=3) for f in (augment, None)
    )
    assert [len(u) for u in given] == [20, 20, 10] * 2  # none for the 30 digits that judge
    for epoch, part in enumerate((given[:3], given[3:])):
        assert np.array_equal(np.concatenate(part), draws(50, 3, epoch)[shuffled(50, 3, epoch)])
    assert fingerprint(model) == fingerprint(plain)
    assert history.losses == expected.losses


# ---- the average of the weights


class Weights(Callback):
    """All the weights, after each step."""

    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, model, history):
        self.seen.append({name: t.numpy().copy() for name, t in model.state_dict().items()})


def test_the_model_ends_with_the_average_of_its_weights_and_its_statistics():
    weights = Weights()
    averaged = ExponentialMovingAverage(start=3, every=2, decay=0.8)
    model, _ = run(weights, averaged, model_of=normalised, epochs=4)
    assert len(weights.seen) == 12
    expected = weights.seen[4]  # the first step, from 3 on, that 2 divides
    for seen in (weights.seen[6], weights.seen[8], weights.seen[10]):
        expected = {name: 0.8 * expected[name] + 0.2 * seen[name] for name in expected}
    found = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for name, array in found.items():
        assert np.allclose(array, expected[name], rtol=1e-5, atol=1e-6), name
    moved = [n for n in found if not np.allclose(found[n], weights.seen[-1][n], rtol=1e-3)]
    assert any("_mean" in name for name in moved)
    assert any("weight" in name for name in moved)


def test_an_average_does_not_disturb_the_training():
    _, alone = run(model_of=normalised)
    _, watched = run(ExponentialMovingAverage(start=0, every=1), model_of=normalised)
    assert alone.losses == watched.losses


def test_a_run_that_ends_before_the_average_begins_keeps_its_weights():
    alone, _ = run()
    late, _ = run(
        ExponentialMovingAverage(start=6)
    )  # two epochs of three steps: the last is step 5
    assert fingerprint(alone) == fingerprint(late)


@pytest.mark.parametrize(
    "wrong", [{"start": -1}, {"every": 0}, {"decay": 1.0}, {"decay": -0.1}, {"decay": np.nan}]
)
def test_averages_out_of_range(wrong):
    with pytest.raises(ValueError, match="decay from 0 to less than 1"):
        ExponentialMovingAverage(**{"start": 0, **wrong})
