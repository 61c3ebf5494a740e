"""The figure of the page about speed: how many seconds each recipe needs."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from mnist_helpers.notebook import plots
from mnist_helpers.system.files import replacing

FIGURES = {"50,000 digits, s": "steps.svg", "training, s": "trainings.svg"}


def draw(header, rows, folder: Path) -> None:
    """A bar for each row: its seconds, and how many times as fast as the first it is."""
    seconds = next(name for name in FIGURES if name in header)
    place, times = header.index(seconds), header.index("times as fast")
    values = [float(row[place].split()[0]) for row in rows]
    with plots.style(), plt.rc_context({"svg.hashsalt": "bench"}):
        fig, ax = plt.subplots(figsize=(plots.WIDTH, 0.72 * len(rows) + 0.8))
        colors = ["#D55E00" if "PyTorch" in row[0] else "#0072B2" for row in rows]
        hatches = ["//" if "PyTorch" in row[0] else "" for row in rows]
        bars = ax.barh(range(len(rows)), values, 0.4, color=colors, edgecolor="white")
        for i, (bar, hatch, row) in enumerate(zip(bars, hatches, rows, strict=True)):
            bar.set_hatch(hatch)
            ax.annotate(
                row[0].replace("`", ""),
                (0, i - 0.3),
                (2, 0),
                textcoords="offset points",
                fontsize=11,
            )
            text = f" {values[i]:.1f} s · {row[times]} ×"
            ax.annotate(text, (values[i], i), va="center", fontsize=11)
        ax.set(yticks=[], xlabel="seconds", xlim=(0, 1.3 * max(values)))
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
    plt.close(fig)
    folder.mkdir(exist_ok=True)
    with replacing(folder / FIGURES[seconds]) as file:
        fig.savefig(file, format="svg", metadata={"Date": None})
