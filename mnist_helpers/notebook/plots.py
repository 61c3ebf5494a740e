"""The book's figures: one style, legible on a telephone and without colour."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

from mnist_helpers.notebook.draw.colours import BLUE, GREEN, ORANGE, PINK

if TYPE_CHECKING:
    from mnist_helpers.evaluation import Calibration
    from mnist_helpers.training import History

WIDTH = 5.6  # inches; with the sizes below, 13-point letters are 9 pixels high on a telephone

STYLE: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 2,
    # the colours of the book's pictures, each with its own dashes
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PINK, "#000000"])
    + cycler(linestyle=["-", "--", "-.", ":", (0, (1, 3))]),
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Inside a ``with``, Matplotlib draws in the book's style.

    Not ``plt.rc_context``: that puts *all* settings back, the "interactive" one too, which a
    notebook switches on with its first figure; later figures would then not show.

    Yields
    ------
    None
        The settings of ``STYLE`` are in force. They are put back at the end of the ``with``.
    """
    settings: Any = plt.rcParams  # Matplotlib's types allow only names written out
    before = {name: settings[name] for name in STYLE}
    settings.update(STYLE)
    try:
        yield
    finally:
        settings.update(before)


def show_digits(
    images: np.ndarray,
    titles: Sequence | np.ndarray | None = None,
    *,
    columns: int = 8,
    frame: bool = False,
) -> Figure:
    """A grid of digits, dark ink on white paper, each with its title above.

    Parameters
    ----------
    images : numpy.ndarray
        [n, 28, 28] or [n, 1, 28, 28]: uint8, or floats in [0, 1]. 0 is paper. Other heights and
        widths do as well.
    titles : sequence, optional
        One for each image, written with ``str``.
    columns : int
        Images side by side, at least 1.
    frame : bool
        Whether to draw a line around each image.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. As the last line of a cell, it shows.

    Raises
    ------
    ValueError
        If there are no images, fewer titles than images, or `columns` is below 1.
    """
    images = np.asarray(images)
    if len(images) == 0:
        raise ValueError("no images to show")
    if columns < 1:
        raise ValueError(f"columns must be 1 or more, not {columns}")
    if titles is not None and len(titles) < len(images):
        raise ValueError(f"{len(titles)} titles for {len(images)} images")
    images = images.reshape(-1, *images.shape[-2:])
    full = 255 if images.dtype == np.uint8 else 1
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    side = min(WIDTH / columns, 1.4)
    with style():
        height = side * rows * (1.0 if titles is None else 1.4)
        fig, axes = plt.subplots(rows, columns, figsize=(side * columns, height), squeeze=False)
        for ax in axes.flat[len(images) :] if frame else axes.flat:
            ax.axis("off")
        for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=full)
            if frame:
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set(visible=True, color="0.7")
            if titles is not None:
                ax.set_title(str(titles[i]), fontsize=13, pad=3)
    return _finished(fig)


def loss_curves(
    curves: Mapping[str, Sequence[float]], *, window: int = 100, log: bool = False
) -> Figure:
    """The loss of each step, one line a name: the mean over `window` steps, the noise left out.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        The name of each line, and its losses, one a step. A single line gets no legend.
    window : int
        How many steps a point is the mean of: its own and those before it. A line starts where
        there are as many. If there never are, all its steps make one point.
    log : bool
        Whether the axis of the loss is logarithmic.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If a line has no losses.
    """
    with style():
        fig, ax = plt.subplots()
        for name, losses in curves.items():
            values = np.asarray(losses, np.float64)
            width = max(1, min(window, len(values)))
            smooth = np.convolve(values, np.ones(width) / width, mode="valid")
            ax.plot(np.arange(len(smooth)) + width, smooth, label=name)
        ax.set_xlabel("step")
        ax.set_ylabel(f"loss, mean of {window} steps" if window > 1 else "loss")
        if log:
            ax.set_yscale("log")
        if len(curves) > 1:
            ax.legend()
    return _finished(fig)


def learning_curves(history: History) -> Figure:
    """One run: loss and accuracy against the step, on training and on validation digits.

    The values for training are the means of each epoch, each digit as the model was when it came;
    those for validation are of the epoch's end, and left out where there were no validation digits.

    Parameters
    ----------
    history : mnist_helpers.training.History
        What :func:`mnist_helpers.training.fit` gives, with at least one epoch.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: the loss above, the accuracy below.

    Raises
    ------
    ValueError
        If the history has no epoch.
    """
    epochs = history.epochs
    if not epochs:
        raise ValueError("the history has no epoch that is complete")
    ends = np.arange(1, len(epochs) + 1) * (len(history.losses) / len(epochs))
    judged = epochs[0].accuracy is not None
    with style():
        fig, axes = plt.subplots(2, 1, figsize=(WIDTH, 5.6), sharex=True)
        for ax, what in zip(axes, ("loss", "accuracy"), strict=True):
            ax.plot(
                ends, [getattr(e, f"train_{what}") for e in epochs], marker="o", label="training"
            )
            if judged:
                ax.plot(ends, [getattr(e, what) for e in epochs], marker="s", label="validation")
            ax.set_ylabel(what)
        if judged:
            axes[0].legend()
        axes[-1].set_xlabel("step")
    return _finished(fig)


def confusion(counts: np.ndarray) -> Figure:
    """A confusion matrix: a row for each true digit, a column for each answer.

    All numbers above 0 are there; shaded are the mistakes only, which the many right answers would
    hide.

    Parameters
    ----------
    counts : numpy.ndarray
        int [10, 10], how often each digit (row) got each answer (column).

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    counts = np.asarray(counts)
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    with style():
        fig, ax = plt.subplots(figsize=(WIDTH, WIDTH * 0.92))
        ax.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1, mistakes.max()) * 1.3)
        for row, column in np.ndindex(counts.shape):
            if counts[row, column]:
                weight = "normal" if row == column else "bold"
                ax.text(
                    column, row, counts[row, column], ha="center", va="center",
                    fontsize=9 if row == column else 11, fontweight=weight,
                )  # fmt: skip
        ax.set_xticks(range(len(counts)))
        ax.set_yticks(range(len(counts)))
        ax.set_xlabel("answer")
        ax.set_ylabel("digit")
        ax.grid(False)
    return _finished(fig)


def calibration_curve(calibration: Calibration) -> Figure:
    """A reliability diagram: how often a model is right against how sure it is.

    On the diagonal it is as good as its word.

    The number at a point is how many answers it stands for. The grey bar is where it would lie by
    chance, 95 times in 100 or more, if the model's word were good.

    Parameters
    ----------
    calibration : mnist_helpers.evaluation.Calibration
        What :func:`mnist_helpers.evaluation.calibration` gives: a point for each of its bins.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    sure, right, count = calibration.confidence, calibration.accuracy, calibration.count
    with style():
        fig, ax = plt.subplots(figsize=(WIDTH, 4.4))
        ax.plot([0, 1], [0, 1], color="0.6", linestyle="-", linewidth=1)
        ax.vlines(sure, *calibration.by_chance(), color="0.75", linewidth=7)
        ax.plot(sure, right, "o")
        for x, y, n in zip(sure, right, count, strict=True):
            beside = 8, -14 if y > 0.1 else 6  # clear of the axis, too
            ax.annotate(f"{n:,}", (x, y), beside, textcoords="offset points", fontsize=11)
        ax.set_xlim(0, 1.1)
        ax.set_ylim(0, 1.04)
        ax.set_xlabel("how sure: mean probability of the answers")
        ax.set_ylabel("how often right")
    return _finished(fig)


def _finished(fig: Figure) -> Figure:
    """Take the figure from pyplot's list, so that a notebook shows it once, where it returns."""
    plt.close(fig)
    return fig
