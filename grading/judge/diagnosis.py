"""The known mistake, or the two together, that give all that was seen."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence

import numpy as np

from grading.judge.call import Outcome, attempt
from grading.judge.compare import arrays, same
from grading.judge.item import Call, Case, Item, Mistake, Reference
from grading.judge.reference import variant
from grading.judge.seen import Seen
from grading.judge.truth import Truth
from grading.record import Reason

__all__ = ["diagnose"]

SECONDS = 20.0  # of computing in which a known mistake is looked for
Alike = Callable[[Outcome, Outcome, Case], bool]


def diagnose(item: Item, reference: Reference, seen: Sequence[Seen]) -> tuple[Mistake, ...]:
    """The known mistake that explains each group that failed, and leaves right what passed; or else two of them.

    What was seen is compared with what a variant of the solution gives, group by group, in the part that counts there.
    Of two mistakes each must by itself leave right what passed. An exception is a result too: the variant must raise
    the same. Where nothing but exceptions was seen, they must speak of the same numbers, as of shapes that do not fit,
    and one mistake alone may do so. Nothing is named from zeros.

    Parameters
    ----------
    item : Item
        Whose mistakes are known.
    reference : Reference
        The solution, of which variants are made.
    seen : sequence of Seen
        What the groups of calls gave.

    Returns
    -------
    tuple of Mistake
        One, two in the order in which they were made, or none.
    """
    compared = [each for each in seen if not each.group.judge and not any(found.over for found, _ in each.tried)]
    failed = [each for each in compared if each.why and each.why.reason is not Reason.CHANGED]
    passed = [each for each in compared if each not in failed]
    values = [array for each in compared for found, _ in each.tried for array in arrays(found.value)]
    if not failed or not (any(map(np.any, values)) or not values):
        return ()
    variants = _Variants(item, reference)
    if all(found.why or not each.complaint(found, truth) for each in failed for found, truth in each.tried):
        named = [(known,) for known in item.mistakes if variants.explain((known,), [*failed, *passed], _same_numbers)]
        return named[0] if len({known.name for (known,) in named}) == 1 else ()
    singles = [(known,) for known in item.mistakes]
    usual = {known.name: known for known in reversed(item.mistakes)}  # of a pair's, the first way of each
    pairs = itertools.permutations(reversed(usual.values()), 2)
    for mistakes in itertools.chain(singles, pairs):
        if variants.late:
            break
        if variants.explain(mistakes, [*failed, *passed], same) and (
            len(mistakes) == 1 or all(variants.explain((each,), passed, same) for each in mistakes)
        ):
            return mistakes
    return ()


class _Variants:
    """The solution with mistakes planted: each is made, and called for each case, once."""

    def __init__(self, item: Item, reference: Reference) -> None:
        self.item, self.reference = item, reference
        self.calls: dict[tuple[Mistake, ...], Call | None] = {}
        self.gave: dict[tuple[tuple[Mistake, ...], Truth], Outcome] = {}
        self.end = time.process_time() + SECONDS

    @property
    def late(self) -> bool:
        return time.process_time() > self.end

    def explain(self, mistakes: tuple[Mistake, ...], seen: Sequence[Seen], alike: Alike) -> bool:
        """Whether the variant gives what was seen."""
        if mistakes not in self.calls:
            try:
                self.calls[mistakes] = variant(self.item, self.reference, *mistakes)
            except (ValueError, SyntaxError):
                self.calls[mistakes] = None  # the first edit left nothing for the second one
        return self.calls[mistakes] is not None and all(
            alike(each.parted(found), each.parted(self._gave(mistakes, truth)), truth.case)
            for each in seen
            for found, truth in each.tried
        )

    def _gave(self, mistakes: tuple[Mistake, ...], truth: Truth) -> Outcome:
        call, key = self.calls[mistakes], (mistakes, truth)
        if call and key not in self.gave:
            self.gave[key] = attempt(call, self.item.function, truth.case, 5.0)
        return self.gave[key]


def _same_numbers(one: Outcome, other: Outcome, case: Case) -> bool:
    if not (one.why and other.why):
        return same(one, other, case)
    told, also = (sorted(re.findall(r"\d+", str(each.why.data.get("words")))) for each in (one, other) if each.why)
    return one.kind == other.kind and told == also != []
