"""What a student gets: the one record that all of the grading writes and every report reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["CONTROL", "UNSOLVED", "Row", "Status", "Student"]

UNSOLVED = "not solved yet"
# what no page, table or terminal should get: among these is what turns the direction of writing, and disguises a name
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
UNFIT = re.compile(rf"[<>\t\n\u2028\u2029]|{CONTROL.pattern}")
LONGEST = 128  # characters of a text that nbgrader's gradebook keeps of a student


class Status(StrEnum):
    """What became of a submission: exactly one for each student.

    From the file alone a submission is graded, renamed, several notebooks, missing, unreadable or too large; the
    others are known only after the notebook was run.
    """

    GRADED = "graded"
    PARTLY = "partly graded"
    LATE = "late"
    RENAMED = "renamed"
    SEVERAL = "several notebooks"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    NOT_GRADED = "not graded"

    @property
    def readable(self) -> bool:
        """Whether there was a notebook to run."""
        return self in (
            Status.GRADED,
            Status.PARTLY,
            Status.LATE,
            Status.RENAMED,
            Status.TIMED_OUT,
            Status.CRASHED,
        )


@dataclass(frozen=True)
class Student:
    """A line of the students file."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""

    def check(self) -> None:
        """Refuse what could be more than a name where it is shown.

        Raises
        ------
        ValueError
            In a sentence that names the column.
        """
        for column, text in vars(self).items():
            if found := UNFIT.search(text):
                kinds = "no name has < or >, a control character, or a mark that turns the direction of writing"
                raise ValueError(f"the {column} {text[:LONGEST]!r} has the character {found[0]!r}; {kinds}")
            if len(text) > LONGEST:
                raise ValueError(f"the {column} has {len(text)} characters, the gradebook keeps {LONGEST}")


@dataclass(frozen=True)
class Row:
    """What a student gets.

    Attributes
    ----------
    student : str
        The id.
    status : Status
        What became of the submission.
    items : dict
        Points of each item by its id, in the notebook's order.
    reasons : dict
        For each item that lost points, why, in one line.
    mistakes : dict
        For each item the names of the known mistakes that were recognized; there may be none.
    notes : list of str
        What was wrong with the submission as a whole.
    submission, source : str
        Hashes of what was graded, and with what.
    seconds, cpu : float
        Wall time of this submission, and seconds that the student's code computed.
    memory : int
        Peak of the student's process, in MB.
    waiting : list of str
        Items that a person has to read; until then they count as zero.
    late : float
        Seconds after the due date, 0 if in time or unknown.
    penalty : float
        Points that the gradebook takes away for being late.
    seed : int
        Of the inputs that the items were checked with.
    isolation : str
        How the student's code was kept apart from the machine: ``bubblewrap``, ``podman``, ``docker`` or ``none``;
        empty where nothing ran.
    person : Student, optional
        The line of the students file, if there is one.
    """

    student: str
    status: Status
    items: dict[str, float]
    reasons: dict[str, str]
    mistakes: dict[str, list[str]]
    notes: list[str]
    submission: str
    source: str
    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    waiting: list[str] = field(default_factory=list)
    late: float = 0.0
    penalty: float = 0.0
    seed: int = 0
    isolation: str = ""
    person: Student | None = field(default=None, compare=False)

    @property
    def total(self) -> float:
        """Sum over the items, less what is taken away; as in nbgrader's export, no less than nothing."""
        return max(0.0, sum(self.items.values()) - self.penalty)

    @property
    def final(self) -> bool:
        """Whether the total can be handed on: no fault of the grader, and nothing waits for a person."""
        return self.status is not Status.NOT_GRADED and not self.waiting

    @property
    def unsolved(self) -> list[str]:
        """Items that were left as they were handed out."""
        return [item for item, reason in self.reasons.items() if reason.endswith(UNSOLVED) or reason == "no answer"]

    @property
    def remarks(self) -> list[str]:
        """What went wrong, a sentence for each thing: first what concerns the whole submission."""
        late = [f"late by {duration(self.late)}"] * (self.late > 0)
        late += [f"{self.penalty:g} points are taken away for that"] * (self.penalty > 0)
        if self.status in (Status.GRADED, Status.RENAMED, Status.LATE):
            first, last = late, self.notes
        else:
            first, last = [f"{self.status}: {'; '.join(self.notes)}".removesuffix(": "), *late], []
        if not self.status.readable:  # every item has the same reason
            return first
        unsolved = self.unsolved
        if unsolved:
            first.append(f"{UNSOLVED}: {'everything' if len(unsolved) == len(self.items) else ', '.join(unsolved)}")
        return [*first, *(f"{item}: {why}" for item, why in self.reasons.items() if item not in unsolved), *last]


def duration(seconds: float) -> str:
    """A time in the unit that a person would use."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
