"""The options of a training: their checks, and that their names are those that exist."""

from typing import get_args

import paddle
import pytest

from mnist_helpers.errors import UnknownNameError
from mnist_helpers.models.networks import create
from mnist_helpers.training import losses, optimizers
from mnist_helpers.training.options import (
    LossName,
    ModelName,
    OptimizerName,
    ScheduleName,
    TrainOptions,
    above_zero,
    known_names,
    whole,
)


def test_what_is_not_given_has_a_default():
    options = TrainOptions("mlp")
    assert (options.loss, options.optimizer, options.schedule) == (
        "cross-entropy",
        "adam",
        "constant",
    )
    assert (options.epochs, options.batch_size, options.seed) == (1, 100, 0)
    assert options.learning_rate is options.save_every is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs: expected a whole number from 1, not 0"),
        ({"seed": 2**32}, "seed: expected a whole number from 0 to 4,294,967,295, not 4294967296"),
        ({"batch_size": 2.5}, "batch_size: expected a whole number from 1, not 2.5"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number above 0, not nan"),
        ({"save_every": -1}, "save_every: expected a whole number from 1, not -1"),
    ],
    ids=str,
)
def test_a_number_out_of_range_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        TrainOptions("mlp", **wrong)


@pytest.mark.parametrize("option", ["model", "loss", "optimizer", "schedule"])
def test_a_name_that_is_not_known_is_named(option):
    with pytest.raises(UnknownNameError, match=f"'nobody'; known: {known_names(option)[0]}"):
        TrainOptions(**{"model": "mlp", option: "nobody"})


def test_the_names_are_those_that_can_be_made():
    for name in get_args(ModelName):
        assert create(name)(paddle.zeros([1, 1, 28, 28])).shape == [1, 10]
    assert set(get_args(LossName)) == set(losses.OUTPUTS)
    assert set(get_args(OptimizerName)) == set(optimizers.OPTIMIZERS)
    assert set(get_args(ScheduleName)) == set(optimizers.SCHEDULES)


def test_text_and_numbers_are_read_the_same():
    assert whole(0)("7") == whole(0)(7) == 7
    assert above_zero("1e-3") == above_zero(1e-3) == 0.001
    for wrong in ("", "1.0", "-1", "seven", None):
        with pytest.raises(ValueError, match="expected a whole number"):
            whole(0)(wrong)
    for wrong in ("", "0", "-1", "inf", "much", None):
        with pytest.raises(ValueError, match="expected a number above 0"):
            above_zero(wrong)
