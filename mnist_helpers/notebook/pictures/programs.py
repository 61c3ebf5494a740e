"""The picture of the page on other programs: the training loop, and what Paddle makes of it."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, ORANGE, PINK, SMALL, WORDS
from mnist_helpers.notebook.draw.drawing import Drawing

FOLD = 180.0  # where the two columns meet
WIDE, HIGH, PITCH, TOP = 164.0, 24.0, 31.0, 44.0  # of a box, and of the rows
# The loop's line, who does it in paddle.Model (code, or words), and its colour
LINES = [
    ("model.train()", "inside fit", False, GREY),
    ("for x, y in loader:", "fit(loader)", True, BLUE),
    ("outputs = model(x)", "Model(model)", True, BLUE),
    ("loss = f(outputs, y)", "prepare(…, f)", True, ORANGE),
    ("loss.backward()", "inside fit", False, ORANGE),
    ("optimizer.step()", "prepare(optimizer)", True, GREEN),
    ("optimizer.clear_grad()", "inside fit", False, GREY),
    ("schedule.step()", "inside fit", False, GREEN),
]


def loop_and_model(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """The loop's lines on the left; on the right, box by box, where ``paddle.Model`` has them.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Two columns of the same boxes, which fold onto each other along the line in the middle.
    """
    drawing = Drawing(
        TOP + (len(LINES) + 1) * PITCH + 4,
        "Two columns of nine boxes, folded onto each other along a line between them. Left the"
        " loop, right paddle.Model. model.train(): inside fit. for x, y in loader: fit(loader)."
        " outputs = model(x): Model(model). loss = f(outputs, y): prepare(…, f)."
        " loss.backward(): inside fit. optimizer.step(): prepare(optimizer)."
        " optimizer.clear_grad(): inside fit. schedule.step(): inside fit. Your own lines:"
        " callbacks.",
        words,
    )
    drawing.words(FOLD - 8 - WIDE / 2, 14, "the loop", bold=True)
    drawing.words(FOLD + 8 + WIDE / 2, 14, "paddle.Model", code=True)
    drawing.line([(FOLD, 30), (FOLD, TOP + (len(LINES) + 1) * PITCH)], colour=GREY, dashed=True)
    drawing.arrow((FOLD - 40, 36), (FOLD + 40, 36), bend=-0.32, colour=GREY)
    rows = [*LINES, ("your own lines", "callbacks", True, PINK)]
    for i, (line, place, is_code, colour) in enumerate(rows):
        y = TOP + i * PITCH
        middle = y + HIGH / 2
        drawing.line([(FOLD - 8, middle), (FOLD + 8, middle)], colour=colour, width=2)
        for x, text, code in (
            (FOLD - 8 - WIDE, line, i < len(LINES)),
            (FOLD + 8, place, is_code),
        ):
            drawing.box(x, y, WIDE, HIGH, colour=colour)
            drawing.words(x + WIDE / 2, middle, text, code=code, size=SMALL if code else WORDS)
    return drawing
