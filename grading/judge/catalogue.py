"""The catalogue of mistakes: ``mistakes.toml`` beside ``checks.py``, and the one that assignments share above it.

A mistake is one entry, ``"name" = ['find', 'put', ..., "hint"]``, in the table of its item. One that is made in
several ways, as a clip at another constant, has a list for each: ``[['find', 'put'], ['find', 'put'], "hint"]``.
What an entry leaves out, the edits or the hint, is that of the shared entry of its name. ``page = "..."``, or
``page = "...#label of a section"``, stands before all tables, or in one. ``page = ""``: nothing explains it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from grading.judge.item import AssignmentError, Item, Mistake

__all__ = ["CATALOGUE", "text_of", "with_mistakes"]

CATALOGUE = "mistakes.toml"
FORM = (
    "a list of texts: for each edit what to find and what to put there, and then the hint; "
    "or for each way of making the mistake a list of its edits, and then the hint"
)
Edits = tuple[tuple[str, str], ...]


def with_mistakes(items: Iterable[Item], folder: Path) -> tuple[Item, ...]:
    """The items of an assignment, with the mistakes that its catalogue declares.

    Parameters
    ----------
    items : iterable of Item
        As ``checks.py`` declares them.
    folder : Path
        The assignment's.

    Returns
    -------
    tuple of Item

    Raises
    ------
    AssignmentError
        If a table is of no item, or an entry has another form; the sentence names file, item and entry.
    """
    items, path = tuple(items), folder / CATALOGUE
    shared, tables = _read(folder.parent / CATALOGUE), _read(path)
    page, ids = tables.pop("page", None), [item.id for item in items]
    for name in tables:
        if name not in ids:
            raise AssignmentError(f"{path}: [{name}] is no item of checks.py; its items are {', '.join(ids)}")
    return tuple(
        replace(item, mistakes=(*item.mistakes, *_mistakes(f"{path}, [{item.id}]", tables[item.id], page, shared)))
        if item.id in tables
        else item
        for item in items
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise AssignmentError(f"{path} is no TOML: {error}") from None


def text_of(path: Path) -> str:
    """The text of a file that a lecturer wrote, in whatever editor."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AssignmentError(f"{path} is not in UTF-8, at byte {error.start}: save it in UTF-8") from None


def _mistakes(where: str, table: Any, page: Any, shared: Mapping[str, Any]) -> Iterable[Mistake]:
    entries = dict(table) if isinstance(table, dict) else {"": table}
    page = entries.pop("page", page)
    if not isinstance(page, str):
        said = 'page = "..." is missing, here or before all tables, or it is no text; "" is no page'
        raise AssignmentError(f"{where}: {said}")
    for name, entry in entries.items():
        hint, ways = _parts(f"{where}, {name!r}", entry)
        known, usual = _parts(f"{CATALOGUE} of all assignments, {name!r}", shared.get(name, []))
        if not (hint or known) or not (ways or usual):
            lacks = "edits" if hint or known else "hint"
            raise AssignmentError(
                f"{where}, {name!r} has no {lacks}, and no mistake of this name is shared; write {FORM}"
            )
        yield from (Mistake(name, hint or known, page, edits) for edits in ways or usual)


def _parts(where: str, entry: Any) -> tuple[str, list[Edits]]:
    """The hint, if there is one at the end, and the edits of each way."""
    if isinstance(entry, list):
        several = bool(entry) and isinstance(entry[0], list)
        hint = entry[-1] if (several and isinstance(entry[-1], str)) or (not several and len(entry) % 2) else ""
        rest = entry[:-1] if hint else entry
        ways = rest if several else [rest]
        if all(isinstance(way, list) and len(way) % 2 == 0 for way in ways) and all(
            isinstance(text, str) for way in [*ways, [hint]] for text in way
        ):
            return hint, [tuple(zip(way[::2], way[1::2], strict=True)) for way in ways if way]
    raise AssignmentError(f"{where} is {entry!r}; write {FORM}")
