"""``{the-way}``: one figure of the scoreboard's rows, and of the far recipe's run, with its words.

The axis is that of the mistakes: each step to the right halves them about, or makes a tenth of
them. On a plain axis all models above 95 % would be one dot.
"""

from __future__ import annotations

import html
import io
import json
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from chapter_cards import chapters, label, place, save
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from editions import _
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import mnist_helpers
from mnist_helpers.notebook import plots
from mnist_helpers.notebook.draw.colours import BLUE
from mnist_helpers.notebook.scoreboard import rows_of

# a training on the training digits alone, judged on those that the chapters are judged on
FAR = Path(mnist_helpers.__file__).parent / "recipes" / "far_runs" / "valid" / "log-0.json"
TICKS = (0, 90, 99)  # per cent
LEFT = 168  # points: from the names' left edge to the axis
DOTS = 240  # an inch: twice what a laptop shows
PAPERS = {  # ink, and what is quieter; the line and the dots of the way
    "light": {"ink": "#222222", "quiet": "#666666", "way": BLUE},
    "dark": {"ink": "#CED6DD", "quiet": "#9CA4AF", "way": "#56B4E9"},
}


@dataclass(frozen=True)
class Step:
    """A model on the way: its name, what it reads right, and whether none before read more."""

    name: str
    accuracy: float
    best: bool

    def said(self) -> str:
        """For those who do not see it: "1 · Quickstart: 21.6 %."."""
        return _("{name}: {accuracy}.", name=self.name, accuracy=percent(self.accuracy))

    def drawable(self) -> bool:
        """Whether the figures' font has the letters of its name."""
        return max(self.name) < "\u0250"


class TheWay(SphinxDirective):
    """The figure, for light and for dark pages; its argument is the far recipe's name.

    What stands in the directive goes below the figure, with numbers for ``{first}`` and ``{last}``;
    the option ``alt`` begins the alternative text, which goes on with all that the figure shows.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012  # docutils wants it so
    has_content = True

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for file in [*chapters(folder), FAR]:
            self.env.note_dependency(str(file))
        steps = steps_of(folder, self.arguments[0])
        light, dark = (self._image(steps, paper) for paper in PAPERS)
        site = addnodes.only("", dark, expr="html")  # a PDF has no dark pages
        below = nodes.container(classes=["way-caption"])
        ends = {"first": percent(steps[0].accuracy), "last": percent(steps[-1].accuracy)}
        words = StringList([line.format_map(ends) for line in self.content], self.content.source(0))
        self.state.nested_parse(words, self.content_offset, below)
        return [light, site, below]

    def _image(self, steps: list[Step], paper: str) -> nodes.image:
        if all(step.drawable() for step in steps):
            address = save(self.env.app, drawn(steps, **PAPERS[paper]), f"way-{paper}.png")
        else:
            file, address = place(self.env.app, f"way-{paper}.svg")
            file.write_text(lettered(steps, **PAPERS[paper]), encoding="utf-8")
        alt = " ".join([self.options.get("alt", ""), *(step.said() for step in steps)])
        return nodes.image(uri=address, alt=alt.strip(), classes=["way", f"only-{paper}"])


def steps_of(folder: Path, far_name: str) -> list[Step]:
    """A step for each row of the chapters' notebooks; the last is the far recipe's."""
    found = [(label(path), row.accuracy) for path in chapters(folder) for row in rows_of(path)]
    far = json.loads(FAR.read_text(encoding="utf-8"))
    found.append((far_name, far["accuracy"]))
    best = np.maximum.accumulate([accuracy for _, accuracy in found])
    return [Step(name, accuracy, accuracy >= most)
            for (name, accuracy), most in zip(found, best, strict=True)]  # fmt: skip


def percent(accuracy: float) -> str:
    return f"{accuracy:.1%}".replace("%", " %")


def drawn(steps: list[Step], *, ink: str, quiet: str, way: str) -> Image.Image:
    """The figure: names, dots, numbers, each in a column. The page shows through its paper."""
    file = io.BytesIO()
    with plots.style():
        fig = figure(steps, [step.name for step in steps], ink=ink, quiet=quiet, way=way)
        fig.savefig(file, dpi=DOTS, format="png")
    return Image.open(file)


def lettered(steps: list[Step], *, ink: str, quiet: str, way: str) -> str:
    """The same as SVG, whose names are text: the browser has fonts with their letters."""
    file = io.StringIO()
    with plots.style(), mpl.rc_context({"svg.hashsalt": "the way"}):  # the same file every time
        fig = figure(steps, [" "] * len(steps), ink=ink, quiet=quiet, way=way)
        fig.savefig(file, format="svg", metadata={"Date": None})
        (ax,) = fig.axes
        size = ax.get_yticklabels()[0].get_size()
        rows = [ax.transData.transform((0, -n)) / fig.dpi * 72 for n in range(len(steps))]
    height = fig.get_figheight() * 72
    words = [f'<text x="{x - LEFT:.2f}" y="{height - y:.2f}" fill="{ink if step.best else quiet}">'
             f"{html.escape(step.name)}</text>"
             for (x, y), step in zip(rows, steps, strict=True)]  # fmt: skip
    style = f'font-family="sans-serif" font-size="{size:g}" dominant-baseline="central"'
    names = f"<g {style}>{''.join(words)}</g>"
    return file.getvalue().replace("</svg>", f"{names}</svg>")


def figure(steps: list[Step], names: list[str], *, ink: str, quiet: str, way: str) -> Figure:
    """The figure, with these words in the place of the names."""
    fig = Figure(figsize=(plots.WIDTH, 0.33 * len(steps) + 0.5))
    ax = fig.subplots()
    for paper in fig.patch, ax.patch:
        paper.set_alpha(0)
    best = [(stretched(step.accuracy), -n) for n, step in enumerate(steps) if step.best]
    ax.plot(*zip(*best, strict=True), color=way, linestyle="-", zorder=2)
    _dress(ax, names, ink)
    for n, step in enumerate(steps):
        words = ink if step.best else quiet
        edge, inside = (way, way) if step.best else (quiet, "none")
        x = stretched(step.accuracy)
        ax.plot(x, -n, "o", color=edge, markerfacecolor=inside, markersize=8)
        ax.text(1.02, -n, percent(step.accuracy), transform=ax.get_yaxis_transform(),
                va="center_baseline", color=words)  # fmt: skip
        ax.get_yticklabels()[n].set(color=words, ha="left")
    return fig


def stretched(accuracy: float) -> float:
    """The place on the axis: as far again for each tenth that the mistakes become."""
    return float(-np.log10(1 - accuracy))


def _dress(ax: Axes, names: list[str], ink: str) -> None:
    """The axes: names on the left, accuracies where they lie, and nothing that is not needed."""
    ax.set_xlim(0, stretched(0.998))
    ax.set_ylim(0.6 - len(names), 0.6)
    ax.set_xticks([stretched(tick / 100) for tick in TICKS], [f"{tick} %" for tick in TICKS])
    ax.set_yticks([-n for n in range(len(names))], names)
    ax.grid(True, axis="x", color=ink, alpha=0.25)
    ax.grid(False, axis="y")
    ax.tick_params(colors=ink, length=0)
    ax.tick_params(axis="y", pad=LEFT)
    ax.spines[:].set_visible(False)


def setup(app: Sphinx) -> dict:
    app.add_directive("the-way", TheWay)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
