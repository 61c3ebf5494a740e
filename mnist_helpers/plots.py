"""The book's figures: one style, legible on a telephone and without colour."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

WIDTH = 5.6  # inches; with the sizes below, 13-point letters are 9 pixels high on a telephone

STYLE = {
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
    # colours that colour-blind readers can tell apart (Okabe and Ito), each with its own dashes
    "axes.prop_cycle": cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"])
    + cycler(linestyle=["-", "--", "-.", ":", (0, (1, 3))]),
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Inside a ``with``, Matplotlib draws in the book's style.

    Not ``plt.rc_context``: that puts *all* settings back, the "interactive" one too, which a
    notebook switches on with its first figure; later figures would then not show.
    """
    before = {name: plt.rcParams[name] for name in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


def show_digits(images: np.ndarray, titles: Sequence | None = None, *, columns: int = 8) -> Figure:
    """A grid of digits, dark ink on white paper, each with its title above.

    `images` is [n, 28, 28] or [n, 1, 28, 28], bytes or floats in [0, 1]. Returns the figure: as
    the last line of a cell, it shows.
    """
    images = np.asarray(images)
    images = images.reshape(-1, *images.shape[-2:])
    full = 255 if images.dtype == np.uint8 else 1
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    side = min(WIDTH / columns, 1.4)
    with style():
        height = side * rows * (1.0 if titles is None else 1.4)
        fig, axes = plt.subplots(rows, columns, figsize=(side * columns, height), squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=full)
            if titles is not None:
                ax.set_title(str(titles[i]), fontsize=13, pad=3)
    return _finished(fig)


def loss_curves(curves: Mapping[str, Sequence[float]], *, window: int = 100, log=False) -> Figure:
    """The loss of each step, one line a name: the mean over `window` steps, the noise left out."""
    with style():
        fig, ax = plt.subplots()
        for name, losses in curves.items():
            losses = np.asarray(losses, np.float64)
            width = max(1, min(window, len(losses)))
            smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
            ax.plot(np.arange(len(smooth)) + width, smooth, label=name)
        ax.set_xlabel("step")
        ax.set_ylabel("loss")
        if log:
            ax.set_yscale("log")
        if len(curves) > 1:
            ax.legend()
    return _finished(fig)


def _finished(fig: Figure) -> Figure:
    """Take the figure from pyplot's list, so that a notebook shows it once, where it returns."""
    plt.close(fig)
    return fig
