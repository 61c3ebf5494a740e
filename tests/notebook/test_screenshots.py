"""Pictures of web pages, by a real Chromium, of which nothing is left."""

import contextlib
import http.server
import io

import pytest
from PIL import Image

from mnist_helpers.notebook.screenshots import screenshot
from tests.conftest import served, soon

GREEN, RED = (0, 128, 0), (255, 0, 0)
PAGE = b"""<!doctype html><html><body style="background: red; margin: 0"><script>
setTimeout(() => { document.body.style.background = "green" }, 500)
</script></body></html>"""


@contextlib.contextmanager
def serving(page, while_asked=lambda: None):
    """The address of `page`; `while_asked` is called whenever a browser asks for it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/":
                while_asked()
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page if self.path == "/" else b"")

        def log_message(self, *args):
            pass

    with served(Handler) as address:
        yield f"{address}/"


def test_a_picture_has_the_size_asked_and_what_scripts_have_done(chromium, offspring, capfd):
    processes = []
    with serving(PAGE, lambda: processes.extend(offspring())) as address:
        png = screenshot(address, width=320, height=200)
    assert png.startswith(b"\x89PNG")
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (320, 200)
        colours = picture.convert("RGB").getcolors()
    assert colours == [(320 * 200, GREEN)]
    assert len(processes) >= 2  # our watcher, and Chromium's, which are many
    assert soon(lambda: not offspring(), 5)
    assert capfd.readouterr() == ("", "")  # Chromium's own words are not a reader's business


def test_scripts_get_as_much_of_their_time_as_asked(chromium):
    late = PAGE.replace(b"500", b"3500")
    with serving(late) as address:
        for seconds, colour in ((1, RED), (5, GREEN)):
            with Image.open(io.BytesIO(screenshot(address, 50, 50, seconds))) as picture:
                assert picture.convert("RGB").getpixel((25, 25)) == colour


def test_without_chromium_there_is_one_line_and_no_picture(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert screenshot("http://127.0.0.1:9/") is None
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert out.startswith("not here: a browser: to take a picture")
    assert err == ""


@pytest.mark.parametrize("script", ["exit 1", "echo '[ERROR:gl] no display'; kill -9 $$"])
def test_a_chromium_that_fails_gives_one_line_and_no_picture(
    monkeypatch, tmp_path, capfd, offspring, script
):
    fake = tmp_path / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    address = "http://127.0.0.1:9/page"
    assert screenshot(address) is None
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert address in out
    assert err == ""
    assert soon(lambda: not offspring(), 5)


def test_a_chromium_that_hangs_is_asked_once_more(monkeypatch, tmp_path, capfd, offspring):
    Image.new("RGB", (2, 2), GREEN).save(tmp_path / "green.png")
    fake = tmp_path / "chromium"
    fake.write_text(f"""#!/bin/sh
[ -e {tmp_path}/hung ] || {{ touch {tmp_path}/hung; sleep 100; }}
for option; do case $option in --screenshot=*) cp {tmp_path}/green.png "${{option#*=}}";; esac; done
""")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("mnist_helpers.notebook.screenshots.PATIENCE", (0.5, 60))
    with Image.open(io.BytesIO(screenshot("http://127.0.0.1:9/"))) as picture:
        assert picture.convert("RGB").getpixel((1, 1)) == GREEN
    assert (tmp_path / "hung").exists()
    assert capfd.readouterr() == ("", "")
    assert soon(lambda: not offspring(), 5)
