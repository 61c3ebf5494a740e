"""The pictures of the chapter on optimisers: steps in a valley, what is kept, schedules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mnist_helpers.notebook.draw.canvas import ENGLISH
from mnist_helpers.notebook.draw.colours import GREEN, GREY, ORANGE, PAPER, WIDTH
from mnist_helpers.notebook.draw.drawing import Drawing
from mnist_helpers.notebook.draw.numbers import number
from mnist_helpers.notebook.draw.plane import Plane, Point

LEFT = 14  # the margin
CONTOUR = "#EFA873"  # orange, but so light that a walk stands out from it

# --- the rate ---

RATES = {"too small": 0.08, "right": 0.7, "too large": 2.2}  # of 1 / curvature; above 2 it diverges
START = -1.7


def rate_too_small_right_too_large(
    curvature: float = 1.0, words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """Three walks down the same valley, from the same start, with three rates.

    Parameters
    ----------
    curvature : float
        c in the valley c w² / 2. The rates are shares of 1 / c, and the walks look the same.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Creeping, arriving, jumping out; the rates below.

    Raises
    ------
    ValueError
        If the curvature is not above 0.
    """
    if curvature <= 0:
        raise ValueError(f"a valley's curvature is above 0, not {curvature}")
    rates = {name: share / curvature for name, share in RATES.items()}
    drawing = Drawing(
        196,
        "Gradient descent in the same valley from the same start: with rate "
        f"{rates['too small']:.2g} it creeps, with {rates['right']:.2g} it arrives in three steps, "
        f"with {rates['too large']:.2g} each step lands higher on the other side, until it is out.",
        words,
    )
    for i, (name, rate) in enumerate(rates.items()):
        plane = Plane(9 + i * 116, 48, 110, 114, (-2.7, 2.7), (0, 2.7**2 / 2))
        drawing.words(plane.left + 55, 16, name, bold=True)
        drawing.words(plane.left + 55, 182, drawing.said("rate {}", f"{rate:.2g}"))
        w = np.linspace(-2.7, 2.7, 61)
        drawing.line(plane.along(w, w**2 / 2), colour=ORANGE, width=2)
        _descent(drawing, plane, START * (1 - rate * curvature) ** np.arange(6))
    return drawing


def _descent(drawing: Drawing, plane: Plane, places: np.ndarray) -> None:
    """Dots on the curve w² / 2; leaps, where they are long enough, as far as the plane goes."""
    stops = plane.along(places, places**2 / 2)
    inside = [stop for stop, w in zip(stops, places, strict=True) if abs(w) < plane.x[1]]
    for start, end in zip(inside, stops[1:], strict=False):
        if end not in inside:  # it goes on, out of the picture
            end = (start[0] + 0.6 * (end[0] - start[0]), start[1] + 0.6 * (end[1] - start[1]))
        if math.dist(start, end) > 20:
            bend = -0.25 if end[0] > start[0] else 0.25  # upwards
            drawing.arrow(start, end, colour=GREEN, bend=bend, gap=4)
    drawing.dots(inside, colour=GREEN, size=7)


# --- noise ---

STEEP = np.array([1.0, 4.0])  # curvatures along and across
LEVELS = (0.2, 1.4, 3.8, 7.6)
NEAR = 1.0
LAST = 30  # so many steps tell how a walk ends


def _valley(drawing: Drawing, plane: Plane) -> None:
    """A valley from above, with a cross at its lowest point."""
    # half the sum of steep × w² is the level
    sizes = [tuple(np.sqrt(2 * level / STEEP)) for level in LEVELS]
    drawing.ellipses(plane, (0, 0), sizes, colour=CONTOUR)
    drawing.cross(*plane.at(0, 0))


def noise_in_the_valley(
    large: float = 0.2,
    small: float = 0.04,
    noise: float = 2.0,
    steps: int = 85,
    seed: int = 0,
    words: Mapping[str, str] = ENGLISH,
) -> Drawing:
    """The same valley, walked with exact gradients and with noisy ones, each at two rates.

    Parameters
    ----------
    large, small : float
        The rates, below 0.5; from there on the walk diverges.
    noise : float
        The standard deviation of what is added to each gradient.
    steps : int
        Of each walk.
    seed : int
        Of the noise, which is the same at both rates.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Four valleys seen from above, one below the other; above each, how far from the lowest
        point its walk is on average over the last steps.

    Raises
    ------
    ValueError
        If the rates are not in this order, or the large one diverges.
    """
    if not 0 < small < large < 2 / STEEP.max():
        raise ValueError(f"0 < small < large < 0.5, not {small} and {large}")
    walks = {
        (name, rate): _walk(rate, of_each, steps, seed)
        for name, of_each in [("all digits", 0.0), ("batches", noise)]
        for rate in (large, small)
    }
    told = "; ".join(f"{n}, rate {rate:g}: {_course_of(walk)}" for (n, rate), walk in walks.items())
    drawing = Drawing(
        434,
        f"A valley from above, with {steps} steps of gradient descent from the same start, 4 away"
        " from the lowest point: with exact gradients, which all digits give, and with the noisy"
        f" ones of batches. {told[0].upper()}{told[1:]}.",
        words,
    )
    for i, ((name, rate), places) in enumerate(walks.items()):
        plane = Plane(LEFT, 26 + i * 107, WIDTH - 2 * LEFT, 75, (-4.5, 2.4), (-1.1, 1.4))
        how = drawing.said("{}, rate {}", drawing.said(name), f"{rate:g}")
        end = drawing.said("ends {} away", f"{_far_in_the_end(places):.2f}")
        drawing.words(LEFT, plane.top - 12, how, align="left")
        drawing.words(WIDTH - LEFT, plane.top - 12, end, align="right")
        _valley(drawing, plane)
        stops = plane.along(*places.T)
        drawing.line(stops, colour=GREEN, width=1.1)
        near = np.hypot(*places.T) < NEAR  # there dots would be a heap
        steps_on_the_way = int(near.argmax()) + 1 if near.any() else len(stops)
        drawing.dots(stops[:steps_on_the_way], colour=GREEN, size=4.2)
        drawing.dots(stops[:1], colour=PAPER, size=8, edge=GREEN)
    return drawing


def _walk(rate: float, noise: float, steps: int, seed: int) -> np.ndarray:
    """The places that gradient descent visits in the valley [steps + 1, 2]."""
    rng = np.random.default_rng(seed)
    places = [np.array([-4.1, 1.1])]
    for _ in range(steps):
        gradient = STEEP * places[-1] + noise * rng.standard_normal(2)
        places.append(places[-1] - rate * gradient)
    return np.array(places)


def _far_in_the_end(places: np.ndarray) -> float:
    """The mean distance from the lowest point over the last steps."""
    return float(np.hypot(*places[-LAST:].T).mean())


def _course_of(places: np.ndarray) -> str:
    """How a walk went, in words."""
    far = np.hypot(*places.T)
    first = int((far < NEAR).argmax())
    near = f"within {NEAR:g} after {first} steps" if far.min() < NEAR else "never near"
    end = f"{_far_in_the_end(places):.2f} away on average"
    return f"{near}, and over the last {LAST} steps {end}"


# --- a ball with memory ---

RATE, KEEP, AT = 0.15, 0.9, 3  # of momentum; the step that is shown
SCALE = 49.0  # units to 1, along and across: the gradient is at right angles to the lines


def ball_with_memory(words: Mapping[str, str] = ENGLISH) -> Drawing:
    """Momentum at one step of a walk: the gradient, the velocity before, the velocity now.

    Parameters
    ----------
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        A valley from above, the walk so far, and three arrows at the ball.
    """
    drawing = Drawing(
        246,
        "A valley from above. At the ball, the gradient pulls straight down the slope, and nine "
        "tenths of the velocity from before go on as it went. Their sum, the velocity now, is the "
        "next step: it points along the valley.",
        words,
    )
    width, height = WIDTH - 2 * LEFT, drawing.height - 2 * LEFT
    x, y = (-4.6, width / SCALE - 4.6), (1.9 - height / SCALE, 1.9)
    plane = Plane(LEFT, LEFT, width, height, x, y)
    places, velocity = [np.array([-4.1, 1.5])], np.zeros(2)
    for _ in range(AT):
        velocity = KEEP * velocity + STEEP * places[-1]
        places.append(places[-1] - RATE * velocity)
    _valley(drawing, plane)
    stops = plane.along(*np.array(places).T)
    drawing.line(stops, colour=GREEN, width=1.1)
    drawing.dots(stops[:-1], colour=GREEN)
    kept, pull = -RATE * KEEP * velocity, -RATE * STEEP * places[-1]
    ways = (kept, pull, kept + pull)
    _three_arrows(drawing, stops[-1], *(plane.at(*(places[-1] + way)) for way in ways))
    return drawing


def _three_arrows(drawing: Drawing, ball: Point, before: Point, pull: Point, now: Point) -> None:
    """Two arrows that start from the ball, and their sum."""
    for corner in (before, pull):
        drawing.line([corner, now], colour=GREY, width=1.1, dashed=True)
    drawing.arrow(ball, before, colour=GREY, width=2.2)
    drawing.arrow(ball, pull, colour=ORANGE, width=2.2)
    drawing.arrow(ball, now, colour=GREEN, width=3.6)
    drawing.dots([ball], size=13)
    for x, y, words, colour, align in [
        (pull[0] + 6, pull[1] - 12, "−gradient", ORANGE, "right"),
        (before[0] + 8, before[1], "0.9 × old\nvelocity", GREY, "left"),
        (now[0] + 8, now[1] - 4, "velocity\nnow", GREEN, "left"),
    ]:
        bold = colour == GREEN
        drawing.words(x, y, words, colour=colour, align=align, bold=bold, rim=True)


# --- what each optimiser keeps ---

# What it keeps of g and of g² (its name, its formula, what else is to be said), what it does to w
# besides, and what it multiplies with the rate; NOTHING: this lane is empty
NOTHING = ("", "", "")
VELOCITY = ("velocity", "v \\leftarrow 0.9\\,v + g", "")
MEAN = ("running mean", "m \\leftarrow 0.9\\,m + 0.1\\,g", "\\hat m = m\\,/\\,(1 - 0.9^{\\,t})")
SUM = ("sum", "s \\leftarrow s + g^2", "")
RECENT = ("running mean", "s \\leftarrow 0.95\\,s + 0.05\\,g^2", "")
LONG = (
    "running mean", "s \\leftarrow 0.999\\,s + 0.001\\,g^2", "\\hat s = s\\,/\\,(1 - 0.999^{\\,t})"
)  # fmt: skip
DECAY = ("decay", "w \\leftarrow w - \\mathrm{rate} \\cdot 0.01\\,w", "")
CARDS = {
    "SGD": (NOTHING, NOTHING, NOTHING, "g"),
    "Momentum": (VELOCITY, NOTHING, NOTHING, "v"),
    "AdaGrad": (NOTHING, SUM, NOTHING, "g\\,/\\,\\sqrt{s}"),
    "RMSProp": (NOTHING, RECENT, NOTHING, "g\\,/\\,\\sqrt{s}"),
    "Adam": (MEAN, LONG, NOTHING, "\\hat m\\,/\\,\\sqrt{\\hat s}"),
    "AdamW": (MEAN, LONG, DECAY, "(\\hat m\\,/\\,\\sqrt{\\hat s} + 0.01\\,w)"),
}
LANES = (76, 148, 220)  # of g, of g², of w
SLOT, SLOT_END = 64, 238  # where what is kept begins and ends
SOURCE, DIVIDE, TARGET = 30, 262, 330  # the middles of the circles


def optimiser_card(name: str, words: Mapping[str, str] = ENGLISH) -> Drawing:
    """What an optimiser keeps, and how its step comes from the gradient and from that.

    The tiny number that keeps a root from being 0 is left out.

    Parameters
    ----------
    name : str
        SGD, Momentum, AdaGrad, RMSProp, Adam or AdamW.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Lanes for the gradient, its square and the parameter, as far as they are used. "↻" marks
        what is kept from step to step.

    Raises
    ------
    ValueError
        For another name.
    """
    if name not in CARDS:
        raise ValueError(f"no card of {name!r}; there are {', '.join(CARDS)}")
    gradients, squares, decay, step = CARDS[name]
    used = [True, bool(squares[0]), bool(decay[0])]
    lowest = max(y for y, it in zip(LANES, used, strict=True) if it)
    below = 48 if squares[2] and not decay[0] else 34  # room for what is said besides
    drawing = Drawing(lowest + below, _card_says(name), words)
    drawing.words(LEFT, 22, name, align="left", bold=True, size=15)
    formula = f"$w \\leftarrow w - \\mathrm{{rate}} \\cdot {step}$"
    drawing.words(WIDTH - LEFT, 22, formula, align="right", size=14)
    sources = ("$g$", ORANGE), ("$g^2$", ORANGE), ("$w$", GREEN)
    for y, (letter, colour), it in zip(LANES, sources, used, strict=True):
        if it:
            drawing.circle(SOURCE, y, 15, letter, colour=colour)
    for lane, slot in enumerate((gradients, squares, decay)):
        if slot[0]:
            _slot(drawing, lane, slot)
    _to_the_parameter(drawing, bool(gradients[0]), bool(squares[0]), bool(decay[0]))
    return drawing


def _card_says(name: str) -> str:
    gradients, squares, decay, _ = CARDS[name]
    mean = "the velocity" if name == "Momentum" else f"the {gradients[0]} of g"
    square = f"the {squares[0]} of g²"
    kept = [it for it, used in ((mean, gradients[0]), (square, squares[0])) if used]
    return (
        f"{name}: from the gradient g to the parameter w. It keeps "
        f"{' and '.join(kept) or 'nothing'}; the step is the rate times "
        f"{mean if gradients[0] else 'g'}{f', over the root of {square}' if squares[0] else ''}"
        f"{', both corrected for their start at 0' if gradients[2] else ''}"
        f"{'; beside it, w decays' if decay[0] else ''}."
    )


def _slot(drawing: Drawing, lane: int, slot: tuple[str, str, str]) -> None:
    """What is kept, with its formula."""
    what, formula, besides = slot
    middle, y = (SLOT + SLOT_END) / 2, LANES[lane]
    colour = GREEN if lane == 2 else GREY
    drawing.box(SLOT, y - 21, SLOT_END - SLOT, 42, colour=colour)
    drawing.words(middle, y - 9, drawing.said(what) if lane == 2 else f"↻ {drawing.said(what)}")
    drawing.words(middle, y + 9, f"${formula}$")
    if besides:
        drawing.words(middle, y + 34, f"${besides}$", colour=GREY, size=12)
    colour = GREEN if lane == 2 else ORANGE
    drawing.arrow((SOURCE + 16, y), (SLOT - 1, y), colour=colour)


def _to_the_parameter(drawing: Drawing, kept: bool, divided: bool, decays: bool) -> None:
    """From the slots to the parameter: divided by the root, times the rate; and the decay."""
    first, second, third = LANES
    drawing.circle(TARGET, first, 17, "$w$", colour=GREEN)
    start = (SLOT_END if kept else SOURCE + 15, first)
    end = (TARGET - 18, first)
    if divided:
        drawing.circle(DIVIDE, first, 11, "÷", colour=ORANGE)
        drawing.arrow(start, (DIVIDE - 12, first), colour=ORANGE)
        drawing.arrow((SLOT_END, second), (DIVIDE, second), (DIVIDE, first + 12), colour=ORANGE)
        drawing.words(DIVIDE + 12, (first + second) / 2 + 4, "√", colour=ORANGE)
        start = (DIVIDE + 12, first)
    drawing.arrow(start, end, colour=ORANGE)
    drawing.words((DIVIDE + TARGET) / 2 - 3, first - 22, "× rate", colour=ORANGE)
    if decays:
        drawing.arrow((SLOT_END, third), (TARGET, third), (TARGET, first + 18), colour=GREEN)


# --- schedules ---


def schedules(
    rates: Mapping[str, Sequence[float] | np.ndarray], words: Mapping[str, str] = ENGLISH
) -> Drawing:
    """The learning rate over the steps, for each schedule.

    Parameters
    ----------
    rates : mapping
        Name → the rate of each step.
    words : mapping of str to str
        What stands in the place of English words.

    Returns
    -------
    Drawing
        Small figures in two columns, all to the same scale.

    Raises
    ------
    ValueError
        If there are none, or one has fewer than two steps or a rate below 0.
    """
    if not rates or any(len(course) < 2 or min(course) < 0 for course in rates.values()):
        raise ValueError("each schedule needs two steps or more, and no rate below 0")
    told = (f"{name}, {_course(np.asarray(course))}" for name, course in rates.items())
    drawing = Drawing(
        10 + -(-len(rates) // 2) * 122,
        f"The learning rate over the steps of a run, by schedule: {'; '.join(told)}.",
        words,
    )
    highest = max(map(max, rates.values())) or 1
    for i, (name, course) in enumerate(rates.items()):
        left, top = LEFT + i % 2 * 174, 34 + i // 2 * 122
        plane = Plane(left, top, 148, 72, (0, len(course) - 1), (0, highest))
        _schedule(drawing, plane, name, course)
    return drawing


def _schedule(
    drawing: Drawing, plane: Plane, name: str, course: Sequence[float] | np.ndarray
) -> None:
    x, y, right = plane.left, plane.top + plane.height, plane.left + plane.width
    points = plane.along(range(len(course)), course)
    drawing.area([(x, y), *points, (right, y)])
    drawing.line(points, width=2.2)
    drawing.arrow((x, y), (x, plane.top - 16), colour=GREY)
    drawing.arrow((x, y), (right + 10, y), colour=GREY)
    drawing.words(x + 8, plane.top - 14, "rate", colour=GREY, align="left")
    drawing.words(right, plane.top - 14, name, align="right", bold=True)
    drawing.words(right, y + 13, "step", colour=GREY, align="right")


def _course(rates: np.ndarray) -> str:
    """In words and numbers, for the alternative text."""
    first, half, last = (number(rates[i], 5) for i in (0, len(rates) // 2, -1))
    peak = rates.max()
    if np.ptp(rates) < 1e-9 * peak:
        return f"{first} all the time"
    up = f" up to {number(peak, 5)}" if peak > rates[0] else ""
    return f"from {first}{up}, {half} half-way, {last} at the end"
