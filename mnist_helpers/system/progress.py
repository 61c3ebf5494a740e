"""A progress bar for people who are watching, and nothing for files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from tqdm import tqdm  # type: ignore[import-untyped]  # it brings no types


def progress(steps: Iterable, total: int, title: str) -> tqdm:
    """`steps` with a bar that goes away at the end; silent unless somebody is :func:`watching`.

    Use it as a context manager (``with progress(…) as bar``), so that an error in the loop takes
    the bar off the screen too. ``bar.set_postfix_str(…)`` shows a value behind it.

    Parameters
    ----------
    steps : iterable
        What to go through.
    total : int
        How many steps there are.
    title : str
        What stands before the bar.

    Returns
    -------
    tqdm.tqdm
        An iterable over `steps`.
    """
    return tqdm(
        steps,
        total=total,
        desc=title,
        leave=False,
        mininterval=0.2,
        disable=not watching(),
        # a notebook paints stderr as if something were wrong
        file=sys.stdout if _in_notebook() else sys.stderr,
    )


def watching() -> bool:
    """Whether a person sees the output as it comes: a terminal, or a live notebook.

    Of processes that train together, the first speaks for all.

    Returns
    -------
    bool
        False for a notebook that a program executes, and for every process but the first.
    """
    first = os.environ.get("PADDLE_TRAINER_ID", "0") == "0"
    return first and (_in_notebook() or sys.stderr.isatty())


def _in_notebook() -> bool:
    """A notebook open in Jupyter or VS Code, not one that a program executes and stores.

    The kernel is the same in both; but Jupyter's server gives it the notebook's name, and VS Code
    its own process, in the environment.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    live = "JPY_SESSION_NAME" in os.environ or "VSCODE_PID" in os.environ
    return live and type(shell).__name__ == "ZMQInteractiveShell"
