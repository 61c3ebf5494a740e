"""The figures of the page about speed: how many seconds each recipe needs."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from mnist_helpers.notebook import plots
from mnist_helpers.system.files import replacing

STEPS, TRAININGS = "50,000 digits, s", "training, s"
FIGURES = {STEPS: "steps.svg", TRAININGS: "trainings.svg"}


def draw(header, rows, folder: Path) -> None:
    """A mark for each row: its seconds, and how many times as fast as the first it is.

    Steps are bars. Trainings reach from seconds to minutes, so their axis is logarithmic; a bar has
    no length there, and they are dots.
    """
    seconds = next(name for name in FIGURES if name in header)
    place, times = header.index(seconds), header.index("times as fast")
    values = [float(row[place].split()[0]) for row in rows]
    with plots.style(), plt.rc_context({"svg.hashsalt": "bench"}):
        fig, ax = plt.subplots(figsize=(plots.WIDTH, 0.72 * len(rows) + 0.8))
        (_bars if seconds == STEPS else _dots)(ax, values, ["PyTorch" in row[0] for row in rows])
        low = ax.get_xlim()[0]
        for i, row in enumerate(rows):
            name = row[0].replace("`", "")
            ax.annotate(name, (low, i - 0.3), (2, 0), textcoords="offset points", fontsize=11)
            text = f"{values[i]:.1f} s · {row[times]} ×"
            away = (4 if seconds == STEPS else 8, 0)
            ax.annotate(
                text, (values[i], i), away, textcoords="offset points", va="center", fontsize=11
            )
        ax.set(yticks=[], xlabel="seconds")
        ax.set_ylim(len(rows) - 0.5, -0.7)
        ax.grid(axis="y", visible=False)
    plt.close(fig)
    folder.mkdir(exist_ok=True)
    with replacing(folder / FIGURES[seconds]) as file:
        fig.savefig(file, format="svg", metadata={"Date": None})


def _bars(ax: Axes, values: list[float], pytorch: list[bool]) -> None:
    colors = ["#D55E00" if theirs else "#0072B2" for theirs in pytorch]
    bars = ax.barh(range(len(values)), values, 0.4, color=colors, edgecolor="white")
    for bar, theirs in zip(bars, pytorch, strict=True):
        bar.set_hatch("//" if theirs else "")
    ax.set_xlim(0, 1.3 * max(values))


def _dots(ax: Axes, values: list[float], pytorch: list[bool]) -> None:
    """PyTorch's are squares."""
    for i, (value, theirs) in enumerate(zip(values, pytorch, strict=True)):
        ax.plot(value, i, "s" if theirs else "o", color="#D55E00" if theirs else "#0072B2", ms=9)
    ax.set_xscale("log")
    ax.set_xlim(1, 8 * max(values))
    ticks = [1, 10, 100, 1000]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
