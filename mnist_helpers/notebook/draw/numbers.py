"""Numbers as they stand in pictures."""

from __future__ import annotations


def number(value: float, places: int = 2, *, exactly: bool = False) -> str:
    """A number with a real minus sign and no more decimals than it needs.

    Parameters
    ----------
    value : float
        The number.
    places : int
        Decimals, at most.
    exactly : bool
        Whether zeros at the end stay: "0.50".

    Returns
    -------
    str
        For example "−0.5".
    """
    words = f"{round(float(value), places) + 0.0:,.{places}f}"  # + 0.0: no minus before a zero
    if "." in words and not exactly:
        words = words.rstrip("0").rstrip(".")
    return words.replace("-", "−")
