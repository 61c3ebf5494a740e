"""Tables that the book's directives make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

Cell = Sequence[nodes.Node]  # what stands in it, on one line


def words(text: str) -> Cell:
    """A cell of plain words."""
    return [nodes.Text(text)]


def table(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int]
) -> nodes.table:
    """A table of the class `name`, whose columns have these shares of the width."""
    made = nodes.table(classes=[name])
    group = nodes.tgroup(cols=len(header))
    made += group
    group += [nodes.colspec(colwidth=width) for width in widths]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    head += _row([words(title) for title in header])
    body += [_row(cells) for cells in rows]
    return made


def _row(cells: Sequence[Cell]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        row += nodes.entry("", nodes.paragraph("", "", *cell))
    return row
