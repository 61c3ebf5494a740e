"""What the site has beside its pages."""

from tools.publish import write_front_door


def test_the_root_of_the_site_is_a_page_that_leads_to_the_book(tmp_path):
    (tmp_path / "index.html").write_text("a refresh, and nothing else")
    write_front_door(tmp_path, "Digits & more")
    text = (tmp_path / "index.html").read_text()
    assert '<html lang="en">' in text
    assert "<title>Digits &amp; more</title>" in text
    assert '<a href="book/index.html">Digits &amp; more</a>' in text
    assert 'content="0; url=book/index.html"' in text
