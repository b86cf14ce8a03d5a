"""What an instructor sees of a round: a table for the terminal, files for spreadsheets and course systems, a page."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from grading.record import CONTROL, Row, Student
from grading.tell import words
from grading.tell.report_html import html

__all__ = ["KINDS", "WIDTH", "export", "html", "table", "texts"]

WIDTH = 120


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
    beside = {item for row in rows for item in row.beside}
    items = [
        f"{number} {name}{'*' * (name in beside)} ({most:g})" for number, (name, most) in enumerate(points.items(), 1)
    ]
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
        got = [f"{shown.get(item, ''):>{cell}}" for item, cell in zip(points, cells, strict=True)]
        first = f"{name:<{wide}}  {' '.join(got)}  {row.total:>{total}.4g}  "
        said = [
            line
            for remark in words.remarks(row)
            for line in textwrap.wrap(
                remark, max(20, WIDTH - len(start)), subsequent_indent="  ", break_on_hyphens=False
            )
        ]
        lines.append((first + (said[0] if said else "")).rstrip())
        lines += [" " * len(start) + line for line in said[1:]]
    full, more = (sum(row.total > least for row in rows) for least in (most - 1e-9, most + 1e-9))
    broken = sum(not row.status.readable for row in rows)
    mean = sum(row.total for row in rows) / max(1, len(rows))
    lines += ["-" * WIDTH]
    if beside:
        lines.append("* judged beside the student's code: can be fooled")
    if any(row.waiting for row in rows):
        lines.append("? waits for a person to read it in formgrader, and counts as zero until then")
    have = f"{full} with all {words.number(most, 'point')}{f' ({more} of them with more)' * bool(more)}"
    lines.append(f"{words.number(len(rows), 'student')}, {have}, {broken} not gradable, mean {mean:.4g}")
    return CONTROL.sub("", "\n".join(lines))


# ---------------------------------------------------------------------------------------------- CSV files


Lines = Iterator[list[str]]


def export(
    rows: Sequence[Row],
    points: Mapping[str, float],
    kind: str,
    assignment: str,
    checks: Mapping[str, str] | None = None,
) -> str:
    """The grades as a CSV file.

    What the class list has from the platform, goes back to it: Canvas's ID, SIS User ID, SIS Login ID and section, and
    Moodle's ID number. Without it our own id stands where Canvas looks for a SIS user and for a login, and where Moodle
    has the ID number.

    Parameters
    ----------
    rows : sequence of Row
        One for each student.
    points : mapping
        The items in order, with their maximum.
    kind : {"plain", "canvas", "moodle"}
        ``plain`` says all there is to say. ``canvas`` is for the import of Canvas's gradebook, ``moodle`` for Moodle's
        grade import, where a person is found by "ID number" or "Email address". The last two hold nobody whose total
        is not final (`Row.final`): an empty grade, like a preliminary one, would replace what is there.
    assignment : str
        Its name in the course system.
    checks : mapping, optional
        By which version of the checks a row was graded, by its ``source``: for ``plain``.

    Returns
    -------
    str
        No field is a formula to a spreadsheet.

    Raises
    ------
    ValueError
        If the kind is another one.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no export of the kind {kind!r}; there is {', '.join(KINDS)}")
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(KINDS[kind](rows, points, assignment, checks or {}))
    return file.getvalue()


def _everything(rows: Sequence[Row], points: Mapping[str, float], assignment: str, checks: Mapping[str, str]) -> Lines:
    most = f"{sum(points.values()):g}"
    person = ["student", "first_name", "last_name", "email"]
    yield [
        *person,
        "status",
        "late",
        *points,
        "total",
        "max_points",
        "waiting",
        "mistakes",
        "isolation",
        "judged_beside",
        "checks",
        "remarks",
    ]
    for row in rows:
        mistakes = [f"{item}: {name}" for item, names in row.mistakes.items() for name in names]
        remarks = [*words.remarks(row), *(f"{item}: waits for a person" for item in row.waiting)]
        yield [
            *texts(row.student, *_names(row), row.status),
            f"{row.late:.0f}",
            *(f"{row.items.get(item, 0):g}" for item in points),
            f"{row.total:g}",
            most,
            *texts("; ".join(row.waiting), "; ".join(mistakes), row.isolation, "; ".join(row.beside)),
            *texts(checks.get(row.source, row.source[:8]), "; ".join(remarks)),
        ]


def _canvas(rows: Sequence[Row], points: Mapping[str, float], assignment: str, checks: Mapping[str, str]) -> Lines:
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *texts(assignment)]
    yield ["    Points Possible", "", "", "", "", f"{sum(points.values()):g}"]
    for row in filter(lambda row: row.final, rows):
        first, last, _ = _names(row)
        name = ", ".join(part for part in (last, first) if part) or row.student
        person = row.person or Student(row.student)
        ids = [person.number, person.official, person.login]
        yield [*texts(name, *(ids if any(ids) else ["", row.student, row.student]), person.section), f"{row.total:g}"]


def _moodle(rows: Sequence[Row], points: Mapping[str, float], assignment: str, checks: Mapping[str, str]) -> Lines:
    yield ["ID number", "First name", "Last name", "Email address", *texts(assignment), "Feedback comments"]
    for row in filter(lambda row: row.final, rows):
        person = row.person or Student(row.student)
        other = row.student in (person.email, person.login, person.number)  # then it is no ID number
        told = "; ".join(words.remarks(row, student=True))
        yield [*texts(person.official or row.student * (not other), *_names(row)), f"{row.total:g}", *texts(told)]


KINDS: dict[str, Callable[[Sequence[Row], Mapping[str, float], str, Mapping[str, str]], Lines]] = {
    "plain": _everything,
    "canvas": _canvas,
    "moodle": _moodle,
}


def _names(row: Row) -> tuple[str, str, str]:
    person = row.person or Student(row.student)
    return person.first_name, person.last_name, person.email


def texts(*values: str) -> list[str]:
    """Texts for a table. Each in one line, and none that a spreadsheet takes for a formula.

    Where a list is separated by semicolons, as in much of Europe, a semicolon starts a cell too.
    """
    return [re.sub(r"(^|;)(?=\s*[=+\-@＝＋－＠])", r"\1'", " ".join(CONTROL.sub(" ", text).split())) for text in values]
