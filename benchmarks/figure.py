"""The figures of the page about speed: how many seconds each recipe needs, and each answer."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.words import numbers_in
from mnist_helpers.notebook import plots
from mnist_helpers.system.files import replacing

STEPS, TRAININGS = "50,000 digits, s", "training, s"
FIGURES = {STEPS: "steps.svg", TRAININGS: "trainings.svg"}
ANSWERS = "answers.svg"
GROUPS = ("the course's network", "the fast recipe", "the far recipe")
COURSE, LIMIT = "the course's recipe", "limit"
OURS, PYTORCH, PADDLE = "#0072B2", "#D55E00", "#555555"  # whose library it is
ROW = 0.62  # inches of a row: its name, and its bar below
GOAL = 99  # per cent


def draw(header, rows, folder: Path) -> None:
    """A mark for each row: its seconds, and how many times as fast as the first it is.

    Steps are bars, in a panel for each network with an axis of its own. Trainings are dots with
    their range; the course's, which takes minutes, lies beyond their axis, and is an arrow.
    """
    seconds = next(name for name in FIGURES if name in header)
    groups = _grouped([dict(zip(header, row, strict=True)) for row in rows])
    if seconds == TRAININGS:  # the course's is there for comparison: one panel for all
        groups = {"": [row for found in groups.values() for row in found]}
    with plots.style(), plt.rc_context({"svg.hashsalt": "bench"}):
        sizes = [len(found) + 1.5 for found in groups.values()]
        fig, axes = plt.subplots(
            len(groups), 1, squeeze=False, height_ratios=sizes,
            figsize=(plots.WIDTH, ROW * sum(sizes)),
        )  # fmt: skip
        for ax, (group, found) in zip(axes[:, 0], groups.items(), strict=True):
            (_bars if seconds == STEPS else _dots)(ax, found)
            _named(ax, [_label(row["recipe"], group) for row in found])
            ax.set_title(group, loc="left", fontsize=12, weight="bold")
            ax.set_xlabel("seconds")
    _stored(fig, folder / FIGURES[seconds])


def answers(tables, folder: Path) -> None:
    """Of `benchmarks.serving`: how many times as fast as the dynamic model each way is."""
    (_, header, one), _, (_, _, many) = tables
    panels = {
        "one digit": [_times(row, lambda value, base: base / value) for row in one],
        "128 digits at once": [_times(row, lambda value, base: value / base) for row in many],
    }
    with plots.style(), plt.rc_context({"svg.hashsalt": "bench"}):
        fig, axes = plt.subplots(2, 1, figsize=(plots.WIDTH, 2 * ROW * (len(one) + 2)))
        for ax, (title, times) in zip(axes, panels.items(), strict=True):
            ax.axvline(1, color="#999999", lw=1.5)
            for column, (way, mark, color) in enumerate(
                zip(header[2:], "v^o", (PYTORCH, OURS, "#009E73"), strict=True)
            ):
                at = [i for i, row in enumerate(times) if column < len(row)]
                ax.plot(
                    [times[i][column] for i in at], at, mark, ms=9, color=color,
                    label=way.replace("`", ""),
                )  # fmt: skip
            names = [row[0] for row, found in zip(one, times, strict=True) if found]
            ax.set(xlim=(0, 5.5), xlabel="times as fast as the dynamic model (the line)")
            _named(ax, names)
            ax.set_title(title, loc="left", fontsize=12, weight="bold")
        lines, ways = axes[0].get_legend_handles_labels()
        fig.legend(
            lines, ways, loc="outside upper center", ncols=3, fontsize=11,
            columnspacing=1, handletextpad=0.1,
        )  # fmt: skip
    _stored(fig, folder / ANSWERS)


def _times(row, compared) -> list[float]:
    base, *rest = (float(cell.replace(",", "")) for cell in row[1:] if cell)
    return [compared(value, base) for value in rest]


def _stored(fig: Figure, path: Path) -> None:
    plt.close(fig)
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        fig.savefig(file, format="svg", metadata={"Date": None})


def _grouped(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """The rows by network; what belongs to none of them comes last, without a name.

    In a group those stand side by side that have as many threads: Paddle, this book, PyTorch.
    """
    groups: dict[str, list] = {name: [] for name in (*GROUPS, "")}
    for row in rows:
        name = row["recipe"].replace(COURSE, GROUPS[0])
        groups[next((group for group in GROUPS if group in name), "")].append(row)
    for found in groups.values():
        found.sort(key=lambda row: _order(row["recipe"]))
    return {name: found for name, found in groups.items() if found}


def _order(name: str) -> tuple[bool, bool, bool, bool]:
    return name.startswith(LIMIT), "2 threads" in name, "PyTorch" in name, "tuned" in name


def _label(name: str, group: str) -> str:
    """A row's name below that of its group: whose library, and how many threads."""
    threads = "2 threads" if "2 threads" in name else "1 thread"
    if "PyTorch" in name:
        name = name.split(" in ", 1)[1]
        return name if group else f"fast recipe: {name}"
    if name.startswith(LIMIT):
        return f"limit, {threads}"
    if name.startswith(COURSE):
        return name if not group else name.split(", ", 1)[1]
    return f"this book, {threads}" if group else f"fast recipe: this book, {threads}"


def _named(ax: Axes, names: list[str]) -> None:
    """Each name above its mark, where there is room also on a narrow screen."""
    for i, name in enumerate(names):
        ax.annotate(
            name.replace("`", ""), (ax.get_xlim()[0], i - 0.32), (3, 0),
            textcoords="offset points", fontsize=11, va="center",
        )  # fmt: skip
    ax.set(yticks=[])
    ax.set_ylim(len(names) - 0.6, -0.7)
    ax.grid(axis="y", visible=False)


def _colour(name: str) -> str:
    if "PyTorch" in name:
        return PYTORCH
    return PADDLE if name.startswith((COURSE, LIMIT)) else OURS


def _bars(ax: Axes, rows: list[dict[str, str]]) -> None:
    """PyTorch's are striped; a limit, which nobody has run, is an empty, dashed bar."""
    values = [numbers_in(row[STEPS])[0] for row in rows]
    ax.set_xlim(0, 1.3 * max(values))
    for i, (row, value) in enumerate(zip(rows, values, strict=True)):
        name, at = row["recipe"], i + 0.1
        if name.startswith(LIMIT):
            ax.barh(at, value, 0.4, facecolor="none", edgecolor=PADDLE, linestyle="--")
        else:
            hatch = "//" if "PyTorch" in name else ""
            ax.barh(at, value, 0.4, color=_colour(name), edgecolor="white", hatch=hatch)
        _said(ax, value, at, f"{value:.1f} s · {row['times as fast']} ×")


def _dots(ax: Axes, rows: list[dict[str, str]]) -> None:
    """PyTorch's are squares, and the lines reach from the quickest seed to the slowest."""
    found = [numbers_in(row[TRAININGS]) for row in rows]
    end = 1.4 * max((max(seconds) for seconds in found[1:]), default=found[0][0])
    ax.set_xlim(0, end)
    for i, (row, (value, *reach)) in enumerate(zip(rows, found, strict=True)):
        name, at = row["recipe"], i + 0.1
        if value > end:
            missed = numbers_in(row.get("accuracy, %", "100"))[0] < GOAL
            ax.annotate(
                "", (end, at), (0.8 * end, at), arrowprops={"arrowstyle": "->", "color": PADDLE}
            )
            _said(ax, 0, at, f"{value:.1f} s" + f", and not yet at {GOAL} %" * missed)
            continue
        color = _colour(name)
        if reach:
            ax.plot(reach, [at, at], "-", lw=2, color=color)
        ax.plot(value, at, "s" if "PyTorch" in name else "o", color=color, ms=8)
        _said(ax, max([value, *reach]), at, f"{value:.1f} s · {row['times as fast']} ×")


def _said(ax: Axes, x: float, y: float, text: str) -> None:
    away = (9, 0)
    ax.annotate(text, (x, y), away, textcoords="offset points", va="center", fontsize=11)
