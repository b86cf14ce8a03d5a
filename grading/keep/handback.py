"""What goes back to a learning platform: the rows for its import, and feedback in Moodle's layout."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grading.intake import find
from grading.intake.archive import some
from grading.intake.classlist import ClassList
from grading.keep.round import Course
from grading.record import Row, Status, Student
from grading.tell import words

__all__ = ["feedback_zip", "handed_on"]


def handed_on(
    rows: Sequence[Row], students: ClassList, kind: str, assignment: str, allow_missing: bool = False
) -> tuple[list[Row], str, list[str]]:
    """The rows for a platform.

    Parameters
    ----------
    rows : sequence of Row
        With persons.
    students : ClassList
        Empty, if there is none.
    kind : str
        The platform.
    assignment : str
        Its name here.
    allow_missing : bool
        Whether who is missing has nothing in, though somebody is graded who is not on the list.

    Returns
    -------
    rows : list of Row
        Of students on the list. Who has another row under the list's id has that alone.
    name : str
        The assignment's name there.
    said : list of str
        What was left out or has to be looked at, a line each.
    """
    kept, said, there = list(rows), list[str](), {row.student for row in rows}
    if students:
        strange = [row.student for row in rows if not row.person]
        said += [f"left out, not on the class list: {some(strange)}"] * bool(strange)
        kept = [row for row in rows if row.person and (row.person.id == row.student or row.person.id not in there)]
        graded = [row.student for row in rows if not row.person and row.status.readable]
        missing = [row for row in kept if row.status is Status.MISSING]
        if graded and missing and not allow_missing:
            kept = [row for row in kept if row not in missing]
            whose = some([f"{' '.join(_named(row))} ({row.student})".strip() for row in missing])
            said.append(
                f"left out, not final: nothing was found of {whose}, and {some(graded)} is graded and not on the list. "
                "Is one the other? Name folders by ids of the list; if they really handed in nothing: --allow-missing"
            )
    waiting = sum(not row.final for row in kept)
    if waiting:
        said.append(f"left out, as the points are not final: {waiting} of {words.number(len(kept), 'student')}")
    column = students.column(assignment) if students.platform == kind else ""
    if students.platform == kind and not column:
        told = f"; there is {some(list(students.columns))}" * bool(students.columns)
        said.append(f"no column of the list is clearly that of {assignment}: the import makes a new one{told}")
    if students.platform not in ("", kind):  # the numbers of one platform say nothing to another
        kept = [replace(row, person=_plain(row.person)) for row in kept]
    if kind == "canvas" and not any(row.person and row.person.number for row in kept):
        said.append("Canvas has to go by SIS IDs and logins: for its own IDs, give --students its exported gradebook")
    return kept, column or assignment, said


def _named(row: Row) -> list[str]:
    return [name for name in (row.person.first_name, row.person.last_name) if name] if row.person else []


def _plain(person: Student | None) -> Student | None:
    return person and Student(person.id, person.first_name, person.last_name, person.email)


def feedback_zip(course: Course, rows: Sequence[Row], students: Mapping[str, Student]) -> tuple[bytes, int, list[str]]:
    """The feedback pages for Moodle's "Upload multiple feedback files in a zip".

    Moodle knows a participant by the number in the folder's name, which is another one for each assignment. It stands
    in the names of what was downloaded, and in the grading worksheet.

    Parameters
    ----------
    course : Course
        The assignment.
    rows : sequence of Row
        All but those where the grader failed come into it: a page says itself what waits for a person.
    students : mapping
        The class list.

    Returns
    -------
    data : bytes
        The zip.
    count : int
        How many pages are in it.
    left_out : list of str
        Who handed in something, and has no page there.
    """
    places = dict[str, find.Place]()
    with contextlib.suppress(OSError, ValueError):
        places, _ = find.submissions(course.place, course.assignment, students)
    file, count, left_out = io.BytesIO(), 0, list[str]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in rows:
            person, place = row.person, places.get(row.student)
            name = f"{person.first_name} {person.last_name}".strip() if person else ""
            listed = f"{name or 'Participant'}_{person.number}" if person and person.number else ""
            folder = listed or (place.moodle if place else "")
            pages = {book: course.file("feedback", row.student, book, "html") for book in course.books}
            if folder and row.status is not Status.NOT_GRADED and all(page.is_file() for page in pages.values()):
                for book, page in pages.items():
                    own = "feedback" if len(pages) == 1 else book
                    inside = f"{folder.replace('/', ' ')}_assignsubmission_file_/{own}.html"
                    archive.writestr(inside, page.read_bytes())
                    count += 1
            elif row.status is not Status.MISSING:
                left_out.append(row.student)
    return file.getvalue(), count, left_out
