"""Pictures of the chapter on deployment: two kinds of graph, roads out of Python, a service."""

from __future__ import annotations

from collections.abc import Mapping

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import BLUE, GREEN, GREY, ORANGE, SMALL
from mnist_helpers.notebook.draw.drawing import Drawing

# --- dynamic and static ---

LINES = ("y = 2 * x", "y = y + 1", "return y")  # of a function
OPERATIONS = ("×", "+")  # that they call


def dynamic_and_static(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """What happens at each call of a function: with a dynamic graph, and with a static one.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Left Python's lines call operations; right they have been recorded once.
    """
    drawing = Drawing(
        254,
        "Two ways to call the same three lines of Python. Dynamic: at each call, Python goes"
        " through the lines, and each line calls one operation. Static: Python goes through them"
        " once, at the first call, and the operations are recorded; each call after that runs the"
        " record, from input to output, without Python.",
        words,
    )
    drawing.words(84, 14, "dynamic", bold=True)
    drawing.words(270, 14, "static", bold=True)
    drawing.words(84, 34, "each call")
    _python(drawing, 6, 50, 88)
    for y, operation in zip((69, 103), OPERATIONS, strict=True):
        drawing.circle(142, y, 14, operation, colour=BLUE)
        drawing.arrow((92, y), (126, y), colour=BLUE, both=True)
    drawing.words(270, 34, "the first call")
    _python(drawing, 186, 50, 88)
    drawing.arrow((276, 86), (310, 86), (336, 86), (336, 170), colour=GREY, dashed=True)
    drawing.words(329, 112, "records", align="right")
    drawing.words(270, 232, "each call after that")
    drawing.frame(180, 172, 174, 46, colour=GREY, dashed=True)
    drawing.words(192, 195, "$x$")
    drawing.words(344, 195, "$y$")
    for x, operation in zip((240, 296), OPERATIONS, strict=True):
        drawing.circle(x, 195, 14, operation, colour=BLUE)
    for start, end in [(202, 224), (256, 280), (312, 334)]:
        drawing.arrow((start, 195), (end, 195), colour=BLUE)
    return drawing


def _python(drawing: Drawing, x: float, y: float, width: float) -> None:
    """A function's lines, in a box."""
    drawing.box(x, y, width, 106, colour=GREY)
    for i, line in enumerate(LINES):
        drawing.words(x + 7, y + 19 + 34 * i, line, align="left", code=True, size=SMALL)


# --- four roads to an answer ---


def four_roads(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """From a trained model to an answer: in Python, or in one of three ways from its files.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        The model and its files above, the four roads below.
    """
    drawing = Drawing(
        272,
        "From a trained model four roads lead to an answer. 1: the model itself, dynamic, needs its"
        " class in Python. jit.save writes model.json and model.pdiparams. 2: jit.load reads them"
        " into Python, where the model can be trained further. 3: paddle.inference, an engine for"
        " Python and C++, reads the same files. 4: paddle2onnx converts them into model.onnx, which"
        " onnxruntime runs without Paddle.",
        words,
    )
    drawing.box(6, 8, 92, 42, "model\nin Python", colour=GREEN)
    drawing.box(196, 8, 158, 42, colour=BLUE)
    drawing.words(275, 21, "model.json", code=True, size=SMALL)
    drawing.words(275, 37, "model.pdiparams", code=True, size=SMALL)
    drawing.arrow((100, 29), (194, 29))
    drawing.words(147, 18, "jit.save", code=True, size=SMALL)
    drawing.arrow((46, 52), (46, 146), colour=GREEN)
    drawing.arrow((208, 52), (208, 72), (141, 72), (141, 146), colour=BLUE)
    drawing.arrow((217, 52), (217, 146), colour=BLUE)
    drawing.arrow((314, 52), (314, 102), colour=ORANGE)
    drawing.words(306, 88, "paddle2onnx", align="right", code=True, size=SMALL)
    drawing.box(276, 104, 80, 26, colour=ORANGE)
    drawing.words(316, 117, "model.onnx", code=True, size=SMALL)
    drawing.arrow((316, 132), (316, 146), colour=ORANGE)
    columns = [
        (46, "1", "dynamic", "Python,\nits class"),
        (141, "2", "jit.load", "Python,\ncan be\ntrained"),
        (230, "3", "inference", "Python,\nC++, Go"),
        (316, "4", "onnxruntime", "without\nPaddle"),
    ]
    for x, number, name, where in columns:
        half = 44 if number == "4" else 40
        edge = {"1": GREEN, "4": ORANGE}.get(number, BLUE)
        drawing.box(x - half, 148, 2 * half - 2, 44, f"{number}\n", colour=edge)
        drawing.words(x - 1, 179, name, code=number != "1", size=SMALL)
        drawing.words(x - 1, 226, where)
    return drawing


# --- a request's way through the service ---

STEPS = (  # what is asked at each; the status if it fails, and what it then says
    ("how long?", "411", "not said"),
    ("short enough?", "413", "too long"),
    ("anything at all?", "400", "empty"),
    ("load_image", "400", "no picture"),
)


def request_way(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """A request's way through the service, with the places where it is turned away.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Downwards the way of a good request; to the right, the answers to the others.
    """
    turned = "; ".join(f"{step}, or else {status}, {why}" for step, status, why in STEPS)
    drawing = Drawing(
        350,
        "A request's way through the service, downwards. It comes to a thread of its own, which"
        f" does all that follows. It asks: {turned}. With pictures that pass, it waits for the"
        " lock, as the threads of other requests do; one at a time uses the predictor. The answer"
        " is 200, with digit and probability.",
        words,
    )
    drawing.box(30, 6, 150, 28, "request", colour=BLUE)
    drawing.frame(8, 46, 344, 292, colour=GREY, dashed=True)
    drawing.words(344, 60, "a thread for each", align="right", colour=GREY)
    tops = [76.0 + 38 * i for i in range(len(STEPS))]
    for top, (step, status, why) in zip(tops, STEPS, strict=True):
        code = step == "load_image"
        drawing.box(30, top, 150, 28, "" if code else step, colour=GREY)
        if code:
            drawing.words(105, top + 14, step, code=True, size=SMALL)
        _answer(drawing, top + 14, status, why, ORANGE)
    ends = [34.0, *(top + 28 for top in tops)]
    for end, top in zip(ends, [*tops, 246.0], strict=True):
        drawing.arrow((105, end + 1), (105, top - 1), colour=BLUE)
    drawing.box(30, 246, 150, 28, "lock: one at a time", colour=GREY, dashed=True)
    drawing.arrow((222, 260), (182, 260), colour=GREY)
    for x in (229, 243, 257):
        drawing.circle(x, 260, 5, colour=GREY)
    drawing.words(270, 260, "others wait", align="left", colour=GREY)
    drawing.arrow((105, 275), (105, 295), colour=BLUE)
    drawing.box(30, 296, 150, 28, "predictor", colour=GREEN)
    _answer(drawing, 310, "200", "the answer", BLUE)
    return drawing


def _answer(drawing: Drawing, y: float, status: str, what: str, colour: str) -> None:
    """To the right of a step: the status that goes back, and what it says."""
    drawing.arrow((182, y), (232, y), colour=colour)
    drawing.words(238, y, status, align="left", colour=colour, bold=True)
    drawing.words(270, y, what, align="left")
