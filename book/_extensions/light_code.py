"""Highlighted code in fewer elements, and in lines that a telephone can wrap.

Half of what Pygments writes says that a name or a bracket has the colour that it would have anyway.
Without that a chapter is lighter by a third. A long line becomes an element of its own, which knows
how far it is indented: where a screen is too narrow for it, ``everybody.css`` breaks it, and what
is left hangs below its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Operator, Punctuation, Text, _TokenType
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

# In both schemes these have the colour of all text; but for operators, which are half of the rest,
# and read as well without
PLAIN = {
    Name,
    Name.Namespace,
    Name.Other,
    Operator,
    Punctuation,
    Text.Whitespace,
}
LONG = 40  # characters: what a telephone shows in letters that can still be read
Token = tuple[_TokenType, str]


class LightFormatter(HtmlFormatter):
    """Pygments' own, with less around plain words, and more around long lines."""

    def format_unencoded(self, tokensource: Iterable[Token], outfile) -> None:
        tokens = [(Text if kind in PLAIN else kind, text) for kind, text in tokensource]
        lines = "".join(text for _, text in tokens).splitlines()
        self.cssstyles = f"--columns: {max(map(len, lines), default=0)}"
        self.lengths = [len(line) for line in lines]
        self.indents = [len(line) - len(line.lstrip(" ")) for line in lines]
        super().format_unencoded(iter(tokens), outfile)

    def _format_lines(self, tokensource: Iterable[Token]) -> Iterator[tuple[int, str]]:
        for number, (kind, line) in enumerate(super()._format_lines(tokensource)):
            if number < len(self.lengths) and self.lengths[number] > LONG:
                indent = self.indents[number]
                style = f' style="--indent: {indent}ch"' if indent else ""
                text = line.rstrip("\n")
                line = f'<span class="long"{style}>{text}</span>' + line[len(text) :]
            yield kind, line


def setup(app: Sphinx) -> dict:
    PygmentsBridge.html_formatter = LightFormatter
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
