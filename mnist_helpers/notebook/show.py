"""What chapters show besides figures: the helpers' own source, and small tables."""

from __future__ import annotations

import ast
import inspect
import os
import re
import statistics
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.display import Markdown

# The sections of a docstring that the reference shows: a page shows code
SECTIONS = re.compile(
    r"\n+ *(?:Parameters|Attributes|Returns|Yields|Raises)\n *-{3,}\n.*", re.DOTALL
)
ROLE = re.compile(r":\w+:`~?([^`]+)`")  # a reference's notation for a link
NUMBER = re.compile(r"[-+−]?[\d.,]+(?:e[-+]?\d+)?(?: ?±.*| ?%| [a-zµ]+)?|-|–|")


def source(*things: Any) -> Markdown:
    """The source of functions or classes of this package, as it runs, rendered as code.

    Docstrings are shown without their sections on parameters, results and errors, which stand in
    the library's reference.

    Parameters
    ----------
    *things : function or class
        What to show, one below the other.

    Returns
    -------
    IPython.display.Markdown
        A block of code.
    """
    text = "\n\n".join(_shortened(inspect.getsource(thing)).rstrip() for thing in things)
    text = ROLE.sub(r"``\1``", text)
    return Markdown(f"```python\n{text}\n```")


def file(path: str | os.PathLike) -> Markdown:
    """A program, as it stands in its file, rendered as code.

    Parameters
    ----------
    path : str or os.PathLike
        Of a file in Python, in UTF-8.

    Returns
    -------
    IPython.display.Markdown
        A block of code.
    """
    return Markdown(f"```python\n{Path(path).read_text(encoding='utf-8').rstrip()}\n```")


def _shortened(code: str) -> str:
    """`code` with the sections of its docstrings left out, otherwise as it is written."""
    lines = code.splitlines(keepends=True)
    tree = ast.parse(textwrap.dedent(code))
    documented = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
    ]
    for node in sorted(documented, key=lambda node: node.lineno, reverse=True):
        first, last = node.body[0].lineno - 1, node.body[0].end_lineno
        text = "".join(lines[first:last])
        kept = SECTIONS.sub("", text)
        if kept != text:
            indent = text[: len(text) - len(text.lstrip())]
            one_line = "\n" not in kept
            lines[first:last] = [kept + ('"""\n' if one_line else f'\n{indent}"""\n')]
    return "".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markdown:
    """A table, as Markdown.

    Parameters
    ----------
    header : sequence of str
        The names of the columns. Those with nothing but numbers below are set to the right.
    rows : sequence of sequences
        The cells, each written with ``str``.

    Returns
    -------
    IPython.display.Markdown
        The table.
    """
    names, *cells = [[str(cell) for cell in row] for row in [header, *rows]]
    numbers = [all(NUMBER.fullmatch(row[i]) for row in cells) for i in range(len(names))]
    rule = ["---:" if of_numbers else "---" for of_numbers in numbers]
    return Markdown("\n".join("| " + " | ".join(line) + " |" for line in [names, rule, *cells]))


def with_spread(fractions: Sequence[float]) -> str:
    """Mean and spread of several runs, in percent, as text: "91.6 ± 0.1".

    Parameters
    ----------
    fractions : sequence of float
        One number a run, in [0, 1].

    Returns
    -------
    str
        The mean, and the standard deviation of a sample (n - 1).

    Raises
    ------
    ValueError
        For fewer than two numbers.
    """
    if len(fractions) < 2:
        raise ValueError(f"a spread takes two numbers or more, not {len(fractions)}")
    mean, spread = statistics.mean(fractions), statistics.stdev(fractions)
    return f"{100 * mean:.1f} ± {100 * spread:.1f}"
