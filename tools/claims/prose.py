"""The numbers in a text cell: in digits and in words, shares, multiples, ranges and sizes.

Which of them are claims, and so must be bound to what a run gave, is decided by the rules that
CONTRIBUTING.md lists under "Numbers in sentences".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

NUMBER = r"[-−+]?\d+(?:[,_]\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?"  # in outputs and code, too


def _numbered(words: str, first: int, by: int = 1) -> dict[str, int]:
    return {word: first + by * n for n, word in enumerate(words.split())}


SMALL = _numbered("one two three four five six seven eight nine ten eleven twelve", 1)
TEENS = _numbered("thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 13)
TENS = _numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, by=10)
CARDINALS = {**SMALL, **TEENS, **TENS}
CARDINALS |= {f"{t}-{o}": TENS[t] + SMALL[o] for t in TENS for o in list(SMALL)[:9]}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
NTHS = _numbered("half third quarter fifth sixth seventh eighth ninth tenth", 2)
NTHS |= {"twentieth": 20, "hundredth": 100, "thousandth": 1000}
MULTIPLES = {"twice": 2, "double": 2, "thrice": 3, "triple": 3, "treble": 3, "halv": 1 / 2}


def _any(words) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_CARDINAL, _SCALE, _NTH = _any(CARDINALS), _any(SCALES), _any(NTHS)
_COMPARING = _any([rf"(?<={word}\s)" for word in ("by", "to", "about", "nearly", "almost", "than")])
# "a third row" is an ordinal; "a third of the rows" and "about a third" are parts
_PART_AFTER = r"""(?=\s+(?:of|as|or|more|less|above|below|larger|smaller|longer|shorter)\b
    |\s*(?:[.;:?!)]|$))"""
_ITS_AFTER = r"(?=\s+(?:as|the|that|what|this|its|it|their|our)\b)"
_ATOM = re.compile(
    rf"""
      (?P<year>(?<![\w.,-])(?:19|20)\d\ds?(?!\w|[.,]\d))
    | (?<![\w./,])(?P<over>\d+)/(?P<under>\d+)(?![\w/])
    | (?<![\w.,/^-])(?P<digits>{NUMBER})(?!\w|[.,]\d)(?:\s+(?P<scale>{_SCALE})\b)?
    | \b(?P<and_half>{_CARDINAL})\s+and\s+a\s+half\b
    | \b(?P<count>last|first|{_any(SMALL)})\s+(?P<nth>{_NTH})s?\b
    | \b{_COMPARING}an?\s+(?P<nth_compared>{_NTH})\b
    | \b(?:an?\s+)?(?P<nth_alone>half|quarters?|(?:twentie|hundred|thousand)ths?)\b(?!-)
    | \b(?:an?|another)\s+(?P<nth_of>{_NTH}){_PART_AFTER}
    | \b(?P<nths>{_NTH})s\b
    | \b(?:(?P<scaled>{_CARDINAL}|an?)\s+)?(?P<scales>{_SCALE}(?:\s+{_SCALE})?)s?\b
    | \b(?P<cardinal>{_CARDINAL})\b
    | \b(?P<single>an?)(?=\s+(?:second|minute|hour)\b)
    | \b(?P<multiple>twice|thrice|(?:double|triple|treble)[sd]?|halv(?:e|es|ed|ing)){_ITS_AFTER}
    | \b{_COMPARING}(?P<multiple_compared>twice|thrice)\b
    | \b(?P<fold>{_CARDINAL})-?fold\b
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Rule 1: what is not prose
_NOT_PROSE = re.compile(
    r"""^(?P<tick>`{3,}).*?^(?P=tick)\s*?$ | ^[ ]{4}.*?$     # blocks of code
      | (?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)           # code font
      | \$\$.+?\$\$ | \$[^$]+\$                              # formulas
      | (?<=\])\([^)\s]*\) | <?https?://[^\s>)]+             # where links lead
      | ^\s*\d+\.(?=\s)                                      # the number of an item
      | \*                                                   # what only makes words bold""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
# Rule 2: which one it is
_NAMED = re.compile(
    r"\b(?:chapters?|exercises?|solutions?|parts?|number|version|paddle|python|numpy|pillow"
    r"|visualdl)\s+$",
    re.IGNORECASE,
)
# Rule 3: what makes a small whole number a claim
_UNIT_OF_ONE = r"""times|%|per\ cent|percent|points?|ms|s|µs|(?:milli|micro)?seconds?|minutes?
    |hours?|epochs?|seeds?"""
_UNIT = rf"{_UNIT_OF_ONE}|degrees?|bytes?|[kMG]B|steps?|batch(?:es)?|digits|pixels?|parameters?"
_BESIDE_UNIT = re.compile(rf"\s*(?:[a-z]+\s+)?(?:{_UNIT})(?!\w)", re.VERBOSE)
_BESIDE_UNIT_OF_ONE = re.compile(rf"\s*(?:{_UNIT_OF_ONE})(?!\w)", re.VERBOSE)
_COMPARED = re.compile(
    r"""\b(?:about|around|roughly|nearly|almost|approximately|(?:more|less|fewer)\s+than|at\s+least
    |at\s+most|up\s+to|close\s+to|near|(?:loss|error|accuracy|rate|mean|average|spread|deviation
    |gain|probability|gradient|variance|factor|root)\s+(?:of|is|was|near|at))\s+$""",
    re.VERBOSE | re.IGNORECASE,
)
_WITHIN = re.compile(r"\b(?:under|over|within)\s+$", re.IGNORECASE)
_SCALE_ENDS = ((0, 1), (-1, 1), (0, 9))

# How two numbers become one expression, and what may follow it
_RANGE = re.compile(r"\s*(?:–|\bto\b)\s*")
_SIZE = re.compile(r"\s*[×→]\s*")
_SHARE = re.compile(
    r"\s+(?:(?:[a-z]+\s+)?in(?:\s+every)?|(?:times\s+)?out\s+of|(?P<of>of)(?:\s+the)?)\s+"
)
_TIME = re.compile(r"\s*(?:s|ms|seconds?|minutes?|hours?)\b")
_PER_CENT = re.compile(r"\s*(?:a\s+)?(?:%|per cent\b|percent\b)")


@dataclass(frozen=True)
class Number:
    """A number in a text, or several that belong together: ``28 × 28``, ``4 to 6``.

    Parameters
    ----------
    start, end
        Where it stands.
    values
        What it says; ``99 %`` and ``99 in 100`` are 0.99.
    steps
        Half of the last unit that is written, for each value; 0 for numbers in words.
    kind
        What by itself is no claim: ``"small"``, a small whole number or the ends of a scale,
        ``0 to 1``; ``"single"``, the *a* of "a minute"; ``"name"``, which chapter. Else ``""``.
    claim
        Whether it must be bound, or exempted.
    """

    start: int
    end: int
    values: tuple[float, ...]
    steps: tuple[float, ...]
    kind: str = ""
    claim: bool = False


def numbers(text: str) -> list[Number]:
    """All numbers in the Markdown of a cell, in order, but for years and names."""
    prose = mask(text)
    found: list[Number] = []
    for match in _ATOM.finditer(prose):
        number = _read(match, prose)
        if number and found and (joined := _joined(found[-1], number, prose)):
            found[-1] = joined
        elif number:
            found.append(number)
    found = [_with_per_cent(number, prose) for number in found if number.kind != "name"]
    return [replace(number, claim=_is_claim(number, prose)) for number in found]


def claims(text: str) -> list[Number]:
    """Those that must be bound to an output, or exempted."""
    return [number for number in numbers(text) if number.claim]


def mask(text: str) -> str:
    """The text with as many blanks for all that is not prose."""
    return _NOT_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def sentence(text: str, start: int, end: int) -> str:
    """The sentence, or the row of a table, around a place."""
    ends = [match.end() for match in re.finditer(r"[.!?][)*\"]*\s+(?=\S)|\n", text)]
    first = max((place for place in ends if place <= start), default=0)
    last = min((place for place in ends if place >= end), default=len(text))
    return text[first:last].strip()


def value_of(digits: str) -> float:
    """What digits say: 60000 for ``60,000``."""
    return float(digits.replace("−", "-").replace(",", "").replace("_", ""))


def _read(match: re.Match[str], prose: str) -> Number | None:
    """One number; None for a year (rule 2)."""
    said = {name: value.lower() for name, value in match.groupdict().items() if value}
    start, end = match.span()
    if _NAMED.search(prose[:start]):
        return Number(start, end, (0,), (0,), "name")
    if "year" in said:
        if not _BESIDE_UNIT.match(prose[end:]):
            return None
        said["digits"] = said["year"]
    if "digits" in said:
        scale = SCALES[said["scale"]] if "scale" in said else 1
        value, step = value_of(said["digits"]), _step_of(said["digits"])
        small = scale == 1 and re.fullmatch(r"[-−+]?\d", said["digits"])
        return Number(start, end, (scale * value,), (scale * step,), "small" if small else "")
    if "single" in said:
        return Number(start, end, (1,), (0,), "single")
    kind = "small" if said.get("cardinal") in SMALL else ""
    return Number(start, end, (_in_words(said),), (0,), kind)


def _step_of(digits: str) -> float:
    """Half of the last unit that is written: 0.05 for 1.8."""
    mantissa, _, power = digits.lower().partition("e")
    return 0.5 * 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))


def _in_words(said: dict[str, str]) -> float:
    """The value of a number, a part or a multiple in words."""
    if "over" in said:
        return int(said["over"]) / int(said["under"])
    if "and_half" in said:
        return CARDINALS[said["and_half"]] + 0.5
    if "scales" in said:
        value = CARDINALS.get(said.get("scaled", ""), 1)
        for scale in said["scales"].split():
            value *= SCALES[scale]
        return value
    for name in ("nth", "nth_compared", "nth_alone", "nth_of", "nths"):
        if name in said:
            return CARDINALS.get(said.get("count", ""), 1) / NTHS[said[name].rstrip("s")]
    for name in ("multiple", "multiple_compared"):
        if name in said:
            return next(n for start, n in MULTIPLES.items() if said[name].startswith(start))
    return CARDINALS[said.get("cardinal") or said["fold"]]


def _joined(left: Number, right: Number, prose: str) -> Number | None:
    """``28 × 28``, ``[100, 1]``, ``4 to 6`` and ``one in five`` are one expression each."""
    between = prose[left.end : right.start]
    ranged = _RANGE.fullmatch(between)
    if ranged or _SIZE.fullmatch(between) or _listed(left, right, prose):
        values, steps = left.values + right.values, left.steps + right.steps
        kind = left.kind if left.kind in ("name", right.kind) else ""
        if ranged and kind == "small" and values not in _SCALE_ENDS:
            kind = ""
        return Number(left.start, right.end, values, steps, kind)
    share = _SHARE.fullmatch(between)
    if not share or len(left.values) > 1 or (share["of"] and right.kind):  # "one of the two"
        return None
    part, whole = left.values[0], right.values[0]
    if not 1 <= part < whole or _TIME.match(prose[right.end :]):
        return None
    return Number(left.start, right.end, (part / whole,), (left.steps[0] / whole,))


def _listed(left: Number, right: Number, prose: str) -> bool:
    """Whether both stand in one pair of brackets, as in ``[100, 1]``."""
    before, between, after = prose[: left.start], prose[left.end : right.start], prose[right.end :]
    opened = re.search(r"[\[(]\s*$", before) and re.match(r"\s*[\]),]", after)
    return bool(opened and re.fullmatch(r",\s*", between))


def _with_per_cent(number: Number, prose: str) -> Number:
    sign = _PER_CENT.match(prose[number.end :])
    if not sign:
        return number
    values = tuple(value / 100 for value in number.values)
    steps = tuple(step / 100 for step in number.steps)
    return Number(number.start, number.end + sign.end(), values, steps)


def _is_claim(number: Number, prose: str) -> bool:
    """Rule 3: a small whole number merely counts or names, but for what stands beside it."""
    if not number.kind:
        return True
    before, after = prose[: number.start], prose[number.end :]
    said = prose[number.start : number.end].lower()
    compared = _COMPARED.search(before) and said not in ("0", "1")  # the ends of a scale
    if number.kind == "single":
        return bool(compared or _WITHIN.search(before))
    unit = (_BESIDE_UNIT_OF_ONE if said == "one" else _BESIDE_UNIT).match(after)
    return bool(compared or unit)
