"""What an assignment declares of a graded function: its calls, its mistakes, its points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

__all__ = ["AssignmentError", "Call", "Case", "Group", "Item", "Mistake", "Reference", "Rng"]


class AssignmentError(ValueError):
    """A file of an assignment cannot be used; the sentence says which, what is wrong, and what to do."""


Call = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes
    ----------
    args, kwargs
        The inputs; every call gets its own copy.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Cases that earn their points together.

    Attributes
    ----------
    name : str
        What is tested, in words of the student.
    points : float
        Earned if every case passes.
    cases : callable
        From a generator to the cases.
    part : callable, optional
        Only this part of what is returned counts: from the value to the part.
    judge : callable, optional
        Replaces the comparison with the reference: from (value, case, reference) to a complaint, or None.
    deadline : float
        Seconds for each call.
    """

    name: str
    points: float
    cases: Callable[[np.random.Generator], Sequence[Case]]
    part: Callable[[Any], Any] | None = None
    judge: Callable[[Any, Case, Reference], str | None] | None = None
    deadline: float = 5.0


@dataclass(frozen=True)
class Mistake:
    """A wrong variant of the reference, written as edits of the reference's source.

    Attributes
    ----------
    name, hint, page : str
        What went wrong, the question that leads on, and the page that explains it.
    edits : tuple of (str, str)
        What to find between BEGIN and END SOLUTION, and what to put there. Each pattern must occur exactly once, so
        that a variant cannot silently become the reference, or more than was meant.
    """

    name: str
    hint: str
    page: str
    edits: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Item:
    """A graded function.

    Attributes
    ----------
    id, function : str
        The equation's id where there is one, and the function's name.
    groups : tuple of Group
        Their points add up to the item's.
    mistakes : tuple of Mistake
        Those that are named.
    asks : str
        The way that the task asks for: what follows "the task asks for". Right values got by another way earn nothing.
    calls : mapping of str to (int, int)
        The least and the most calls of earlier functions during one call of this one. Another way takes more.
    formula : bool
        A derivative by a formula is asked for. Code with complex numbers or with numbers of more digits is refused:
        complex steps and exact differences need them, and formulas do not.
    """

    id: str
    function: str
    groups: tuple[Group, ...]
    mistakes: tuple[Mistake, ...] = ()
    asks: str = "the derivative as a formula"
    calls: Mapping[str, tuple[int, int]] = field(default_factory=dict, hash=False)
    formula: bool = False

    @property
    def max_points(self) -> float:
        """Sum of the groups' points."""
        return sum(group.points for group in self.groups)


@dataclass(frozen=True)
class Reference:
    """The notebook's own solution: the functions, and the source of the cell that defines each."""

    functions: dict[str, Any]
    source: dict[str, str]

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return cast(Callable[..., Any], self.functions[name])


Rng = np.random.Generator
