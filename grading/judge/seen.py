"""What was seen of a group: each call, what it gave, what is right there, and the first complaint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from grading.judge.call import OWN, Outcome, bounded, nested
from grading.judge.compare import changed, difference
from grading.judge.item import Group
from grading.judge.truth import Truth
from grading.record import GroupVerdict, Reason, Why

__all__ = ["Seen"]


@dataclass
class Seen:
    """The calls of a group.

    Attributes
    ----------
    group : Group
        What is asked.
    tried : list of (Outcome, Truth)
        What each call gave, and what is right there.
    why : Why, optional
        The first complaint.
    first : int
        The call that it is about.
    """

    group: Group
    tried: list[tuple[Outcome, Truth]] = field(default_factory=list)
    why: Why | None = None
    first: int = 0

    def add(self, found: Outcome, truth: Truth) -> None:
        """Take in a call."""
        self.tried.append((found, truth))
        if not self.why and (why := found.why or self.complaint(found, truth)):
            self.why, self.first = why, len(self.tried) - 1

    def complaint(self, found: Outcome, truth: Truth) -> Why | None:
        """What is wrong with what was returned.

        Raises
        ------
        RuntimeError
            If the reference fails: a fault of the assignment.
        """
        if not self.group.judge and truth.outcome.why:
            raise RuntimeError(f"the reference {truth.item.function} failed: {truth.outcome.why}")
        try:
            with bounded(OWN):
                if self.group.judge:
                    said = self.group.judge(found.value, truth.case, truth.reference)
                    return Reason.JUDGED(words=str(said)) if said else None
                value, right = self._part(found), self._part(truth.outcome)
                why = difference(value, right, truth.case, lambda: list(self._others(truth)))
                return why and Why(why.reason, {**why.data, "inputs": truth.inputs})
        except TimeoutError:
            return Reason.JUDGE_LATE()
        except Exception:  # too few parts, or parts of another kind
            return Reason.FORM()

    def parted(self, outcome: Outcome) -> Outcome:
        """The part that counts of what a call gave."""
        if outcome.why or not self.group.part:
            return outcome
        try:
            return Outcome(self._part(outcome))
        except Exception:
            return Outcome(why=Reason.FORM())

    def _part(self, outcome: Outcome) -> object:
        return nested(self.group.part(outcome.value)) if self.group.part else outcome.value

    def _others(self, truth: Truth) -> Iterator[object]:
        yield from (self.parted(Outcome(value)).value for value in truth.others)

    def charge(self) -> bool:
        """Whether an argument is not as it was after a call; then that is the complaint."""
        for number, (found, truth) in enumerate(self.tried):
            for place, (now, before) in enumerate(zip(found.left, truth.case.args, strict=False)):
                if changed(now, before):
                    why = Reason.CHANGED(function=truth.item.function, name=truth.names[place])
                    self.why, self.first = why, number
                    return True
        return False

    def verdict(self, another: Why | None) -> GroupVerdict:
        """Its points; none if the values were found by another way than the task asks for."""
        group, why = self.group, another or self.why
        return GroupVerdict(group.name, 0.0 if why else float(group.points), float(group.points), why)
