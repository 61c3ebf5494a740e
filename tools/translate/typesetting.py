"""What the made pages have otherwise than the English ones, so that Chinese reads well everywhere.

JupyterLab has no style sheet of ours: what is to be seen there must stand in the Markdown.
"""

from __future__ import annotations

import re

from tools.translate.checks import HAN

NOT_WORDS = r"`+[^`]*`+|\$[^$]*\$"
ITALICS = re.compile(rf"({NOT_WORDS})|(?<!\*)\*(?![*\s])([^*]+)(?<!\s)\*(?!\*)")
# What an alternative text says, at its end, of the English words in a figure
IN_FIGURE = re.compile(r"（(图中 [^（）]*)）。?$")
CLASS = "in-the-figure"
IMAGE = re.compile(r"^(`{3,})\{(?:image|figure)\}.*?^\1$", re.MULTILINE | re.DOTALL)


def emphasised(text: str) -> str:
    """Chinese in italics becomes bold: its letters are not made to lean."""
    return ITALICS.sub(
        lambda found: f"**{found[2]}**" if HAN.search(found[2] or "") else found[0], text
    )


def with_words_of_figures(cells: list[dict]) -> list[dict]:
    """The cells, and behind each with a figure that has English words, one that says these words.

    Nobody sees an alternative text; what it says of them at its end is moved from there.
    """
    made = []
    for cell in cells:
        made.append(cell)
        image = cell["metadata"].get("mystnb", {}).get("image", {})
        if said := IN_FIGURE.search(image.get("alt", "")):
            image["alt"] = image["alt"][: said.start()]
            made.append({
                "cell_type": "markdown", "id": f"{cell['id']}-legend",
                "metadata": {"tags": [CLASS]}, "source": [said[1]],
            })  # fmt: skip
    return made


def with_words_of_images(text: str) -> str:
    """The same for a page in Markdown."""
    return IMAGE.sub(lambda image: _words_below(image[0]), text)


def _words_below(image: str) -> str:
    lines = image.split("\n")
    for number, line in enumerate(lines):
        said = IN_FIGURE.search(line) if line.startswith(":alt: ") else None
        if said:
            lines[number] = line[: said.start()]
            lines += ["", f"```{{rst-class}} {CLASS}", said[1], "```"]
    return "\n".join(lines)
