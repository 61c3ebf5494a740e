"""What waits on a page until one comes near it, and what of the theme is taken out for that."""

import importlib.util
import re
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[1] / "book" / "_extensions"
CELL = '<div class="cell"><pre>one\ntwo\n</pre><div><p>in it</p></div></div>'
TABLE = "<table><tr><td><p>a</p></td></tr><tr><td><p>b</p></td></tr></table>"
FOLDED = f"<details><summary>more</summary><pre>{40 * 'line' + chr(10)}</pre></details>"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))


def page(*blocks, around=""):
    sections = "<section><h2>A</h2><p>words</p>" + "".join(blocks) + "</section>"
    return (
        f"<body>{around}<article><section><h1>B</h1>{sections}</section></article>{around}</body>"
    )


def heights(text):
    return [int(height) for height in re.findall(r'style="--tall: (\d+)rem"', text)]


def test_the_first_blocks_do_not_wait_and_those_below_do():
    from light_pages import AT_ONCE, lightened

    first = AT_ONCE * ["<div><pre>1\n</pre></div>"]
    assert lightened(page(*first, around=CELL)) == page(*first, around=CELL)
    text = lightened(page(*first, CELL, f"<div>{TABLE}</div>", f"<div>{FOLDED}</div>", CELL))
    cell, table, folded, again = heights(text)
    assert cell == again == 8  # a box of two lines, and a paragraph
    assert table == 5  # two rows; what is in them does not count again
    assert folded == 3  # what is folded is not there
    assert re.sub(' style="[^"]*"', "", text) == page(
        *first, CELL, f"<div>{TABLE}</div>", f"<div>{FOLDED}</div>", CELL
    )
    assert lightened(text) == text


def test_what_has_a_style_of_its_own_or_no_height_is_left_as_it_is():
    from light_pages import AT_ONCE, lightened

    blocks = AT_ONCE * [CELL] + ['<div style="top: 0"><p>x</p></div>', "<div></div>"]
    assert lightened(page(*blocks)) == page(*blocks)


def test_pictures_wait_but_the_first():
    from light_pages import lightened

    image = '<p><img alt="a" src="a.png" /></p>'
    text = lightened(page(image, image, image, around=image))
    kept, first, *others, last = re.findall("<img[^>]*>", text)
    assert "loading" not in kept + first + last
    assert len(others) == 2
    assert all('loading="lazy"' in other for other in others)
    assert lightened(text) == text


def test_the_theme_asks_no_block_for_its_width():
    from light_pages import NOT_ASKED, THEME, unasked

    script = 'a();"complete"===document.readyState?I():window.addEventListener("load",I)})();'
    assert unasked(script) == f"a();{NOT_ASKED}}})();"
    assert unasked(unasked(script)) == unasked(script)
    assert unasked(script + script) is None
    assert unasked("b()") is None
    theme = Path(importlib.util.find_spec("pydata_sphinx_theme").origin).parent
    installed = theme / "theme" / "pydata_sphinx_theme" / "static" / "scripts" / THEME.name
    assert unasked(installed.read_text(encoding="utf-8"))
