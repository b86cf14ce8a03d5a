"""What a student gets, and why: the records that all of the grading writes, and every report reads.

They hold values and no sentences, but for what comes from elsewhere: an exception's text, a complaint of an
assignment's own judge, what the intake says of a file. The words are `grading.tell.words`. All of it goes to JSON and
back.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import Enum, StrEnum, auto
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["CONTROL", "GroupVerdict", "Hint", "Reason", "Row", "Status", "Stop", "Student", "Verdict", "Why"]

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
    """A line of the students file.

    Attributes
    ----------
    id, first_name, last_name, email : str
        What the gradebook keeps. The others are what a platform calls the student.
    number : str
        The platform's own: Canvas's "ID", or Moodle's number of a participant, another one for each assignment.
    official : str
        Canvas's "SIS User ID", Moodle's "ID number".
    login : str
        With what they log in there.
    group : str
        Whose submission is theirs too; several are separated by commas.
    section : str
        Canvas's.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""
    official: str = ""
    login: str = ""
    group: str = ""
    section: str = ""

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


class Reason(StrEnum):
    """Why an item or a group lost its points, a cell came to no end, or something has to be said of a submission.

    Called with its data it is a `Why`: ``Reason.LATE(seconds=5.0)``.
    """

    # of an item
    RIGHT = auto()
    MISTAKE = auto()
    NO_ANSWER = auto()
    ANSWER_RAISED = auto()
    ANSWER_DELETED = auto()
    STATUS = auto()
    NO_POINTS = auto()
    OUT_OF_RANGE = auto()
    # of a call
    UNSOLVED = auto()
    RAISED = auto()
    LATE = auto()
    INTERRUPTED = auto()
    ENDLESS = auto()
    NOT_NUMBERS = auto()
    MISSING = auto()
    NO_FUNCTION = auto()
    BORROWED = auto()
    ABSENT = auto()
    # of the way it went
    CHANGED = auto()
    CALLS = auto()
    STEPS = auto()
    # of a value
    PARTS = auto()
    NO_ARRAY = auto()
    SHAPE = auto()
    NOT_FINITE = auto()
    PRECISION = auto()
    OFF = auto()
    FORM = auto()
    JUDGED = auto()
    JUDGE_LATE = auto()
    # of a cell, or of the process in which it runs
    TIME_LIMIT = auto()
    UNSTOPPABLE = auto()
    ENDED = auto()
    GARBLED = auto()
    BROKEN = auto()
    OVER_LIMIT = auto()
    # of a test beside the student's code
    TEST_FAILED = auto()
    TEST_HIDDEN = auto()
    TEST_STDERR = auto()
    TEST_PART = auto()
    # of what was not run, or not checked
    CELLS_LATE = auto()
    CHECKS_LATE = auto()
    GONE = auto()
    GIVEN_UP = auto()
    FAULT = auto()
    # of a submission
    NOTED = auto()
    DELETED = auto()
    CELLS_STOPPED = auto()
    CELLS_LOST = auto()
    NO_VERDICT = auto()
    HANDED_LATE = auto()
    PENALTY = auto()
    UNISOLATED = auto()
    STRANGER = auto()
    NOT_THERE = auto()
    NOBODY_THERE = auto()
    NOT_DONE = auto()
    NO_MAGIC = auto()
    BESIDE = auto()
    FARTHER = auto()
    OWN_CELL = auto()
    IN_DOUBT = auto()

    def __call__(self, **data: Any) -> Why:
        return Why(self, data)

    @property
    def too_late(self) -> bool:
        """Whether the time of a cell, or of a call, was over."""
        return self in (Reason.TIME_LIMIT, Reason.UNSTOPPABLE)

    @property
    def died(self) -> bool:
        """Whether a process was ended, or could not be used any more."""
        return self in (Reason.ENDED, Reason.GARBLED, Reason.BROKEN, Reason.OVER_LIMIT)


@dataclass(frozen=True)
class Why:
    """A reason and its data: numbers, names, shapes, as JSON has them."""

    reason: Reason
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """A cell that came to no end.

    Attributes
    ----------
    cell : str
        Its id.
    name : str
        What nbgrader knows it by; empty for a student's own.
    line : str
        The beginning of its first line.
    why : Why
        Why it has stopped.
    """

    cell: str
    name: str
    line: str
    why: Why

    @property
    def raised(self) -> bool:
        """Whether it was by an exception of its own."""
        return self.why.reason is Reason.RAISED


@dataclass(frozen=True)
class GroupVerdict:
    """Points of one group of calls, and if it did not pass, why."""

    name: str
    points: float
    max_points: float
    why: Why | None = None


@dataclass(frozen=True)
class Hint:
    """A known mistake: its name, the question that leads on, and the page that explains it."""

    name: str
    hint: str
    page: str


@dataclass(frozen=True)
class Verdict:
    """What came of an item.

    Attributes
    ----------
    item, function : str
        The item's id, and the function that was checked.
    points : float, optional
        None if it came to no verdict.
    max_points : float
        What could be earned.
    groups : tuple of GroupVerdict
        What the check found, group by group.
    mistakes : tuple of Hint
        Those that were recognized, which give all that was seen.
    why : Why, optional
        Why points are missing, where the groups do not say it.
    beside : bool
        Whether it was made where the student's code runs, which can forge it.
    """

    item: str
    points: float | None = None
    max_points: float = 0.0
    function: str = ""
    groups: tuple[GroupVerdict, ...] = ()
    mistakes: tuple[Hint, ...] = ()
    why: Why | None = None
    beside: bool = False

    @property
    def failed(self) -> GroupVerdict | None:
        """The first group that did not pass."""
        return next((group for group in self.groups if group.why), None)

    @property
    def reason(self) -> Reason:
        """Why points are missing; right, if none are."""
        if self.why:
            return self.why.reason
        if self.mistakes:
            return Reason.MISTAKE
        return self.failed.why.reason if self.failed and self.failed.why else Reason.RIGHT


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
        Points of each item by its id, in the notebook's order: as a person may have changed them.
    verdicts : dict
        What came of each item when it was checked; of one that waits for a person there is none.
    notes : list of Why
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
    items: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[Why] = field(default_factory=list)
    submission: str = ""
    source: str = ""
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
    def lost(self) -> dict[str, Verdict]:
        """What came of those items that have not all of their points."""
        return {item: each for item, each in self.verdicts.items() if self.items.get(item, 0.0) < each.max_points}

    @property
    def beside(self) -> list[str]:
        """Items that were judged beside the student's code: whoever wrote that can have fooled them."""
        return [item for item, verdict in self.verdicts.items() if verdict.beside]

    @property
    def mistakes(self) -> dict[str, list[str]]:
        """For each item the names of the known mistakes, where there are some."""
        return {item: [one.name for one in each.mistakes] for item, each in self.verdicts.items() if each.mistakes}

    @property
    def unsolved(self) -> list[str]:
        """Items that were left as they were handed out."""
        left = (Reason.UNSOLVED, Reason.NO_ANSWER)
        return [item for item, verdict in self.lost.items() if verdict.reason in left]

    def plain(self) -> dict[str, Any]:
        """All but the person, as JSON has it."""
        return {name: value for name, value in asdict(self).items() if name != "person"}

    @classmethod
    def loaded(cls, plain: dict[str, Any]) -> Row:
        """A row from what `plain` made; a ``TypeError`` or ``ValueError`` for anything else."""
        kind: Any = cls
        made: Row = _reader(kind)({**plain, "person": None})
        return made


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """From what JSON made of a value of a kind, a record or a type of its fields, to the value; strictly.

    It raises a ``TypeError`` or a ``ValueError`` for anything else. What it takes to look at a type is paid once.
    """
    origin, parts = get_origin(kind), tuple(map(_reader, get_args(kind)))

    def record(value: Any) -> Any:
        if not isinstance(value, dict) or value.keys() != fields_of.keys():
            raise TypeError(f"no {kind.__name__}")
        return kind(**{name: read(value[name]) for name, read in fields_of.items()})

    def several(value: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is no {kind}")
        return origin(map(parts[0], value))

    def mapping(value: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is no {kind}")
        return {parts[0](key): parts[1](each) for key, each in value.items()}

    def plain(value: Any) -> Any:
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise TypeError(f"{value!r} is no {kind}")
        return value

    if is_dataclass(kind):
        hints = get_type_hints(kind)
        fields_of = {each.name: _reader(hints[each.name]) for each in fields(kind)}
        return record
    if kind is Any:
        return lambda value: value
    if origin is UnionType:
        return lambda value: None if value is None else parts[0](value)
    if origin in (list, tuple):
        return several
    if origin is dict:
        return mapping
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else plain
