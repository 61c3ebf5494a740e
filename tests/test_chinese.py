"""The Chinese edition: catalogues are whole, what is made of them is the English book.

(The rendered Chinese pages: tests/test_site.py; in a browser: tests/slow/test_chinese_site.py.)
"""

import csv
import functools
import json
import re
from itertools import pairwise

import polib
import pytest

from tools.translate import (
    catalogues,
    checks,
    code,
    furniture,
    making,
    measured,
    pages,
    readme,
    texts,
    typesetting,
)
from tools.translate.markup import blocks

NOTEBOOKS = [name for name in pages.names() if name.endswith(".ipynb")]
DONE = catalogues.complete()
OTHERS = (catalogues.SHARED, catalogues.SITE, catalogues.MEASURED, catalogues.README,
          catalogues.LIBRARY)  # fmt: skip


@pytest.mark.parametrize("name", DONE)
def test_what_is_declared_complete_is_whole_and_right(name):
    found = checks.faults([name])
    assert not found, "\n" + "\n".join(found)


def test_pages_are_declared_complete_by_their_names():
    known = {catalogues.of(name) for name in pages.names()}
    assert set(DONE) <= known | set(OTHERS)
    assert len(set(DONE)) == len(DONE)


def test_a_page_is_complete_only_with_what_it_shares():
    if set(DONE) - {catalogues.SITE}:
        assert {catalogues.SHARED, catalogues.SITE} <= set(DONE)


def words_of(cell):
    """A cell's metadata without the words that are translated."""
    metadata = json.loads(json.dumps(cell["metadata"]))
    metadata.pop("about", None)
    metadata.get("thumbnail", {}).pop("alt", None)
    metadata.get("mystnb", {}).get("image", {}).pop("alt", None)
    return metadata


@functools.cache
def chinese_page(name):
    return making.made(name)


def cells_of(name):
    """The cells of an English notebook, and those that are made of them.

    Left out are those that the Chinese notebook has besides: the words of a figure.
    """
    english = json.loads((pages.BOOK / name).read_text(encoding="utf-8"))["cells"]
    chinese = json.loads(chinese_page(name))["cells"]
    made = [cell for cell in chinese if typesetting.CLASS not in cell["metadata"].get("tags", [])]
    return english, made


def figure_s_text(cell):
    """What a cell says of its figure to those who do not see it."""
    return cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_chinese_notebook_runs_as_the_english_one_which_vouches_for_it(name):
    english = json.loads((pages.BOOK / name).read_text(encoding="utf-8"))
    chinese = json.loads(chinese_page(name))
    assert chinese["metadata"].pop("language") == "zh_CN"
    assert chinese["metadata"] == english["metadata"]
    for ours, theirs in zip(*cells_of(name), strict=True):
        for key in ("id", "cell_type", "outputs", "execution_count"):
            assert ours.get(key) == theirs.get(key)
        assert words_of(ours) == words_of(theirs)
        if ours["cell_type"] == "code":
            text, made = ("".join(cell["source"]) for cell in (ours, theirs))
            assert code.without_comments(text) == code.without_comments(made)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_without_translations_not_a_byte_of_code_changes(name):
    english = json.loads((pages.BOOK / name).read_text(encoding="utf-8"))
    same = json.loads(pages.translated(name, lambda said, where: said))
    for ours, theirs in zip(english["cells"], same["cells"], strict=True):
        if ours["cell_type"] == "code":
            assert "".join(ours["source"]) == "".join(theirs["source"])


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if catalogues.of(name) in DONE])
def test_lines_of_code_still_fit_on_a_page(name):
    for ours, theirs in zip(*cells_of(name), strict=True):
        if ours["cell_type"] == "code" and ours["source"] != theirs["source"]:
            for line in "".join(theirs["source"]).splitlines():
                if checks.HAN.search(line):
                    assert code.columns(line) <= code.LINE, line


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_sections_are_those_of_the_english_page(name):
    """As many headings, of the same levels, so each has an English address."""
    from tools.translate.markup import headings

    for ours, theirs in zip(*cells_of(name), strict=True):
        if ours["cell_type"] == "markdown":
            levels = [[level for level, _ in headings("".join(cell["source"]))]
                      for cell in (ours, theirs)]  # fmt: skip
            assert levels[0] == levels[1]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_english_words_of_a_figure_are_said_in_the_cell_below_it(name):
    """Where all see them; the catalogue has them at the end of its alternative text."""
    known = catalogues.translations(catalogues.of(name))
    english, made = cells_of(name)
    chinese = json.loads(chinese_page(name))["cells"]
    said = {cell["id"]: "".join(cell["source"]) for cell in chinese if cell not in made}
    wanted = {}
    for cell in english:
        text = known.get(figure_s_text(cell), "")
        if "（图中 " in text:
            wanted[f"{cell['id']}-legend"] = text.rpartition("（")[2].rstrip("。）")
    assert said == wanted
    assert len({cell["id"] for cell in chinese}) == len(chinese)
    for above, cell in pairwise(chinese):
        assert cell["id"] not in said or cell["id"] == f"{above['id']}-legend"
    assert [cell["id"] for cell in made if "图中 " in figure_s_text(cell)] == []


def test_the_words_of_an_image_on_a_page_stand_below_it():
    page = chinese_page("benchmarks.md")
    assert page.count("```{rst-class} in-the-figure\n图中 ") == 3
    assert "（图中 " not in page
    image = "```{image} a.svg\n:alt: 一幅图（图中 loss 为损失）\n:width: 9\n```"
    below = "\n\n```{rst-class} in-the-figure\n图中 loss 为损失\n```"
    whole = image.replace("（图中 loss 为损失）", "") + below
    assert typesetting.with_words_of_images(f"前\n\n{image}\n\n后") == f"前\n\n{whole}\n\n后"
    assert typesetting.with_words_of_images("（图中 loss 为损失）") == "（图中 loss 为损失）"


LEANING = [
    ("叫做*学习率*。", "叫做**学习率**。"),
    ("*先别往下看*：猜一猜。", "**先别往下看**：猜一猜。"),
    ("**数据**：*批次*和*样本*", "**数据**：**批次**和**样本**"),
    ("*one-cycle* 与 `*学*` 与 $甲 * 乙 * 丙$", None),
    ("甲 * 乙 * 丙，``x *甲* y``", None),
    ("**数据**和**网络**", None),
]


@pytest.mark.parametrize(("text", "made"), LEANING)
def test_chinese_in_italics_becomes_bold(text, made):
    assert typesetting.emphasised(text) == (made or text)


@pytest.mark.parametrize("name", pages.names())
def test_no_chinese_letter_leans(name):
    text = chinese_page(name)
    if name.endswith(".ipynb"):
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    leaning = [said for said in leaning_in(text) if checks.HAN.search(said)]
    assert leaning == []
    assert leaning_in("叫做*学习率*和 *rate*。") == ["学习率", "rate"]


def leaning_in(text):
    """What is in italics, as Markdown reads the text."""
    found = []
    for block in blocks(text):
        depth, said = 0, ""
        for token in block.children or []:
            depth += {"em_open": 1, "em_close": -1}.get(token.type, 0)
            said += token.content if depth else ""
            if token.type == "em_close" and not depth:
                found.append(said)
                said = ""
    return found


PAGE = """# A *title*

Two lines
are one message, with `code` and $x$.

- a point
  that goes on
- another

| one | two |
|---|---|
| 1 | $2$ |
| words | `here` |

> **Note.** A quotation.

$$a = \\text{the rate} \\times b$$

```{note}
Inside.
```

```{draw}
:short:
fast: The fast network, 10_all_together, probabilities
```

```python
run()  # why
```
"""


def test_messages_are_paragraphs_headings_points_rows_and_comments():
    found = []
    made = texts.translated(PAGE, lambda said: found.append(said) or f"译文 {len(found)}")
    assert found == [
        "A *title*", "Two lines are one message, with `code` and $x$.", "a point that goes on",
        "another", "one | two", "words | `here`", "**Note.** A quotation.",
        "$$a = \\text{the rate} \\times b$$", "Inside.", "The fast network", "why",
    ]  # fmt: skip
    lines = made.splitlines()
    for line in ("# 译文 1", "译文 2", "- 译文 3", "- 译文 4", "| 译文 5 |", "| 1 | $2$ |",
                 "| 译文 6 |", "> 译文 7", "译文 8", "译文 9", "fast: 译文 10, 10_all_together, "
                 "probabilities", "run()  # 译文 11"):  # fmt: skip
        assert line in lines


def test_comments_are_wrapped_and_those_that_programs_read_stay():
    text = '# needs: several processes\nx = "# no"  # a word\n# two lines\n# of words\ny = 1'
    found = []
    made = code.commented(text, "python", lambda said: found.append(said) or "很长的注释" * 12)
    assert found == ["a word", "two lines of words"]
    assert made[0] == "# needs: several processes"
    assert made[1] == 'x = "# no"  # ' + "很长的注释" * 12
    assert [code.columns(line) <= code.LINE for line in made[2:]] == [True] * 3
    assert "".join(line.removeprefix("# ") for line in made[2:-1]) == "很长的注释" * 12


FAULTS = [
    ("It is fast.", "速度很快。", None),
    ("It takes 60,000 digits.", "需要 6000 个数字。", "the number 60,000 is missing"),
    ("It takes sixteen.", "需要 16 个。", None),
    ("It takes sixteen.", "需要 17 个。", "the number 17 is not in the English"),
    ("Since the 1990s.", "20 世纪 90 年代以来。", None),
    ("See `this`.", "参见 `that`。", "code, missing: this"),
    ("See [it](a.md#b).", "参见[这里](a.md)。", "links, missing: a.md#b"),
    ("So $x_1$ grows.", "于是 $x_2$ 增大。", "math, missing: x_1"),
    ("So $\\text{step}$.", "于是 $\\text{步}$。", None),
    ("See {term}`Adam`.", "参见{term}`亚当 <AdamW>`。", "roles, missing: term Adam"),
    ("**Why:** so.", "**原因：**如此。", "0"),
    ("**Why:** so.", "**原因**：如此。", None),
    ("a | b", "甲 | 乙 | 丙", "another number of cells"),
    ("The loss falls.", "误差下降。", "the term 'loss' is 损失"),
    ("The loss falls.", "损失下降。", None),
    ("Wait, then go.", "等等,再走。", "half-width punctuation"),
    ("Paddle is fast.", "Paddle很快。", "no space between Latin and Chinese"),
    ("Use `x` here.", "在此用`x`。", "no space between Chinese and Latin"),
    ("So (again) it is.", "如此(再次)。", "half-width brackets"),
    ("About 21 % of it.", "约 21 %。", "a space before %"),
    ("Hello there, you.", "Bonjour mes amis.", "no Chinese in it"),
    ("One thing.", "- 一件事。", "no longer one paragraph"),
    ("Executed on {date}.", "执行于 {day}。", "other fields"),
]


@pytest.mark.parametrize(("message", "translation", "fault"), FAULTS)
def test_faults_are_found(message, translation, fault):
    the_fault_is_found(message, translation, fault)


def the_fault_is_found(message, translation, fault, name=""):
    """The first that a catalogue of this name has in it; none if `fault` is None."""
    found = checks.compared(message, translation, name=name)
    assert bool(found) == bool(fault), found
    assert fault is None or fault in found[0]


def test_a_comment_says_where_a_word_is_no_term():
    assert checks.compared("A network of roads.", "道路构成的路网。")
    assert not checks.compared("A network of roads.", "道路构成的路网。", "not the term: network")


def test_what_has_changed_a_little_is_fuzzy_and_not_used(monkeypatch):
    old = polib.POFile()
    old.append(polib.POEntry(msgid="The loss falls quickly here.", msgstr="损失很快下降。"))
    old.append(polib.POEntry(msgid="Quite another.", msgstr="另一句。"))
    messages = {"The loss falls slowly here.": ["a.md"], "New words.": ["a.md"]}
    made = catalogues._catalogue(messages, old, {})
    changed, new = made
    assert changed.fuzzy
    assert changed.previous_msgid == "The loss falls quickly here."
    assert not changed.translated()
    assert not new.msgstr
    assert not made.obsolete_entries()


def test_a_translation_that_stands_elsewhere_is_taken():
    known = polib.POEntry(msgid="Summary", msgstr="小结")
    (entry,) = catalogues._catalogue({"Summary": ["a.md"]}, polib.POFile(), {"Summary": known})
    assert entry.translated()


def test_the_glossary_s_chinese_words_are_the_terms_that_are_asked_for():
    with (pages.BOOK / "locale" / "terms.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["english"].split("/")[0]: row["chinese"] for row in csv.DictReader(file)}
    text = (pages.BOOK / "glossary.md").read_text(encoding="utf-8")
    pairs = re.findall(r"^(\S.*)\n([\u4e00-\u9fffL][^\n]*[\u4e00-\u9fff])\n  ", text, re.M)
    assert len(pairs) > 130
    assert [pair for pair in pairs if rows.get(pair[0]) != pair[1]] == []


def test_numbers_of_benchmarks_are_fields_so_that_another_run_needs_no_other_words(tmp_path):
    table = tmp_path / "table.md"
    table.write_text("**In {runs}**\n\n| way | s |\n| --- | ---: |\n| `a 1`, 2 threads | 0.5 |\n"
                     "| x of it | about 1,400 |".replace("{runs}", "3 runs"))  # fmt: skip
    found = []
    same = measured.translated(table, lambda said, where: found.append(said) or said)
    assert same == table.read_text()
    assert found == ["**In {} runs**", "way", "`a 1`, {} threads", "x of it", "about {}"]


def test_pages_take_the_same_pieces_of_benchmarks_by_lines():
    page = (pages.BOOK / "benchmarks.md").read_text(encoding="utf-8")
    made = measured.by_lines(page)
    assert made.count("```{include}") == page.count("```{include}")
    for ours, theirs in zip(measured.INCLUDE.finditer(page), measured.INCLUDE.finditer(made),
                            strict=True):  # fmt: skip
        text = (pages.BOOK / ours[1]).read_text(encoding="utf-8")
        first, last = map(int, re.findall(r"line: (\d+)", theirs[2]))
        taken = "\n".join(text.split("\n")[first:last])
        for option, words in measured.OPTION.findall(ours[2]):
            before, after = text.split(words)
            text = after if option == "start-after" else before
        assert taken.strip() == text.strip()


def test_the_chinese_readme_is_that_of_today():
    if catalogues.README in DONE:
        assert readme.MADE.read_text(encoding="utf-8") == making.made_readme()
    else:
        assert not readme.MADE.exists()


def test_the_words_of_extensions_and_scripts_are_found():
    said = furniture.messages()
    for words in ("Executed on {date} with {versions}.", "Report a mistake",
                  "Try it: a window over a digit", "training diagnosis",
                  "Digits with Paddle"):  # fmt: skip
        assert words in said
