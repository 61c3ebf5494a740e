"""What goes wrong while the environment is set up, in one line."""

from __future__ import annotations

from pathlib import Path


class SetupError(Exception):
    """The environment cannot be made; the message says what was found, and what to do."""


def out_of_space(venv: Path | str, free: float) -> str:
    return (
        f"{venv} needs 2.2 GB, and its disk has {free / 1e9:.1f} GB left; make room, or name a "
        "folder on another disk: make book VENV=…"
    )
