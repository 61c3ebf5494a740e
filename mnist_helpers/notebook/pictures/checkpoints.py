"""Pictures of the chapter on resuming: a run that is cut, and a checkpoint on its way to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, INK, ORANGE
from mnist_helpers.notebook.draw.drawing import Drawing

# --- a run that is cut ---

EPOCH, BAR = 92.0, 28.0  # the width of an epoch, the height of a bar
PIECES = ("parameters", "optimiser", "schedule", "random states", "position")


def cut_run(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A run, and the same one cut in its second epoch and gone on with from files.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Two bars for two processes, five pieces in a file between them, and the question.
    """
    drawing = Drawing(
        262,
        "Above, a run of three epochs that ends with its weights. Below, the same run in two"
        " processes: the first one ends in the middle of epoch 2. Five pieces have been saved:"
        " parameters, optimiser, schedule, random states, position. The second process loads them"
        " and goes on to the end. The question is whether its weights equal those above.",
        words,
    )
    drawing.words(8, 12, "never cut", align="left", bold=True)
    for i in range(3):
        name = drawing.said("epoch {}", i + 1)
        drawing.box(8 + i * EPOCH, 26, EPOCH, BAR, name, colour=BLUE, square=True)
    drawing.words(8, 82, "cut, and resumed", align="left", bold=True)
    middle = 8 + 1.5 * EPOCH
    for i, left in enumerate((8.0, middle + 5)):
        name = drawing.said("process {}", i + 1)
        drawing.box(left, 96, 1.5 * EPOCH - 5, BAR, name, colour=BLUE, square=True)
    drawing.cross(middle, 110)
    for top in (26, 96):
        drawing.box(296, top, 58, BAR, "weights", colour=GREEN)
    drawing.arrow((316, 57), (316, 93), both=True)
    drawing.words(322, 75, "= ?", align="left", bold=True)
    drawing.frame(84, 152, 124, 104, colour=GREEN)
    for i, piece in enumerate(PIECES):
        drawing.words(middle, 168 + 18 * i, piece)
    drawing.arrow((120, 126), (120, 150), colour=GREEN)
    drawing.arrow((172, 150), (172, 126), colour=GREEN)
    drawing.words(112, 138, "save", align="right")
    drawing.words(180, 138, "load", align="left")
    return drawing


# --- where what was written is ---

PLACES = ("the program", "its buffer", "system memory", "the disk")
CALLS = ("write", "flush", "fsync")
# where a bracket is, how many places it spans, and when they are gone
LOST = ((146, 2, "gone after\nkill -9"), (250, 3, "gone when\nthe power\nfails"))
ROOM, APART = 30.0, 56.0  # the height of a box, and from one to the next


def way_to_the_disk(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Where what a program writes waits on its way to the disk, and what is lost from where.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Four boxes with the calls between them, and two brackets.
    """
    drawing = Drawing(
        212,
        "A checkpoint on its way to the disk. Call write brings it from the program into the"
        " program's buffer, flush from there into the system's memory, fsync from there to the"
        " disk. After kill -9 the program and its buffer are gone; when the power fails, what is"
        " in the system's memory as well.",
        words,
    )
    for i, place in enumerate(PLACES):
        colour = BLUE if i < 2 else GREY if i == 2 else GREEN
        drawing.box(8, 6 + i * APART, 124, ROOM, place, colour=colour)
    for i, call in enumerate(CALLS):
        foot = 6 + i * APART + ROOM
        drawing.arrow((50, foot + 2), (50, foot + APART - ROOM - 2))
        drawing.words(60, foot + (APART - ROOM) / 2, call, align="left", code=True)
    for x, boxes, said in LOST:
        low = 6 + (boxes - 1) * APART + ROOM
        drawing.line([(x, 6), (x + 7, 6), (x + 7, low), (x, low)], colour=ORANGE, width=2)
        drawing.words(x + 14, (6 + low) / 2, said, align="left", colour=ORANGE)
    return drawing


# --- a save, in time ---

ENDS = 8.0, 352.0  # of the lanes
IN_PLACE = (("open", 84.0), ("write", 172.0), ("flush", 262.0))
BESIDE = (("open", 62.0), ("write", 112.0), ("flush", 168.0), ("check", 226.0), ("rename", 296.0))


def save_timeline(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Two ways to save, in time: what a reader finds, whenever the program is killed.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Above, over the old file: broken from the opening on. Below, beside it, and renamed.
    """
    drawing = Drawing(
        276,
        "Two ways to save, in time: what is found under the file's name. Written over the old"
        " file: old until it is opened, then broken while it is opened, written and flushed, then"
        " new. Written beside it: a second file grows, is flushed and checked, and all the while"
        " the old one is found; at the moment of renaming, old becomes new. Never is it broken.",
        words,
    )
    drawing.words(8, 12, "over the old file", align="left", bold=True)
    _found(drawing, 28, [("old", GREEN, 84), ("broken", ORANGE, 262), ("new", GREEN, ENDS[1])])
    _steps(drawing, 58, IN_PLACE)
    drawing.words(8, 118, "beside it, then renamed", align="left", bold=True)
    start, written, end = BESIDE[0][1], 140.0, BESIDE[-1][1]
    grows = [(start, 160), (written, 134), (end, 134), (end, 160)]
    drawing.area(grows, colour=BLUE)
    drawing.words(218, 148, "the new one, beside")
    drawing.arrow((end + 6, 147), (326, 147), (326, 170), colour=BLUE)
    _found(drawing, 172, [("old", GREEN, end), ("new", GREEN, ENDS[1])])
    _steps(drawing, 202, BESIDE)
    drawing.arrow((ENDS[0], 250), (ENDS[1], 250))
    drawing.words(ENDS[0], 264, "time", align="left")
    return drawing


def _found(drawing: Drawing, y: float, parts: Sequence[tuple[str, str, float]]) -> None:
    """A lane: what is found under the name, and until when."""
    left = ENDS[0]
    for name, colour, right in parts:
        drawing.box(
            left, y, right - left, BAR, name, colour=colour, square=True, strong=name == "new",
            dashed=name == "broken",
        )  # fmt: skip
        left = right


def _steps(drawing: Drawing, y: float, steps: Sequence[tuple[str, float]]) -> None:
    """What the program does, below its moment."""
    for name, x in steps:
        drawing.line([(x, y), (x, y + 8)], colour=INK, width=1)
        drawing.words(x, y + 20, name)
