"""Pictures of the chapter on resources: how workers share out a training, and how they talk."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, INK, ORANGE, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import trimmed

# --- three ways to share out the work ---

TILE = 10.0  # the side of a digit
DIGITS = 4  # of a batch
WIDE, THICK = 44.0, 20.0  # a layer


def ways_to_share(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Data, tensor and pipeline parallel, side by side, for two workers.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        In each dashed frame, a worker: the digits that it sees, and the layers that it holds.
    """
    drawing = Drawing(
        236,
        "Two workers, in three ways. Data parallel: each has half of a batch's four digits and both"
        " layers; they exchange gradients. Tensor parallel: each sees all four digits and has half"
        " of each layer; they exchange the layers' outputs. Pipeline parallel: worker 0 has the"
        " first layer and hands its outputs on to worker 1, which has the second.",
        words,
    )
    for middle, title, exchanged in [
        (60, "data", "gradients"), (184, "tensor", "outputs"), (304, "pipeline", "outputs"),
    ]:  # fmt: skip
        drawing.words(middle, 14, title, bold=True)
        drawing.words(middle, 222, exchanged, colour=ORANGE if exchanged == "gradients" else BLUE)
    for left, whole in [(4.0, False), (128.0, True)]:
        for worker in range(2):
            x = left + worker * 58
            _worker(drawing, x, 30, 54, 156, worker)
            _digits(drawing, x + 5, 58, range(DIGITS) if whole else (0, 1), start=2 * worker)
            for y in (96, 144):
                _layer(drawing, x + 5, y, half=worker if whole else None)
                if y == 96:
                    drawing.arrow((x + 27, y + THICK + 2), (x + 27, 142))
    drawing.arrow((30, 202), (90, 202), colour=ORANGE, both=True)
    drawing.arrow((154, 202), (214, 202), colour=BLUE, both=True)
    _pipeline(drawing)
    return drawing


def _worker(drawing: Drawing, x: float, y: float, width: float, height: float, name: int) -> None:
    drawing.frame(x, y, width, height, colour=GREY, dashed=True)
    drawing.words(x + 11, y + 13, str(name), bold=True)


def _digits(drawing: Drawing, x: float, y: float, shown: Sequence[int], start: int = 0) -> None:
    """Those digits of a batch that a worker sees, as squares in a row."""
    for i in shown:
        left = x + (i + (0 if len(shown) == DIGITS else start)) * (TILE + 1)
        drawing.box(left, y, TILE, TILE, colour=BLUE, square=True)


def _layer(drawing: Drawing, x: float, y: float, half: int | None = None) -> None:
    """A layer; with `half`, the left (0) or the right (1) half, and the place of the other."""
    if half is None:
        drawing.box(x, y, WIDE, THICK, colour=GREEN, square=True)
        return
    drawing.frame(x, y, WIDE, THICK, colour=GREY, dashed=True, line=0.8)
    drawing.box(x + half * WIDE / 2, y, WIDE / 2, THICK, colour=GREEN, square=True)


def _pipeline(drawing: Drawing) -> None:
    """Two workers below each other; the outputs go from the one to the other."""
    left, width = 270.0, 70.0
    for worker, top in enumerate((30, 126)):
        _worker(drawing, left, top, width, 76 if worker == 0 else 60, worker)
        _layer(drawing, left + (width - WIDE) / 2, top + (48 if worker == 0 else 32))
    _digits(drawing, left + (width - 43) / 2, 58, range(DIGITS))
    drawing.arrow((left + width / 2, 100), (left + width / 2, 156), colour=BLUE)


# --- a server, and a ring ---

RADIUS = 17.0  # of a worker


def server_and_ring(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A parameter server with four trainers, and a ring of four workers.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Arrows where messages go.
    """
    drawing = Drawing(
        208,
        "Left, a parameter server: the box S above is joined to each of four trainers by two"
        " arrows, one up, push, one down, pull. Right, a ring: four workers, each with an arrow to"
        " the next.",
        words,
    )
    drawing.words(88, 14, "parameter server", bold=True)
    drawing.words(278, 14, "ring", bold=True)
    drawing.box(66, 34, 44, 36, "S", colour=GREEN)
    for i, x in enumerate((24, 67, 110, 153)):
        foot, top = (x, 163 - RADIUS), (72 + 11 * i, 72)
        drawing.arrow((foot[0] - 3, foot[1]), (top[0] - 3, top[1]), colour=ORANGE, gap=1)
        drawing.arrow((top[0] + 3, top[1]), (foot[0] + 3, foot[1]), colour=GREEN, gap=1)
        drawing.circle(x, 163, RADIUS, str(i))
    drawing.words(50, 196, "push", colour=ORANGE)
    drawing.words(126, 196, "pull", colour=GREEN)
    places = [(278 + 58 * dx, 106 + 58 * dy) for dx, dy in [(0, -1), (1, 0), (0, 1), (-1, 0)]]
    for i, place in enumerate(places):
        way = trimmed(place, places[(i + 1) % 4], RADIUS + 2, RADIUS + 2)
        drawing.arrow(*way, colour=ORANGE)
        drawing.circle(*place, RADIUS, str(i))
    return drawing


# --- the ring, step by step ---

RING = 3  # workers, and pieces
CELL, STEP, TOP = 29.0, 48.0, 34.0
STARTS = (66.0, 165.0, 264.0)  # of each worker's pieces


def ring_steps(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """All-reduce in a ring of three workers, step by step.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A row for each step: the three pieces of each worker; arrows show what is passed on.
    """
    states, moves = _ring()
    drawing = Drawing(
        TOP + 4 * STEP + CELL + 8,
        "Three workers with three pieces each: 1, 2, 3; 10, 20, 30; 100, 200, 300. In each step"
        " every worker passes one piece on to the next, the last one to worker 0. In steps 1 and 2"
        " what arrives is added; then each worker has one complete piece, 222, 333 or 111. In steps"
        " 3 and 4 the complete pieces are passed on, until all have 111, 222, 333.",
        words,
    )
    for worker, left in enumerate(STARTS):
        drawing.words(left + 1.5 * CELL, 14, drawing.said("worker {}", worker))
    for i, state in enumerate(states):
        y = TOP + i * STEP
        name = drawing.said("step {}", i) if i else "start"
        drawing.words(6, y + CELL / 2, name, align="left")
        for worker, pieces in enumerate(state):
            for piece, value in enumerate(pieces):
                drawing.box(
                    STARTS[worker] + piece * CELL, y, CELL, CELL, str(value), colour=ORANGE,
                    square=True, strong=value == sum(one[piece] for one in states[0]), size=SMALL,
                )  # fmt: skip
    for i, moved in enumerate(moves):
        foot = TOP + i * STEP + CELL
        for worker, piece in moved:
            start = STARTS[worker] + (piece + 0.5) * CELL
            end = STARTS[(worker + 1) % RING] + (piece + 0.5) * CELL
            drawing.arrow(
                (start, foot + 1), (end, foot + STEP - CELL - 1), width=1.1, dashed=end < start
            )
    return drawing


def _ring() -> tuple[list[list[list[int]]], list[list[tuple[int, int]]]]:
    """What each worker holds after each step; which (worker, piece) is passed on in it."""
    held = [[10**worker * (piece + 1) for piece in range(RING)] for worker in range(RING)]
    states, moves = [[*map(list, held)]], []
    for step in range(2 * (RING - 1)):
        adds = step < RING - 1
        moved = [(i, (i - step + (0 if adds else RING)) % RING) for i in range(RING)]
        sent = [held[worker][piece] for worker, piece in moved]
        for (worker, piece), value in zip(moved, sent, strict=True):
            after = held[(worker + 1) % RING]
            after[piece] = after[piece] + value if adds else value
        states.append([*map(list, held)])
        moves.append(moved)
    return states, moves


# --- a server and two trainers, in time ---

Spans = Sequence[Sequence[float]]
BEGIN, END = 66.0, 350.0  # of the lanes
SHOWN = 5  # batches of the slow trainer


def server_times(
    in_step: Sequence[Spans], asynchronous: Sequence[Spans], words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """When two trainers of a parameter server were at work, in step and asynchronously.

    Parameters
    ----------
    in_step, asynchronous : sequence of sequences of (float, float)
        For the quick and for the slow trainer: start and end of its work on each batch, in seconds,
        as :func:`mnist_helpers.distributed.parameter_server.train` returns them.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A part from the middle of each run, to the same scale: a bar for each batch.

    Raises
    ------
    ValueError
        If there are not two trainers, or fewer than ten batches of the slow one.
    """
    for run in (in_step, asynchronous):
        if len(run) != 2 or len(run[1]) < 2 * SHOWN:
            raise ValueError(f"two trainers and {2 * SHOWN} batches or more, not {_sizes(run)}")
    long = SHOWN * statistics.median(
        b[0] - a[0] for a, b in zip(in_step[1], in_step[1][1:], strict=False)
    )
    parts = [_part(run, long) for run in (in_step, asynchronous)]
    (step_quick, step_slow), (quick, slow) = [[len(lane) for lane in part] for part in parts]
    drawing = Drawing(
        226,
        f"The same {number(1000 * long, 0)} milliseconds of two runs, a bar for each batch that a"
        f" trainer works on. In step: the quick trainer has {step_quick} short bars and waits after"
        f" each for the slow one, which has {step_slow}. Asynchronous: the quick one has {quick},"
        f" close together, the slow one {slow}.",
        words,
    )
    for top, title, part in zip((40, 128), ("in step", "asynchronous"), parts, strict=True):
        drawing.words(8, top - 15, title, align="left", bold=True)
        for lane, name in enumerate(("quick", "slow")):
            y = top + lane * 30
            drawing.words(8, y + 10, name, align="left")
            drawing.line([(BEGIN, y + 20), (END, y + 20)], colour="#CCCCCC", width=0.8)
            for start, end in part[lane]:
                x = BEGIN + (END - BEGIN) * start
                drawing.box(x, y, (END - BEGIN) * (end - start), 20, colour=BLUE, square=True)
    drawing.arrow((BEGIN, 200), (END, 200))
    drawing.words(BEGIN, 213, "time", align="left")
    drawing.words(END, 213, drawing.said("{} ms", number(1000 * long, 0)), align="right")
    return drawing


def _sizes(run: Sequence[Spans]) -> str:
    return " and ".join(str(len(spans)) for spans in run) or "none"


def _part(run: Sequence[Spans], long: float) -> list[list[tuple[float, float]]]:
    """What lies in `long` seconds from the middle of a run, as parts of them, for each trainer."""
    slow = run[1]
    begin = slow[len(slow) // 2][0] - 0.02 * long
    lanes = []
    for spans in run:
        clipped = np.clip([[s, e] for s, e in spans], begin, begin + long)
        inside = clipped[clipped[:, 1] > clipped[:, 0]]
        lanes.append([((s - begin) / long, (e - begin) / long) for s, e in inside])
    return lanes


# --- one server, two trainers, no waiting ---

LANES = (50.0, 180.0, 310.0)  # quick trainer, server, slow trainer
AGES = (0, 0, 2, 1)  # of the gradients that are drawn, in the order in which they arrive


def pushes_and_pulls(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """How an asynchronous parameter server answers a quick and a slow trainer, from top to bottom.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A bar for each batch that a trainer works on, a box for each step of the server.
    """
    drawing = Drawing(
        316,
        "Time goes down. In the middle the server, left the quick trainer, right the slow one. The"
        " quick one pushes a gradient; the server takes step 1 and sends parameters back; so again,"
        " step 2. The slow one, which has worked on one batch all the time, pushes a gradient of"
        " the first parameters: the server takes step 3 with it, and it is 2 steps old. The quick"
        " one's third gradient comes just after: step 4 is taken with it, and it is 1 step old.",
        words,
    )
    for x, name in zip(LANES, ("quick", "server", "slow"), strict=True):
        drawing.words(x, 14, name, bold=True)
        if name != "server":
            drawing.line([(x, 26), (x, 312)], colour="#CCCCCC", width=0.8)
    quick, server, slow = LANES
    for lane, start, end in [
        (quick, 34, 62),
        (quick, 116, 144),
        (quick, 198, 226),
        (slow, 34, 186),
    ]:
        drawing.box(lane - 14, start, 28, end - start, colour=BLUE, square=True)
    above = 26
    for i, (lane, sent, top) in enumerate(
        [(quick, 62, 74), (quick, 144, 156), (slow, 186, 204), (quick, 226, 254)]
    ):
        drawing.line([(server, above), (server, top - 1)], colour="#CCCCCC", width=0.8)
        above = top + 39
        side = 1 if lane == slow else -1
        drawing.arrow((lane, sent), (server + 40 * side, top + 8), colour=ORANGE, gap=1)
        drawing.box(server - 40, top, 80, 38, colour=GREEN)
        drawing.words(server, top + 11, drawing.said("step {}", i + 1))
        said = drawing.said("{} steps old", AGES[i]) if AGES[i] != 1 else "1 step old"
        drawing.words(server, top + 27, said)
        foot = top + (36 if i < 2 else 48)
        drawing.arrow((server + 40 * side, top + 28), (lane, foot), colour=GREEN, gap=1)
    drawing.line([(server, above), (server, 312)], colour="#CCCCCC", width=0.8)
    drawing.words(106, 56, "push", colour=ORANGE)
    drawing.words(106, 122, "pull", colour=GREEN)
    return drawing


# --- two machines ---


def two_hosts(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Two machines, a launcher and a worker on each, and where they meet.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The launchers meet at a port of the first machine; the workers exchange gradients.
    """
    drawing = Drawing(
        234,
        "Two machines side by side, 192.0.2.1 and 192.0.2.2. On each a launcher starts a worker."
        " Both launchers go to port 8090 of the first machine, the master, where they learn of each"
        " other; then they listen to each other. The workers exchange gradients.",
        words,
    )
    for machine, left in enumerate((4.0, 220.0)):
        drawing.frame(left, 30, 136, 198, colour=GREY, dashed=True)
        drawing.words(left + 68, 14, drawing.said("machine {}", machine), bold=True)
        drawing.words(left + 68, 46, f"192.0.2.{machine + 1}", code=True, size=SMALL)
        drawing.box(left + 25, 114, 86, 30, "launcher", colour=GREY)
        drawing.box(left + 25, 184, 86, 30, drawing.said("worker {}", machine), colour=GREEN)
        drawing.arrow((left + 68, 146), (left + 68, 182))
        drawing.words(left + 74, 164, "starts", align="left")
    drawing.box(17, 62, 110, 30, "port 8090", colour=BLUE, edge=INK)
    drawing.arrow((72, 112), (72, 94), colour=BLUE)
    drawing.arrow((288, 112), (288, 77), (129, 77), colour=BLUE)
    drawing.words(180, 66, "meet", colour=BLUE)
    drawing.arrow((117, 129), (243, 129), dashed=True, both=True)
    drawing.words(180, 118, "listen")
    drawing.arrow((117, 199), (243, 199), colour=ORANGE, both=True)
    drawing.words(180, 188, "gradients", colour=ORANGE)
    return drawing


# --- another number of workers ---

BATCH = 6  # digits
SHARES = ((2, False), (1, True), (2, False))  # workers in each step; whether one has been lost


def other_workers(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Three batches of an elastic training: two workers, one, and two again.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A row for each batch: its digits, by number, in frames of the workers that have them.
    """
    drawing = Drawing(
        196,
        "Three batches of six digits each, numbered from 0 to 17. The first is shared out: worker 0"
        " has digits 0 to 2, worker 1 digits 3 to 5. Then worker 1 is lost, and worker 0 alone has"
        " 6 to 11. When it is back, worker 0 has 12 to 14, worker 1 has 15 to 17.",
        words,
    )
    for worker, x in enumerate((105, 253)):
        drawing.words(x, 14, drawing.said("worker {}", worker), bold=True)
    for row, (workers, lost) in enumerate(SHARES):
        y = 30 + row * 56
        drawing.words(6, y + 21, drawing.said("batch {}", row + 1), align="left")
        size = BATCH // workers
        for worker in range(workers):
            left = 66 + 148 * worker
            drawing.frame(left, y, 12 + 22 * size, 42, colour=GREY)
            for i in range(size):
                name = str(row * BATCH + worker * size + i)
                place = left + 6 + 22 * i, y + 9
                drawing.box(*place, 22, 24, name, colour=BLUE, square=True, size=SMALL)
        if lost:
            drawing.words(253, y + 21, "lost", colour=ORANGE)
    return drawing
