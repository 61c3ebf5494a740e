"""The logs of trainings that a page shows but does not run: a line each, a key and columns."""

from __future__ import annotations


def read_log(text: str, keys: int, separator: str | None = None) -> dict[tuple, list[str]]:
    """The lines of a log: ``"SGD; 0.1; 93.9 94.1"`` is ``{("SGD", 0.1): ["93.9 94.1"]}``.

    A line that begins with a space goes on with the one before it. Empty lines do not count.

    Parameters
    ----------
    text : str
        The log.
    keys : int
        How many fields at the beginning of a line are its key. Those that are numbers become
        float, as rates must be.
    separator : str, optional
        What stands between two fields. Without it, any white space.

    Returns
    -------
    dict of tuple to list of str
        By the key of each line, its other fields as they are written.

    Raises
    ------
    ValueError
        If a line has fewer fields than a key, or the key of another.
    """
    found: dict[tuple, list[str]] = {}
    for line in filter(str.strip, text.replace("\n ", " ").split("\n")):
        fields = [field.strip() for field in line.strip().split(separator)]
        if len(fields) < keys:
            raise ValueError(f"{keys} fields of a key expected: {line}")
        key = tuple(_number(field) for field in fields[:keys])
        if key in found:
            raise ValueError(f"a second line with the key {key}")
        found[key] = fields[keys:]
    return found


def _number(text: str) -> float | str:
    """The number that `text` is, or `text`."""
    try:
        return float(text)
    except ValueError:
        return text
