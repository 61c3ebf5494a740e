"""The figures of the page about speed: how many seconds each recipe needs."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from mnist_helpers.notebook import plots
from mnist_helpers.system.files import replacing

STEPS, TRAININGS = "50,000 digits, s", "training, s"
FIGURES = {STEPS: "steps.svg", TRAININGS: "trainings.svg"}
GROUPS = ("the course's network", "the fast recipe", "the far recipe")
COURSE, LIMIT = "the course's recipe", "limit"
OURS, PYTORCH, PADDLE = "#0072B2", "#D55E00", "#555555"  # whose library it is


def draw(header, rows, folder: Path) -> None:
    """A mark for each row: its seconds, and how many times as fast as the first it is.

    Steps are bars. Trainings reach from seconds to minutes, so their axis is logarithmic; a bar has
    no length there, and they are dots. The rows stand by network, below its name, and in each by
    their seconds.
    """
    seconds = next(name for name in FIGURES if name in header)
    place, times = header.index(seconds), header.index("times as fast")
    marks: list[tuple[str, float, str]] = []  # name, seconds, times; a heading has no seconds
    for group, found in _grouped(rows).items():
        if group:
            marks.append((group, 0.0, ""))
        found.sort(key=lambda row: -float(row[place].split()[0]))
        marks += [(row[0], float(row[place].split()[0]), row[times]) for row in found]
    with plots.style(), plt.rc_context({"svg.hashsalt": "bench"}):
        fig, ax = plt.subplots(figsize=(plots.WIDTH, 0.72 * len(marks) + 0.8))
        (_bars if seconds == STEPS else _dots)(ax, marks)
        low = ax.get_xlim()[0]
        for i, (name, value, ratio) in enumerate(marks):
            heading = not ratio
            ax.annotate(
                name.replace("`", ""), (low, i + 0.1 if heading else i - 0.3), (2, 0),
                textcoords="offset points", fontsize=12 if heading else 11,
                weight="bold" if heading else "normal",
            )  # fmt: skip
            if not heading:
                away = (4 if seconds == STEPS else 8, 0)
                ax.annotate(
                    f"{value:.1f} s · {ratio} ×", (value, i), away, textcoords="offset points",
                    va="center", fontsize=11,
                )  # fmt: skip
        ax.set(yticks=[], xlabel="seconds")
        ax.set_ylim(len(marks) - 0.5, -0.7)
        ax.grid(axis="y", visible=False)
    plt.close(fig)
    folder.mkdir(exist_ok=True)
    with replacing(folder / FIGURES[seconds]) as file:
        fig.savefig(file, format="svg", metadata={"Date": None})


def _grouped(rows) -> dict[str, list]:
    """The rows by network; what belongs to none of them comes last, without a name."""
    groups: dict[str, list] = {name: [] for name in (*GROUPS, "")}
    for row in rows:
        name = row[0].replace(COURSE, GROUPS[0])
        groups[next((group for group in GROUPS if group in name), "")].append(row)
    return {name: found for name, found in groups.items() if found}


def _colour(name: str) -> str:
    if "PyTorch" in name:
        return PYTORCH
    return PADDLE if name.startswith((COURSE, LIMIT)) else OURS


def _bars(ax: Axes, marks: list[tuple[str, float, str]]) -> None:
    """PyTorch's are striped; a limit, which nobody has run, is an empty, dashed bar."""
    for i, (name, value, _) in enumerate(marks):
        if name.startswith(LIMIT):
            ax.barh(i, value, 0.4, facecolor="none", edgecolor=_colour(name), linestyle="--")
        elif value:
            hatch = "//" if "PyTorch" in name else ""
            ax.barh(i, value, 0.4, color=_colour(name), edgecolor="white", hatch=hatch)
    ax.set_xlim(0, 1.3 * max(value for _, value, _ in marks))


def _dots(ax: Axes, marks: list[tuple[str, float, str]]) -> None:
    """PyTorch's are squares."""
    for i, (name, value, _) in enumerate(marks):
        if value:
            ax.plot(value, i, "s" if "PyTorch" in name else "o", color=_colour(name), ms=9)
    ax.set_xscale("log")
    ax.set_xlim(1, 8 * max(value for _, value, _ in marks))
    ticks = [1, 10, 100, 1000]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
