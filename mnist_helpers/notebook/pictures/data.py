"""The pictures of the chapter on data: files, the splits, the queue, the lock, broadcasting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, INK, ORANGE, PINK, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Point

LEFT, RIGHT = 8, 352  # what is drawn stays between these

# --- the course's file ---

FORK = (246, 254)  # where the left list ends and the right one begins
LEVELS = (28, 104, 180, 256)  # the upper edges of the lists, one in another
OPEN = 48  # a list's height
Cell = tuple[float, str, str]  # width, words, colour; "": no edge


def course_file(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The lists in lists of the course's file.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Four levels, each a part of the one above seen from near, with the indices that lead there.
    """
    drawing = Drawing(
        330,
        "The course's file is a list in a list in a list in a list. The first holds three splits:"
        " train with 50,000 digits, valid and test with 10,000 each. A split holds two lists,"
        " images and labels. An image is a list of 784 numbers; a label is one number.",
        words,
    )
    left, right = FORK
    train, few = "train\n50,000", ("valid\n10,000", "test\n10,000")
    halves = [(left - 28, "50,000\nimages", BLUE), (100, "50,000\nlabels", PINK)]
    pixels = [(39, "0.0"), (39, "0.0"), (14, "…"), (43, "0.99"), (14, "…"), (39, "0.0")]
    drawing.words(180, 14, "mnist.json.gz", code=True, size=SMALL)
    _list(drawing, 0, LEFT, RIGHT, [(222, train, GREY), *[(45, each, GREY) for each in few]])
    _list(drawing, 1, LEFT, RIGHT, halves)
    _list(drawing, 2, LEFT, left, [*[(58, "[ … ]", BLUE)] * 3, (26, "…", "")])
    _list(drawing, 2, right, RIGHT, [(24, "5", PINK), (24, "0", PINK), (18, "…", "")])
    _list(drawing, 3, LEFT, left, [(w, it, "" if it == "…" else BLUE) for w, it in pixels])
    _opened(drawing, 0, (18, 240), (LEFT, RIGHT), "[0]")
    _opened(drawing, 1, (18, left - 10), (LEFT, left), "[0][0]")
    _opened(drawing, 1, (left - 4, RIGHT - 10), (right, RIGHT), "[0][1]")
    _opened(drawing, 2, (18, 76), (LEFT, left), "[0][0][0]")
    _opened(drawing, 2, (264, 288), (285, 321), "[0][1][0]")
    drawing.box(285, LEVELS[3] + 6, 36, OPEN - 12, "5", colour=PINK, square=True, size=SMALL)
    drawing.words((LEFT + left) / 2, 317, "784 numbers")
    drawing.words((right + RIGHT) / 2, 317, "1 number")
    return drawing


def _list(drawing: Drawing, level: int, start: float, end: float, cells: Sequence[Cell]) -> None:
    """A list in brackets."""
    top = LEVELS[level]
    for x, tip in [(start, start + 5), (end, end - 5)]:
        drawing.line([(tip, top), (x, top), (x, top + OPEN), (tip, top + OPEN)], width=2)
    x = start + 10
    for width, words, colour in cells:
        if colour:
            drawing.box(x, top + 6, width, OPEN - 12, words, colour=colour, square=True, size=SMALL)
        else:
            drawing.words(x + width / 2, top + OPEN / 2, words)
        x += width + 6


def _opened(drawing: Drawing, level: int, part: Point, whole: Point, index: str) -> None:
    """What a part of a list is, seen from near, and the index that leads there."""
    top, bottom = LEVELS[level] + OPEN - 6, LEVELS[level + 1]
    bottom += 6 if whole[1] - whole[0] < 50 else 0  # a number has no brackets
    drawing.area([(part[0], top), (part[1], top), (whole[1], bottom), (whole[0], bottom)])
    middle = (sum(part) + sum(whole)) / 4
    drawing.words(middle, LEVELS[level + 1] - 14, index, code=True, size=SMALL)


# --- MNIST's own format ---

LABELS_FILE = (0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4)  # three labels
HEADER = [  # from which byte to which, what they are, what they say, colour
    (0, 4, "magic\nnumber", GREY),
    (4, 8, "how many", GREY),
    (8, 11, "the labels", PINK),
]


def idx_header(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The bytes of a small IDX file: its header, and three labels.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A box for each byte, in groups.
    """
    drawing = Drawing(
        84,
        "A file of three labels has eleven bytes. The first four, 0, 0, 8, 1, are the magic number:"
        " they say that bytes follow, in one row. The next four, 0, 0, 0, 3, say how many there"
        " are. Then come the labels: 5, 0, 4.",
        words,
    )
    for group, (first, last, name, colour) in enumerate(HEADER):
        x = LEFT + CELL * first + 7 * group
        _cells(drawing, x, 8, [LABELS_FILE[first:last]], colour)
        drawing.words(x + CELL * (last - first) / 2, 60, name)
    return drawing


# --- the splits ---

TRIED = {"A": (232, 20), "B": (282, 34), "C": (332, 27)}  # models: column, how well they do
PARTS = [  # name, digits, tiles of 10,000, what for, how often, the arrow's height
    ("train", "50,000", 5, "learn", "often", 42),
    ("valid", "10,000", 1, "choose", "often", 136),
    ("test", "10,000", 1, "judge", "once", 234),
]


def splits(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """What the three splits are for.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Three models that learn, the choice of one, and its only test.
    """
    drawing = Drawing(
        264,
        "Three splits of the digits, and what each is for. From 50,000 training digits the models"
        " A, B and C learn; they see them often. By 10,000 validation digits, seen often too, one"
        " of them is chosen: B, which does best. By 10,000 test digits B alone is judged, once.",
        words,
    )
    for name, digits, tiles, verb, often, y in PARTS:
        drawing.words(LEFT, y - 25, name, align="left", bold=True)
        drawing.words(56, y - 25, digits, align="left")
        for i in range(tiles):
            drawing.box(LEFT + 27 * i, y - 12, 24, 24, colour=BLUE, square=True)
        drawing.arrow((LEFT + 27 * tiles + 3, y), (206, y), colour=BLUE)
        drawing.line_up(y - 11, [(176, verb)])
        drawing.line_up(y + 13, [(176, often)])
    learned, chosen, judged = (part[-1] for part in PARTS)
    for name, (x, score) in TRIED.items():
        best = name == "B"
        drawing.box(x - 20, learned - 18, 40, 36, name, colour=GREEN)
        drawing.arrow((x, learned + 20), (x, chosen - 22), colour=INK if best else GREY)
        drawing.box(x - 9, chosen + 18 - score, 18, score, square=True, strong=best)
        drawing.words(x, chosen + 29, "✓" if best else "✗", colour=INK if best else GREY)
    drawing.line([(212, chosen + 18), (352, chosen + 18)], width=1)
    x = TRIED["B"][0]
    drawing.arrow((x, chosen + 40), (x, judged - 20))
    drawing.box(x - 20, judged - 18, 40, 36, "B", colour=GREEN, strong=True)
    return drawing


# --- loading while training ---

COUNT = 4  # batches
BEGIN, BAR, PITCH = 62, 24, 28  # where time begins; a bar's height; from lane to lane
FIRST, SECOND = 28, 130  # the upper edges of the two halves


def synchronous_and_queue(load: float, train: float, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Loading and training in turns, and at the same time with a queue between them.

    Parameters
    ----------
    load, train : float
        What loading a batch and training on it take, in the same unit.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Bars to scale; the queue has as many lanes as batches wait in it at a time.

    Raises
    ------
    ValueError
        If one of the times is not above 0.
    """
    if min(load, train) <= 0:
        raise ValueError(f"loading and training take some time, not {load} and {train}")
    times, slots = _ahead(load, train)
    end = SECOND + (2 + max(slots)) * PITCH  # below the last lane
    waits = (
        "a finished batch stays in the queue until the model is free"
        if train > load
        else "the model takes a batch as soon as it is loaded"
    )
    drawing = Drawing(
        end + 32,
        "Four batches along a time axis. One after the other: nothing is trained while a batch is"
        " loaded, and nothing is loaded while the model trains. With a queue: loading goes on"
        f" while the model trains, {waits}, and the end comes earlier.",
        words,
    )
    scale = (RIGHT - BEGIN) / (COUNT * (load + train))
    _lanes(drawing, FIRST, "one after the other", ["load", "train"])
    _lanes(drawing, SECOND, "with a queue", ["load", "queue", *[""] * (max(slots) - 1), "train"])
    last = end - PITCH
    for i, (ready, start) in enumerate(times):
        turn = BEGIN + scale * i * (load + train)
        _bar(drawing, turn, FIRST, scale * load, i, BLUE)
        _bar(drawing, turn + scale * load, FIRST + PITCH, scale * train, i, GREEN)
        _bar(drawing, BEGIN + scale * i * load, SECOND, scale * load, i, BLUE)
        lane = SECOND + slots[i] * PITCH
        _bar(drawing, BEGIN + scale * ready, lane, scale * (start - ready), i, "")
        _bar(drawing, BEGIN + scale * start, last, scale * train, i, GREEN)
    _saved(drawing, BEGIN + scale * (times[-1][1] + train), last)
    return drawing


def _ahead(load: float, train: float) -> tuple[list[Point], list[int]]:
    """When each batch is loaded and when it is trained on; which place it has in the queue."""
    times: list[Point] = []
    slots: list[int] = []
    free = 0.0  # when the model is free
    for i in range(COUNT):
        ready = (i + 1) * load
        waiting = [start > ready + load / 1000 for _, start in times]
        taken = {slot for slot, waits in zip(slots, waiting, strict=True) if waits}
        times.append((ready, max(free, ready)))
        slots.append(min(set(range(1, COUNT + 1)) - taken))
        free = times[-1][1] + train
    return times, slots


def _lanes(drawing: Drawing, top: float, title: str, names: Sequence[str]) -> None:
    """A title, the lanes' names, and a light line below each lane."""
    drawing.words(LEFT, top - 14, title, align="left", bold=True)
    for i, name in enumerate(names):
        upper = top + i * PITCH
        foot = upper + BAR
        drawing.area([(BEGIN, foot), (RIGHT, foot), (RIGHT, foot + 1), (BEGIN, foot + 1)])
        drawing.words(LEFT, upper + BAR / 2, name, align="left")


def _bar(drawing: Drawing, x: float, y: float, width: float, batch: int, colour: str) -> None:
    """What happens to a batch for some time; without a colour, it waits."""
    if width > 0.01:
        words = str(batch + 1) if width > 12 else ""
        drawing.box(
            x, y, width, BAR, words, colour=colour or BLUE, edge=INK if colour == GREEN else "",
            strong=colour == GREEN, square=True, dashed=not colour,
        )  # fmt: skip


def _saved(drawing: Drawing, end: float, top: float) -> None:
    """The time axis, and what the queue saves."""
    axis, middle = top + BAR + 16, top + BAR / 2
    turns = FIRST + PITCH + BAR
    drawing.line([(RIGHT, turns), (RIGHT, axis)], colour=GREY, width=1, dashed=True)
    if RIGHT - end > 12:
        drawing.arrow((RIGHT - 1, middle), (end + 2, middle))
    if RIGHT - end > 50:
        drawing.words((end + RIGHT) / 2, middle - 10, "saved")
    drawing.arrow((BEGIN, axis), (RIGHT, axis))
    drawing.words(BEGIN, axis + 10, "time", align="left")


# --- threads and processes ---

TURNS = ([0, 1, 3, 5, 7, 9], [2, 4, 6, 8, 10, 11])  # who has the one lock: loading, training
WAITS = (range(10), range(2, 12))  # from the first to the last turn, each does or waits
TAKES = 2  # turns a batch, of loading as of training


def one_lock_or_two(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Loading and training in two threads that share a lock, and in two processes.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Bars for three batches; where the lock is somebody else's, the bar is empty.
    """
    end = SECOND + 2 * PITCH
    drawing = Drawing(
        end + 32,
        "Three batches along a time axis. Two threads with one lock: loading and training take"
        " turns; while one of them holds the lock, the other waits, and no time is saved. Two"
        " processes with a lock each: the next batch is loaded while the model trains on the one"
        " before, and the end comes earlier.",
        words,
    )
    _lanes(drawing, FIRST, "two threads, one lock", ["load", "train"])
    _lanes(drawing, SECOND, "two processes, a lock each", ["load", "train"])
    turn = (RIGHT - BEGIN) / len(TURNS[0] + TURNS[1])
    for lane, (has, spell, colour) in enumerate(zip(TURNS, WAITS, (BLUE, GREEN), strict=True)):
        for i in spell:
            x, y = BEGIN + turn * i, FIRST + lane * PITCH
            if i in has:
                _bar(drawing, x, y, turn, has.index(i) // TAKES, colour)
            else:
                drawing.box(x, y, turn, BAR, colour=GREY, square=True, dashed=True)
        for batch in range(len(has) // TAKES):
            x = BEGIN + turn * TAKES * (batch + lane)
            _bar(drawing, x, SECOND + lane * PITCH, turn * TAKES, batch, colour)
    _saved(drawing, BEGIN + turn * TAKES * (len(TURNS[0]) // TAKES + 1), end - PITCH)
    return drawing


# --- broadcasting ---

PERFECT = (5, 0, 4, 1)  # the answers of a model without any error
CELL, TABLE = 30, (52, 78)  # a cell's side; the left upper corner of the table


def broadcast_bug(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Labels [4] against answers [4, 1]: a table of 4 × 4 differences instead of four.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Both ways, side by side, for four answers that are all right.
    """
    answers = np.array(PERFECT)
    table = answers[:, None] - answers
    wrong, right = np.mean(table**2), np.mean(np.diag(table) ** 2)
    drawing = Drawing(
        272,
        "Four answers that are all right. On the left labels of shape [4]: each answer is compared"
        " with each label, a table of 4 × 4 differences, of which only the diagonal is meant; the"
        f" loss, the mean of their {table.size} squares, is {wrong:g}. On the right labels of shape"
        f" [4, 1]: {len(answers)} differences, and the loss is {right:g}.",
        words,
    )
    x, y = TABLE
    _code(drawing, 93, 13, "[4, 1] - [4]")
    _column(drawing, x - 8 - CELL, BLUE, "answers")
    drawing.words(x - 8 - CELL / 2, y - 6 - CELL / 2, "−", size=16)
    drawing.words(x + 2 * CELL, y - 15 - CELL, "labels", size=SMALL)
    _cells(drawing, x, y - 6 - CELL, [answers], PINK)
    for (i, j), difference in np.ndenumerate(table):
        if i == j:
            _meant(drawing, x + i * CELL, y + i * CELL, difference)
        else:
            _cells(drawing, x + j * CELL, y + i * CELL, [[difference]], GREY)
    _code(drawing, x + 2 * CELL, y + 4 * CELL + 11, "[4, 4]")
    _loss(drawing, x + 2 * CELL - 42, wrong, table.size, "✗")
    _right_way(drawing, right)
    return drawing


def _right_way(drawing: Drawing, loss: float) -> None:
    """Answers [4, 1] minus labels [4, 1]."""
    y = TABLE[1]
    _code(drawing, 268, 13, "[4, 1] - [4, 1]")
    _column(drawing, 192, BLUE, "answers")
    _column(drawing, 248, PINK, "labels")
    for x, sign in [(235, "−"), (296, "=")]:
        drawing.words(x, y + 2 * CELL, sign, size=16)
    for i in range(len(PERFECT)):
        _meant(drawing, 314, y + i * CELL, 0)
    _code(drawing, 314 + CELL / 2, y + 4 * CELL + 11, "[4, 1]")
    _loss(drawing, 226, loss, len(PERFECT), "✓")


def _code(drawing: Drawing, x: float, y: float, code: str) -> None:
    drawing.words(x, y, code, code=True, size=SMALL)


def _cells(
    drawing: Drawing, x: float, y: float, numbers: Sequence[Any] | np.ndarray, colour: str
) -> None:
    words = [[number(value) for value in row] for row in numbers]
    drawing.cells(x, y, CELL, words, colour=colour, size=13)


def _column(drawing: Drawing, x: float, colour: str, name: str) -> None:
    _cells(drawing, x, TABLE[1], np.array(PERFECT)[:, None], colour)
    drawing.words(x + CELL / 2, TABLE[1] + 4 * CELL + 11, name, size=SMALL)


def _meant(drawing: Drawing, x: float, y: float, difference: float) -> None:
    """A difference that is meant: an answer minus its own label."""
    drawing.box(
        x, y, CELL, CELL, number(difference), colour=ORANGE, edge=INK, strong=True, square=True
    )


def _loss(drawing: Drawing, x: float, loss: float, squares: int, mark: str) -> None:
    drawing.words(x + 42, 229, drawing.said("mean of {} squares", squares), size=SMALL)
    drawing.box(x, 240, 84, 26, drawing.said("loss {}", f"{loss:g}"), colour=ORANGE)
    drawing.words(x + 96, 253, mark)
