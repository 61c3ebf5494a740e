"""Whether a translation has the numbers of its message, digit by digit."""

from __future__ import annotations

import re
from collections import Counter

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# 1990s: 20 世纪 90 年代
DECADE = re.compile(r"\b(\d\d)(\d0)s\b")
DECADES = re.compile(r"(\d\d) ?世纪 ?(\d0) ?年代")
SPELLINGS = """
    zero 0, one 1, two 2, three 3, four 4, five 5, six 6, seven 7, eight 8, nine 9, ten 10,
    eleven 11, twelve 12, thirteen 13, fourteen 14, fifteen 15, sixteen 16, seventeen 17,
    eighteen 18, nineteen 19, twenty 20, thirty 30, forty 40, fifty 50, sixty 60, seventy 70,
    eighty 80, ninety 90, hundred 100, thousand 1000, million 1000000, half 2, third 3, quarter 4,
    fifth 5, sixth 6, seventh 7, eighth 8, ninth 9, tenth 10, hundredth 100, thousandth 1000,
    first 1, second 2, once 1, twice 2, both 2, pair 2, dozen 12"""
WORDS = dict(pair.split() for pair in SPELLINGS.split(","))
SPELLED = re.compile(rf"\b({'|'.join(WORDS)})(?:s|th|ths)?\b", re.IGNORECASE)


def compared(message: str, translation: str) -> list[str]:
    """What is wrong with a translation's numbers; both without code and formulas."""
    message = DECADE.sub(lambda m: f"{m[1]}{m[2]}", message)
    translation = DECADES.sub(lambda m: f"{int(m[1]) - 1}{m[2]}", translation)
    said, has = Counter(NUMBER.findall(message)), Counter(NUMBER.findall(translation))
    faults = [f"the number {number} is missing" for number in said - has]
    # "thirty-five" is 30 and 5: of several words together any number may be made
    spelled = {WORDS[word.lower()] for word in SPELLED.findall(message)}
    return faults + [f"the number {number} is not in the English" for number in has - said
                     if number not in spelled and len(spelled) < 2]  # fmt: skip
