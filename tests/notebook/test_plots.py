"""The figures of a training run: they draw what they are given, and leave Matplotlib as it was."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from mnist_helpers.evaluation.reliability import Calibration
from mnist_helpers.notebook import plots
from mnist_helpers.training.history import Epoch, History

JUDGED = History(
    losses=[2.0, 1.5, 1.0, 0.9, 0.8, 0.7],
    rates=[0.1] * 6,
    epochs=[Epoch(1.0, 1.5, 0.6, 0.75, 1.25), Epoch(1.0, 0.8, 0.9, 0.875, 1.0)],
)
UNJUDGED = History(
    losses=[2.0, 1.0, 0.5],
    rates=[0.1] * 3,
    epochs=[Epoch(1.0, loss, 1 - loss / 4) for loss in (2.0, 1.0, 0.5)],
)
COUNTS = np.diag(np.arange(90, 100))
COUNTS[4, 9], COUNTS[9, 4], COUNTS[7, 2] = 31, 8, 1
CALIBRATION = Calibration(
    np.array([0.35, 0.5, 0.97]), np.array([0.25, 0.625, 0.99]), np.array([8, 40, 12345])
)
FIGURES = [
    (plots.learning_curves, JUDGED),
    (plots.learning_curves, UNJUDGED),
    (plots.confusion, COUNTS),
    (plots.calibration_curve, CALIBRATION),
]


def data(line):
    return line.get_xdata().tolist(), line.get_ydata().tolist()


@pytest.mark.parametrize(("draw", "given"), FIGURES)
def test_matplotlib_is_left_as_it_was(draw, given):
    mine = plt.figure()
    before = dict(plt.rcParams)
    fig = draw(given)
    assert dict(plt.rcParams) == before
    assert plt.get_fignums() == [mine.number]  # the figure is not shown a second time by pyplot
    assert fig is not mine
    plt.close(mine)
    assert fig.get_figwidth() == plots.WIDTH
    fig.savefig(io.BytesIO(), format="png")  # and it can be drawn: a warning is an error here
    assert plt.get_fignums() == []


def test_learning_curves_are_those_of_the_history():
    loss, accuracy = plots.learning_curves(JUDGED).axes
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert data(loss.lines[0]) == ([3, 6], [1.5, 0.8])  # at the last step of each epoch
    assert data(loss.lines[1]) == ([3, 6], [1.25, 1.0])
    assert [data(line) for line in accuracy.lines] == [
        ([3, 6], [0.6, 0.9]),
        ([3, 6], [0.75, 0.875]),
    ]
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert (loss.get_xlabel(), accuracy.get_xlabel()) == ("", "step")
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]


def test_what_was_validated_looks_alike_in_both_curves_and_not_like_the_training():
    def look(line):
        return to_hex(line.get_color()), line.get_linestyle(), line.get_marker()

    loss, accuracy = plots.learning_curves(JUDGED).axes
    training, validation = map(look, loss.lines)
    assert list(map(look, accuracy.lines)) == [training, validation]
    assert all(a != b for a, b in zip(training, validation, strict=True))


def test_without_validation_there_is_only_training():
    loss, accuracy = plots.learning_curves(UNJUDGED).axes
    assert [data(line) for line in loss.lines] == [([1, 2, 3], [2.0, 1.0, 0.5])]
    assert [data(line) for line in accuracy.lines] == [([1, 2, 3], [0.5, 0.75, 0.875])]
    assert loss.get_legend() is None


def test_a_confusion_matrix_has_all_its_numbers_in_their_places():
    (ax,) = plots.confusion(COUNTS).axes
    written = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    right = {(i, i): str(90 + i) for i in range(10)}
    assert written == {**right, (9, 4): "31", (4, 9): "8", (2, 7): "1"}  # (answer, digit)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("answer", "digit")
    for axis in (ax.xaxis, ax.yaxis):
        assert [label.get_text() for label in axis.get_ticklabels()] == list("0123456789")
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert bold == {"31", "8", "1"}


def test_a_confusion_matrix_shades_the_mistakes_only():
    given = COUNTS.copy()
    (ax,) = plots.confusion(given).axes
    shades = np.asarray(ax.images[0].get_array())
    assert np.array_equal(shades, COUNTS - np.diag(np.diag(COUNTS)))
    low, high = ax.images[0].get_clim()
    assert low == 0
    assert high > 31
    assert np.array_equal(given, COUNTS)


def test_a_confusion_matrix_may_have_no_mistakes_and_come_as_lists():
    (ax,) = plots.confusion(np.eye(10, dtype=int).tolist()).axes
    assert [text.get_text() for text in ax.texts] == ["1"] * 10
    assert not np.asarray(ax.images[0].get_array()).any()


def test_a_calibration_curve_has_its_points_and_their_counts():
    (ax,) = plots.calibration_curve(CALIBRATION).axes
    diagonal, curve = ax.lines
    assert data(diagonal) == ([0, 1], [0, 1])
    assert data(curve) == ([0.35, 0.5, 0.97], [0.25, 0.625, 0.99])
    assert curve.get_marker() == "o"
    assert [(text.xy, text.get_text()) for text in ax.texts] == [
        ((0.35, 0.25), "8"),
        ((0.5, 0.625), "40"),
        ((0.97, 0.99), "12,345"),
    ]
    for low, high in (ax.get_xlim(), ax.get_ylim()):
        assert low <= 0 < 1 < high


def test_a_count_stays_clear_of_the_axis_below():
    (ax,) = plots.calibration_curve(
        Calibration(np.array([0.4, 0.9]), np.array([0.0, 0.9]), np.array([2, 50]))
    ).axes
    low, high = (text.xyann[1] for text in ax.texts)
    assert high < 0 < low


def test_grey_bars_show_what_chance_would_do():
    (ax,) = plots.calibration_curve(CALIBRATION).axes
    (bars,) = ax.collections
    (x, low), (_, high) = bars.get_segments()[1]  # 40 answers, 0.5 sure
    assert x == 0.5
    assert (low, high) == (14 / 40, 26 / 40)  # about the diagonal, not about the point


def test_a_grey_bar_of_two_answers_ends_where_shares_end():
    few = Calibration(np.array([0.45, 0.9]), np.array([0.5, 0.9]), np.array([2, 11]))
    (ax,) = plots.calibration_curve(few).axes
    (bars,) = ax.collections
    (_, low), (_, high) = bars.get_segments()[0]
    assert (low, high) == (0, 1)
    assert bars.get_segments()[1][1][1] == 1
