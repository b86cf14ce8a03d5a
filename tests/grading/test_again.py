"""What is handed in again: the first time counts, and what a person gave stays."""

import shutil

import pytest
from nbgrader.api import Gradebook

EARLY, DUE, LATE = (f"2026-03-0{day} 12:00:00 UTC" for day in (1, 2, 3))


def stamped(small, student, when, **answers):
    small.hand_in(student, **answers)
    (small.path(student).parent / "timestamp.txt").write_text(when)


def read_by_a_person(small, *students):
    with Gradebook(f"sqlite:///{small.state / 'gradebook.db'}") as book:
        book.update_or_create_assignment("small", duedate=DUE)
        for student in students:
            grade = book.find_grade("why", "small", "small", student)
            grade.manual_score, grade.needs_manual_grade = 1, False
        book.db.commit()


@pytest.fixture
def handed_in(small):
    """Graded in time, and read by a person."""
    students = ("same", "changed", "renamed", "module", "back", "unread")
    for student in students:
        stamped(small, student, EARLY)
    (small.path("module").parent / "helper.py").write_text("two = 2")
    small.run()
    read_by_a_person(small, *students[:-1])
    return small


def test_again_after_the_due_date(handed_in):
    """The same bytes are in time and need nobody; a changed notebook, or a changed module of it, is late."""
    small = handed_in
    stamped(small, "same", LATE)
    stamped(small, "unread", LATE)
    stamped(small, "changed", LATE, double="return x + x")
    (small.path("module").parent / "helper.py").write_text("two = 2.0")
    (small.path("module").parent / "timestamp.txt").write_text(LATE)
    stamped(small, "renamed", LATE)
    shutil.move(small.path("renamed"), small.path("renamed").with_name("small (1).ipynb"))
    small.run()
    rows = small.rows()
    got = {name: (row["status"], row["late"], float(row["total"]), row["waiting"]) for name, row in rows.items()}
    assert got == {
        "same": ("graded", "0", 6, ""),
        "unread": ("graded", "0", 5, "why"),
        "renamed": ("renamed", "0", 6, ""),
        "changed": ("late", "86400", 6, "why"),  # it is another answer: a person looks again
        "module": ("late", "86400", 6, "why"),
        "back": ("graded", "0", 6, ""),
    }


def test_back_to_what_was_in_time(handed_in):
    """Something else in between takes nothing away."""
    small = handed_in
    stamped(small, "back", LATE, double="return 3 * x")
    small.run()
    assert small.rows()["back"]["status"] == "late"
    stamped(small, "back", "2026-03-04 12:00:00 UTC")
    small.run()
    row = small.rows()["back"]
    assert (row["status"], float(row["total"])) == ("graded", 6)


def test_the_time_that_counts_outlives_the_journals_reader(handed_in):
    """A later round, in a new process, knows it from the journal; without a time it is the one that was known."""
    small = handed_in
    (small.path("same").parent / "timestamp.txt").unlink()
    small.run("--fresh")
    with Gradebook(f"sqlite:///{small.state / 'gradebook.db'}") as book:
        assert f"{book.find_submission('small', 'same').timestamp} UTC" == EARLY
    assert float(small.rows()["same"]["total"]) == 6
