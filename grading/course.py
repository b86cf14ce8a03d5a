"""Which course is meant: its own configuration and ``solutions/`` mark its folder, wherever grading is installed."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["CourseError", "find_course"]

MARKS = ("_config.yml", "solutions")


class CourseError(Exception):
    """There is no course here; the sentence says how to name one."""


def find_course(named: Path | None = None) -> Path:
    """The folder of the course.

    Parameters
    ----------
    named : Path, optional
        What ``--course`` says, or else the variable ``NNCOURSE_ROOT``. Without either it is the current folder or the
        nearest one above it that holds ``_config.yml`` and ``solutions/``.

    Returns
    -------
    Path
        The absolute path.

    Raises
    ------
    CourseError
        If there is none.
    """
    here, said = Path.cwd(), named or os.environ.get("NNCOURSE_ROOT")
    if said:
        if (Path(said) / "solutions").is_dir():
            return Path(said).resolve()
        raise CourseError(f"{said} is no course: expected a folder with solutions/ in it")
    for folder in (here, *here.parents):
        if all((folder / mark).exists() for mark in MARKS):
            return folder
    raise CourseError(
        f"there is no course in {here}, nor in a folder above it: expected one with {' and '.join(MARKS)}/ in it. "
        "Go there, or name it: --course FOLDER, or the variable NNCOURSE_ROOT"
    )
