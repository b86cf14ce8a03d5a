"""Which course is meant, and how it lies on the disk: ours, or as ``nbgrader quickstart`` makes one."""

from __future__ import annotations

import fnmatch
import functools
import os
from collections.abc import Collection
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

__all__ = [
    "CONFIG",
    "NEVER",
    "CourseError",
    "beside",
    "books_of",
    "find_course",
    "libraries",
    "prefix",
    "settings",
    "sources",
]

CONFIG = "nbgrader_config.py"
IGNORED = (".ipynb_checkpoints", "*.pyc", "__pycache__", "*.md")  # nbgrader's own, and the guide

NEVER = {"grading", "nbgrader", "nnlib", "sqlalchemy", "distributed"}  # for students; of nnlib, checks and data are


class CourseError(Exception):
    """There is no course here; the sentence says how to name one."""


def find_course(named: Path | None = None) -> Path:
    """The folder of the course.

    Parameters
    ----------
    named : Path, optional
        What ``--course`` says, or else the variable ``NNCOURSE_ROOT``. Without either it is the current folder or the
        nearest one above it that holds ``_config.yml`` and ``solutions/``, or nbgrader's configuration and sources.

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
        if sources(Path(said)).is_dir():
            return Path(said).resolve()
        raise CourseError(f"{said} is no course: expected a folder with solutions/ or source/ in it")
    for folder in (here, *here.parents):
        ours = (folder / "_config.yml").exists() and (folder / "solutions").exists()
        if ours or ((folder / CONFIG).is_file() and sources(folder).is_dir()):
            return folder
    raise CourseError(
        f"there is no course in {here}, nor in a folder above it: expected one with _config.yml and solutions/ in it, "
        f"or with {CONFIG} and source/. Go there, or name it: --course FOLDER, or the variable NNCOURSE_ROOT"
    )


def settings(root: Path) -> Config:
    """What the course's ``nbgrader_config.py`` says."""
    path = root / CONFIG
    return PyFileConfigLoader(path.name, str(path.parent)).load_config() if path.is_file() else Config()


def sources(root: Path) -> Path:
    """The folder of the source notebooks: what nbgrader's configuration names, or ``solutions/``, or ``source/``."""
    config = root / CONFIG
    named = _named(root, config.stat().st_mtime_ns) if config.is_file() else ""
    found = [root / "solutions", root / "source"]
    return root / named if named else next((folder for folder in found if folder.is_dir()), found[0])


@functools.cache  # it is asked for with each item, and the file is a program
def _named(root: Path, _: int) -> str:
    return str(settings(root).CourseDirectory.get("source_directory", ""))


def books_of(folder: Path) -> list[str]:
    """The notebooks of an assignment, by name without ``.ipynb``: each is run by itself."""
    return sorted(path.stem for path in folder.glob("*.ipynb") if not path.name.startswith("."))


def beside(root: Path, assignment: str) -> dict[str, bytes]:
    """What lies beside an assignment's notebooks for students to use, by its path: data, modules, pictures.

    It is what nbgrader would hand out, so ``CourseDirectory.ignore`` says what is not; and never how it is judged.
    """
    folder, ignored = sources(root) / assignment, settings(root).CourseDirectory.get("ignore", IGNORED)
    found = {}
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        if not path.is_file() or path.suffix == ".ipynb" or names in (("checks.py",), ("mistakes.toml",)):
            continue
        if not any(fnmatch.fnmatch(name, pattern) for name in names for pattern in ignored):
            found["/".join(names)] = path.read_bytes()
    return found


def libraries(root: Path) -> list[str] | None:
    """The libraries that students may use by ``c.Check.libraries``; None where the course says nothing.

    Raises
    ------
    CourseError
        If it is no list of names, or names what is never there.
    """
    said = settings(root).Check.get("libraries")
    if said is None:
        return None
    if not isinstance(said, list | tuple | set) or not all(isinstance(name, str) for name in said):
        raise CourseError(f'{root / CONFIG}: c.Check.libraries is a list of names, as ["scipy", "sympy"]')
    if never := sorted(NEVER & set(said)):
        raise CourseError(f"{root / CONFIG}: c.Check.libraries names {never[0]}, which is never there when graded")
    return list(said)


def prefix(book: str, books: Collection[str]) -> str:
    """What stands before an item's name where a row has items of several notebooks."""
    return f"{book}/" if len(books) > 1 else ""
