"""Execute notebooks and store their outputs: ``python -m tools.store_outputs book/01_….ipynb``.

A notebook is replaced only if every cell ran. It must then be what readers should see: nothing on
stderr, no local path in an output. What differs from run to run for no reason is left out. At the
end stand the sentences whose numbers the new outputs have made wrong, in these chapters or others.
"""

from __future__ import annotations

import base64
import datetime
import io
import os
import platform
import re
import sys
import time
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from mnist_helpers.notebook.verdicts import NOT_NOW
from mnist_helpers.system.available import NOT_HERE
from tools.claims.bindings import report
from tools.claims.places import read

LOCAL = re.compile(r"/(root|home|tmp|Users|work)/")


def main(names: list[str]) -> int:
    if os.environ.get("MNIST_DIR"):  # notebooks run in their own folder
        os.environ["MNIST_DIR"] = os.path.abspath(os.environ["MNIST_DIR"])
    try:
        for name in names:
            print(f"{name} …", flush=True)
            store(Path(name))
    finally:  # also of those that were stored before one that was not
        print(report(read()), flush=True)
    return 0


def store(path: Path) -> None:
    """Execute one notebook and write it back."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": path.parent}}, record_timing=False
    )
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    carry_alternative_texts(notebook)
    use_palettes(notebook)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "executed": {**executed(), "seconds": f"{seconds:.0f}"},
    }
    complaints = list(faults(notebook))
    if complaints:
        sys.exit(f"error: {path} is not stored:\n" + "\n".join(complaints))
    nbformat.write(notebook, path)


def carry_alternative_texts(notebook) -> None:
    """A picture's own alternative text becomes its cell's, which is what the site shows."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in ("image/svg+xml", "image/png"):
                if alt := output.get("metadata", {}).get(kind, {}).get("alt"):
                    cell.metadata.setdefault("mystnb", {}).setdefault("image", {})["alt"] = alt


def use_palettes(notebook) -> None:
    """Figures are stored with 256 colours at most, as drawings are: in half the bytes.

    Those that have no more look as before, to the pixel; transparent ones stay as they are.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if not png:
                continue
            picture = Image.open(io.BytesIO(base64.b64decode(png)))
            whole = picture.mode != "RGBA" or picture.getchannel("A").getextrema()[0] == 255
            if picture.mode in ("RGB", "RGBA") and whole:
                few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
                file = io.BytesIO()
                few.save(file, "PNG", optimize=True, dpi=picture.info.get("dpi", (96, 96)))
                if len(file.getvalue()) < len(base64.b64decode(png)):
                    output.data["image/png"] = base64.b64encode(file.getvalue()).decode()


def executed() -> dict[str, str]:
    """When, and with which versions; the page's foot says it."""
    return {
        "date": datetime.date.today().isoformat(),
        "paddle": metadata.version("paddlepaddle"),
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "library": metadata.version("mnist-helpers"),
    }


def faults(notebook) -> list[str]:
    """What a reader should not find in the outputs of a notebook."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                found.append(f"cell {number}: on stderr: {output['text'][:200]}")
            if output.get("text", "").startswith(NOT_HERE) or NOT_NOW in output.get("text", ""):
                found.append(f"cell {number}: {output['text'].strip()}")
            if output["output_type"] == "error":
                found.append(f"cell {number}: {output['ename']}")
            if LOCAL.search(str(output.get("text", "")) + str(output.get("data", {}))):
                found.append(f"cell {number}: a local path")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
