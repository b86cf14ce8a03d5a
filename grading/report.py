"""What an instructor sees of a round: a table for the terminal and a CSV file."""

from __future__ import annotations

import csv
import io
import os
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from grading.intake import Status
from grading.run import Row

__all__ = ["WIDTH", "grades_csv", "replace_file", "table"]

WIDTH = 120
UNSOLVED = "not solved yet"


def remarks(row: Row) -> list[str]:
    """What went wrong, a sentence for each thing: first what concerns the whole submission."""
    said = [] if row.status in (Status.OK, Status.RENAMED) else [f"{row.status}: {'; '.join(row.notes) or 'no reason'}"]
    if said:
        return said
    unsolved = [name for name, reason in row.reasons.items() if reason.endswith(UNSOLVED) or reason == "no answer"]
    said += [f"{UNSOLVED}: {'everything' if len(unsolved) == len(row.items) else ', '.join(unsolved)}"] * bool(unsolved)
    said += [f"{name}: {reason}" for name, reason in row.reasons.items() if name not in unsolved]
    return said + row.notes


def table(rows: Sequence[Row], points: Mapping[str, float]) -> str:
    """Lay the rows out in at most 120 columns.

    Parameters
    ----------
    rows : sequence of Row
        One for each student.
    points : mapping
        The items in order, with their maximum.

    Returns
    -------
    str
        Items are numbered; the numbers are explained above the table.
    """
    items = [f"{number} {name} ({most:g})" for number, (name, most) in enumerate(points.items(), 1)]
    lines = textwrap.wrap(
        "Items: " + ", ".join(item.replace(" ", "\0") for item in items),
        WIDTH,
        subsequent_indent=" " * 7,
        break_on_hyphens=False,
    )
    lines = [line.replace("\0", " ") for line in lines]
    most = sum(points.values())
    wide = min(24, max([len("student"), *(len(row.student) for row in rows)]))
    cells = [max(len(str(number)), len(f"{top:g}"), 3) for number, top in enumerate(points.values(), 1)]
    total = max(len("total"), len(f"{most:g}"))
    head = [f"{number:>{cell}}" for number, cell in enumerate(cells, 1)]
    start = f"{'student':<{wide}}  {' '.join(head)}  {'total':>{total}}  "
    lines += ["", start + "what went wrong", "-" * WIDTH]
    for row in rows:
        name = row.student if len(row.student) <= wide else row.student[: wide - 1] + "…"
        shown = {**{item: f"{got:.4g}" for item, got in row.items.items()}, **dict.fromkeys(row.waiting, "?")}
        got = [f"{shown[item]:>{cell}}" for item, cell in zip(points, cells, strict=True)]
        first = f"{name:<{wide}}  {' '.join(got)}  {row.total:>{total}.4g}  "
        said = [
            line
            for remark in remarks(row)
            for line in textwrap.wrap(
                remark, max(20, WIDTH - len(start)), subsequent_indent="  ", break_on_hyphens=False
            )
        ]
        lines.append((first + (said[0] if said else "")).rstrip())
        lines += [" " * len(start) + line for line in said[1:]]
    full = sum(row.total == most for row in rows)
    broken = sum(not row.status.readable for row in rows)
    mean = sum(row.total for row in rows) / max(1, len(rows))
    lines += ["-" * WIDTH]
    if any(row.waiting for row in rows):
        lines.append("? waits for a person to read it in formgrader, and counts as zero until then")
    lines.append(f"{len(rows)} students, {full} with all {most:g} points, {broken} not gradable, mean {mean:.4g}")
    return "\n".join(lines)


def grades_csv(rows: Sequence[Row], points: Mapping[str, float]) -> str:
    """The grades for a spreadsheet, a line for each student."""
    file = io.StringIO()
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["student", "first_name", "last_name", "email", "status", *points, "total", "max_points", "remarks"])
    for row in rows:
        who = [row.person.first_name, row.person.last_name, row.person.email] if row.person else ["", "", ""]
        got = [f"{row.items.get(item, 0):g}" for item in points]
        end = [
            f"{row.total:g}",
            f"{sum(points.values()):g}",
            "; ".join([*remarks(row), *(f"{item}: waits for a person" for item in row.waiting)]),
        ]
        out.writerow([row.student, *(_plain(text) for text in who), row.status, *got, *end[:2], _plain(end[2])])
    return file.getvalue()


def _plain(text: str) -> str:
    """A spreadsheet must not take a text for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def replace_file(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, 0o644)
    os.replace(name, path)
