"""Notebooks for a class: without the solutions.

A solution is what its tag says, in the metadata of its heading's cell, and all below it, up to the
next heading of the same level or a higher one.
"""

from __future__ import annotations

import copy
import re

TAG = "solution"
HEADING = re.compile(r"(#{1,6}) ")


def without_solutions(notebook: dict) -> dict:
    """A copy of the notebook without them; its code cells are counted anew.

    Parameters
    ----------
    notebook : dict
        As JSON has it.

    Returns
    -------
    dict
        Of the same form.
    """
    made = copy.deepcopy(notebook)
    kept, level = [], 0  # the level of the solution that we are in, or 0
    for cell in made["cells"]:
        heading = cell["cell_type"] == "markdown" and HEADING.match("".join(cell["source"]))
        if TAG in cell["metadata"].get("tags", []):
            if not heading:
                raise ValueError(f"a cell with the tag {TAG!r} begins with no heading")
            level = len(heading[1])
        elif heading and level and len(heading[1]) <= level:
            level = 0
        if not level:
            kept.append(cell)
    count = 0
    for cell in kept:
        if cell["cell_type"] == "code" and cell["execution_count"] is not None:
            count += 1
            cell["execution_count"] = count
            for output in cell["outputs"]:
                if output.get("execution_count"):
                    output["execution_count"] = count
    made["cells"] = kept
    return made
