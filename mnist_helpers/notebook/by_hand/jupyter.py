"""Fields to draw on in a notebook, and the way of what is drawn on them back to Python.

The fields are HTML with a script: nothing has to be installed in the program that shows the
notebook, and a notebook that is opened again shows a line, not an error. The script is on a page of
Jupyter's server. It therefore can open a connection of its own to the kernel, as the page has one:
it sends the strokes in a message that opens a *comm*, and is answered in the one that closes it.
Where there is no such server (in VS Code, for example), the strokes can be copied as a text.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import sys
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from mnist_helpers.errors import HelperError
from mnist_helpers.notebook.by_hand.files import WEB

RUN = "Run this cell to draw here."
SCRIPTS = ("digit_canvas.js", "notebook_fields.js")
STYLES = ("digit_canvas.css", "notebook_fields.css")


def in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter's, so that a picture can be shown."""
    return _kernel() is not None


def answers() -> bool:
    """Whether somebody sits in front of this notebook, and could draw.

    A program that runs a notebook by itself, as nbval and nbconvert do, tells the kernel with every
    cell that nobody would answer a question (``allow_stdin`` in Jupyter's protocol).
    """
    parent = getattr(_kernel(), "get_parent", None)
    return bool(parent and parent("shell").get("content", {}).get("allow_stdin"))


def _kernel() -> Any:
    ipython = sys.modules.get("IPython")
    return getattr(ipython.get_ipython(), "kernel", None) if ipython else None


def show(labels: Sequence[int | None], asked: Callable[[Any], dict[str, Any]]) -> None:
    """Show a field for each label.

    `asked` is called with each message of the page, ``{"strokes": [[…], …]}`` with one list of
    strokes for each field or ``{}``, and returns the answer. A HelperError becomes one.
    """
    from comm import get_comm_manager
    from ipykernel.connect import get_connection_file
    from IPython.display import display

    target = f"mnist_helpers.draw.{secrets.token_hex(8)}"
    get_comm_manager().register_target(target, _answering(asked))
    kernel = re.search(r"kernel-([\w-]+)\.json$", get_connection_file())
    given = {"target": target, "kernel": kernel and kernel[1], "labels": list(labels), "run": RUN}
    page = {"text/html": html(given), "text/plain": "Fields to draw on: they do not show here."}
    display(page, raw=True)


def show_picture(picture: Image.Image, alt: str) -> None:
    """Show a picture of drawings. Below it, the site puts a link to where one can draw."""
    from IPython.display import display

    content = io.BytesIO()
    picture.quantize(16).save(content, "PNG", optimize=True)
    data = {"image/png": base64.b64encode(content.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}, "draw": True}, raw=True)


def _answering(asked: Callable[[Any], dict[str, Any]]) -> Callable[[Any, dict[str, Any]], None]:
    def opened(comm: Any, message: dict[str, Any]) -> None:
        try:
            answer = asked(message["content"]["data"])
        except (HelperError, OSError) as error:
            answer = {"error": str(error)}
        comm.close(data=answer)

    return opened


def html(given: dict[str, Any]) -> str:
    """The fields' HTML. Without its scripts, as in a notebook that is not trusted, it is a line."""
    styles, scripts = (
        "\n".join((WEB / name).read_text(encoding="utf-8") for name in names)
        for names in (STYLES, SCRIPTS)
    )
    name = given["target"].replace(".", "-")
    return (
        f'<div class="notebook-fields" id="{name}"><p>{RUN}</p></div>\n<style>\n{styles}</style>\n'
        f'<script>\n{scripts}notebookFields.start("{name}", {json.dumps(given)});\n</script>'
    )
