"""What a round changes of points that were there before: to be looked at before anything is returned."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from grading.keep import private
from grading.keep.journal import Checks
from grading.tell.report import texts

__all__ = ["Change", "append", "moved", "table"]


@dataclass(frozen=True)
class Change:
    """Points of an item, or a total, that are others than before.

    Attributes
    ----------
    when, student, item : str
        ``item`` is ``total`` for the sum.
    old, new : float
        As the gradebook had and has them, with what persons gave.
    why : str
        Why it was graded again.
    checks : str
        With which version of the checks.
    """

    when: str
    student: str
    item: str
    old: float
    new: float
    why: str
    checks: str


def moved(student: str, old: Mapping[str, float], new: Mapping[str, float], why: str, checks: Checks) -> list[Change]:
    """The items whose points are others, and the total at last; nothing, if all are as they were."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    pairs = {item: (old.get(item, 0.0), new.get(item, 0.0)) for item in {**old, **new}}
    pairs = {item: pair for item, pair in pairs.items() if pair[0] != pair[1]}
    if pairs:
        pairs["total"] = (max(0.0, sum(old.values())), max(0.0, sum(new.values())))
    return [Change(when, student, item, *pair, why, str(checks)) for item, pair in pairs.items()]


def append(path: Path, changes: Sequence[Change]) -> None:
    """Add changes to those of earlier rounds; no field is a formula to a spreadsheet."""
    if not changes:
        return
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    if not path.exists():
        rows.writerow([field.name for field in fields(Change)])
    for each in changes:
        rows.writerow([f"{part:g}" if isinstance(part, float) else texts(part)[0] for part in astuple(each)])
    with open(path, "a", encoding="utf-8", opener=private.opener) as file:
        file.write(lines.getvalue())


def table(changes: Iterable[Change]) -> str:
    """A line for each student: what changed, from what to what, and why."""
    found = dict[str, list[Change]]()
    for each in changes:
        found.setdefault(each.student, []).append(each)
    lines = []
    for student, own in found.items():
        items = ", ".join(f"{each.item} {each.old:g} → {each.new:g}" for each in own)
        lines.append(f"{student}: {items} ({own[0].why})")
    return "\n".join(lines)
