"""What is done to the finished pages: names, sizes, fewer elements, rules and icons."""

import re
from pathlib import Path

import pytest
from PIL import Image
from pygments import highlight
from pygments.lexers import PythonLexer

EXTENSIONS = Path(__file__).parents[1] / "book" / "_extensions"
CODE = '''\
def steps(n):
    """Two
    lines"""
    for step in range(n):
        yield f"{step} of {n} steps, which is a line for a telephone to break" if step else None
'''


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))


def test_light_code_shows_what_was_written_in_fewer_elements():
    from light_code import HtmlFormatter, LightFormatter

    light, plain = (highlight(CODE, PythonLexer(), f()) for f in (LightFormatter, HtmlFormatter))
    words = [re.sub("<[^>]+>", "", html) for html in (light, plain)]
    assert words[0] == words[1]
    assert light.count("<span") < 0.8 * plain.count("<span")
    assert set(re.findall(r'class="(\w+)"', light)) - {"long"} < set(
        re.findall(r'class="(\w+)"', plain)
    )


def test_light_code_marks_long_lines_and_says_how_wide_it_is():
    from light_code import LightFormatter

    html = highlight(CODE, PythonLexer(), LightFormatter())
    (line,) = [line for line in html.splitlines() if 'class="long"' in line]
    assert line.startswith('<span class="long" style="--indent: 8ch">        ')
    assert line.endswith("</span>")
    assert f'style="--columns: {max(map(len, CODE.splitlines()))}"' in html


def test_a_page_is_mended_once_and_for_all(tmp_path):
    from for_everybody import mended

    folder = tmp_path / "book"
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "documentation_options.js").write_text("const DOCUMENTATION = 1;")
    folder.mkdir()
    Image.new("L", (30, 20)).save(folder / "a.png")
    (folder / "b.svg").write_text('<svg height="30pt" width="60pt"></svg>')
    page = """<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
<script src="../_static/documentation_options.js?v=1"></script>
<script src="../_static/doctools.js?v=1"></script>
<script src="../searchindex.js"></script>
<div id="pst-primary-sidebar" class="bd-sidebar">
<button class="btn search-button-field x" title="Search" aria-label="Search">Search</button>
<img alt="a" src="a.png" /><img alt="b" src="b.svg"><img alt="c" src="c.png" />
<img alt="d" src="a.png" style="width: 3em" />"""
    text = mended(page, folder / "x.html", searches=False)
    assert "fontawesome" not in text
    assert "searchindex" not in text
    assert "<script>const DOCUMENTATION = 1;</script>" in text
    assert '<script defer src="../_static/doctools.js?v=1">' in text
    assert 'role="complementary" aria-label="The book" class="bd-sidebar"' in text
    assert '<button class="btn search-button-field x" title="Search">' in text
    assert '<img alt="a" src="a.png" width="30" height="20" />' in text
    assert '<img alt="b" src="b.svg" width="80" height="40">' in text
    assert '<img alt="c" src="c.png" />' in text
    assert '<img alt="d" src="a.png" style="width: 3em" />' in text
    assert mended(text, folder / "x.html", searches=False) == text
    assert "searchindex" in mended(page, folder / "x.html", searches=True)


def test_names_are_said_in_the_language_of_the_site(tmp_path, monkeypatch):
    import for_everybody

    page = '<button title="Color mode" aria-label="Color mode">Main</button><a title="Mainz"></a>'
    assert for_everybody.mended(page, tmp_path / "x.html", searches=True) == page
    monkeypatch.setattr(for_everybody, "_", {"Color mode": "配色", "Main": "主"}.get)
    text = for_everybody.mended(page, tmp_path / "x.html", searches=True)
    assert text == page.replace("Color mode", "配色")
    assert for_everybody.mended(text, tmp_path / "x.html", searches=True) == text


def test_a_style_sheet_keeps_what_can_apply():
    from light_assets import slimmed

    css = """@charset "utf-8"; :root { --a: 1 } .used, .unused > p { color: red }
    .unused, #gone { color: blue } a:not(.unused) { top: 0 } .w\\:50 { left: 0 }
    [class*=".unused"] { top: 1px } .bs-tooltip-auto { top: 2px }
    @media print { .unused { top: 3px } .used { top: 4px } } @media screen { .unused { top: 5px } }
    @keyframes turn { from { top: 0 } to { top: 6px } } @font-face { font-family: "x"; src: url(x) }
    @font-face { font-family: "Font Awesome 6 Free"; src: url(y) }"""
    light = slimmed(css, {"used", "w", "50"})
    kept = ['@charset "utf-8"', "--a: 1", ".used{", "a:not(.unused)", "w\\:50", '*=".unused"',
            ".bs-tooltip-auto", "@media print {.used{ top: 4px", "6px", "url(x)"]  # fmt: skip
    assert [part for part in kept if part not in light] == []
    assert not re.search(r"blue|> p|#gone|3px|5px|screen|Awesome", light)
    assert slimmed(light, {"used", "w", "50"}).split() == light.split()


def test_icons_are_drawn_as_the_script_would():
    from light_assets import icons_css

    script = 'x={bars:[1,512,[],"f0","M1"]},y={"bars":[448,512,["navicon",22],"f0c9","M2 3z"]}'
    css = icons_css(script, {"bars", "solid", "lg"})
    assert css.count("--icon: url") == 1
    assert ".fa-bars::before { width: 0.875em;" in css
    assert "viewBox='0 0 448 512'" in css
    assert "d='M2 3z'" in css
