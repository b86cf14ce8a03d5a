"""Is the grading fair? The same code gets the same marks, whatever the name of who wrote it: ``make fair``.

    python scripts/fair.py [ASSIGNMENT ...]        all of them, where none is named

The inputs of a check depend on a seed, and the seed on the student's name. So every answer that the repository knows is
checked at many seeds. A right one, the solution among them, has full marks at all of them. A mistake of the catalogue
costs the same points at all. A wrong answer never has full marks, and its points differ by one at most.

What fails is printed, with the share of the seeds, and the command ends with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process for each core: threads would be in each other's way

from grading import engine  # noqa: E402
from grading.record import Verdict  # noqa: E402
from grading.tell import words  # noqa: E402

ASSIGNMENTS = sorted(path.parent.name for path in ROOT.glob("solutions/*/checks.py"))
WRITTEN = ROOT / "tests" / "exercises"
HEAD = re.compile(r"^# %% (\w+), (right|wrong): (.*)\n((?:# (?:named|open \w+): .*\n)*)", re.MULTILINE)
SHARE = {"right": 1, "mistake": 4, "wrong": 16}  # one seed of so many: where luck hurts most, most are tried
LEAST = 12  # seeds, where there are so many
PIECE = 25  # seeds that a process takes at once


# ------------------------------------------------------------------------------------------------ what is known


@dataclass(frozen=True)
class Answer:
    """A function as somebody has written it, or the solution with a mistake of the catalogue planted.

    Attributes
    ----------
    assignment, function : str
        What is answered.
    kind : str
        right, mistake or wrong.
    what : str
        How it is right, or what is wrong.
    source : str
        The cell; empty for the solution.
    named : frozenset of str
        Names of known mistakes that are true of it.
    open : dict
        What does not hold yet, and why: see ``tests/exercises/test_students.py``.
    mistake : Mistake, optional
        What is planted.
    """

    assignment: str
    function: str
    kind: str
    what: str
    source: str = ""
    named: frozenset[str] = frozenset()
    open: dict[str, str] = field(default_factory=dict, hash=False)
    mistake: engine.Mistake | None = None

    @property
    def item(self) -> engine.Item:
        """What checks it."""
        items = engine.load_items(self.assignment, ROOT)
        return next(item for item in items if item.function == self.function)

    @contextlib.contextmanager
    def call(self, item: engine.Item) -> Iterator[engine.Call]:
        """Its call as in a round: with right versions of the functions before it, and of these alone."""
        right = engine.reference(self.assignment, ROOT)
        if self.mistake:
            yield engine.variant(item, right, self.mistake)
            return
        namespace = self.namespace()
        with engine.predecessors(namespace, item, right):
            yield engine.caller(namespace)

    def namespace(self) -> dict[str, object]:
        """The names of its notebook, in which everything else is right."""
        names = {**engine.reference(self.assignment, ROOT).functions, "__name__": "student"}
        exec(compile(self.source, f"<{self.function}>", "exec"), names)
        return names


@functools.cache
def written(assignment: str) -> ModuleType:
    """What ``tests/exercises/answers/<assignment>.py`` holds."""
    path = WRITTEN / "answers" / f"{assignment.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def students(assignment: str) -> tuple[Answer, ...]:
    """The answers of ``tests/exercises/students/<assignment>.py``, which are read and never imported."""
    text = (WRITTEN / "students" / f"{assignment.replace('-', '_')}.py").read_text(encoding="utf-8")
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found = []
    for head, end in zip(heads, ends, strict=True):
        function, kind, what, more = head.groups()
        about = dict(line.removeprefix("# ").split(": ", 1) for line in more.splitlines())
        named = frozenset(filter(None, about.pop("named", "").split("; ")))
        opened = {name.removeprefix("open "): why for name, why in about.items()}
        found.append(Answer(assignment, function, kind, what, text[head.end() : end], named, opened))
    return tuple(found)


def answers(assignment: str, *kinds: str) -> list[Answer]:
    """All that is known of an assignment, in the order of the notebook."""
    items, file = engine.load_items(assignment, ROOT), written(assignment)
    found = [Answer(assignment, item.function, "right", "the solution") for item in items]
    for kind in "right", "wrong":
        for function, sources in getattr(file, kind.upper(), {}).items():
            for number, source in enumerate(sources, start=1):
                found.append(Answer(assignment, function, kind, f"{kind.upper()} {number}", source))
    for item in items:
        ways = Counter(mistake.name for mistake in item.mistakes)
        seen: Counter[str] = Counter()
        for mistake in item.mistakes:
            seen[mistake.name] += 1
            way = f", way {seen[mistake.name]}" if ways[mistake.name] > 1 else ""
            found.append(Answer(assignment, item.function, "mistake", mistake.name + way, mistake=mistake))
    order = [item.function for item in items]
    found = sorted([*found, *students(assignment)], key=lambda answer: order.index(answer.function))
    return [answer for answer in found if answer.kind in (kinds or SHARE)]


# ------------------------------------------------------------------------------------------------- what is tried


def slow(group: engine.Group) -> bool:
    """Whether it is training, which takes seconds: a group that gives its calls more time than usual."""
    return group.deadline > engine.Group.deadline


def verdicts(answer: Answer, seeds: Sequence[int], trained: int = 0) -> list[Verdict]:
    """What the checks say at each seed; nothing is diagnosed, and no small call is looked for: they change no point.

    What is `slow` is tried at the first seeds alone, as many as `trained`.
    """
    plain = replace(answer.item, mistakes=())
    quick = replace(plain, groups=tuple(replace(g, cases=lambda _: ()) if slow(g) else g for g in plain.groups))
    right = engine.reference(answer.assignment, ROOT)
    with answer.call(plain) as call, patch("grading.judge.smallest.TRIES", 0):
        return [engine.check(plain if seed < trained else quick, call, right, seed) for seed in seeds]


@dataclass
class Tried:
    """An answer and what came of it: for each seed whether each group passed, and a reason for one that did not."""

    answer: Answer
    passed: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)

    def complaints(self, trained: int) -> list[tuple[str, str]]:
        """What is unfair: the group, and a sentence."""
        groups, kind, seeds = self.answer.item.groups, self.answer.kind, len(self.passed)
        training = [slow(group) for group in groups]
        first = next(passed for seed, passed in sorted(self.passed.items()))
        # a group that was not tried at a seed is as at the first one
        rows = [
            [one if late and seed >= trained else own for own, one, late in zip(passed, first, training, strict=True)]
            for seed, passed in self.passed.items()
        ]
        points = [sum(g.points for g, own in zip(groups, row, strict=True) if own) for row in rows]
        full = sum(each == self.answer.item.max_points for each in points)
        found = []
        if kind != "right" and full:
            found.append(("all", f"full marks at {full} of {seeds} seeds"))
        if kind == "right" or max(points) - min(points) > (kind == "wrong"):
            for number, group in enumerate(groups):
                lost = sum(not row[number] for row in rows)
                if lost and (kind == "right" or lost < seeds):
                    reason = f": {self.said[number]}" if kind == "right" else ""
                    found.append((group.name, f"lost at {lost} of {seeds} seeds{reason}"))
        return found


def share(seeds: int, kind: str) -> int:
    """At how many seeds a kind of answers is tried."""
    return min(seeds, max(LEAST, seeds // SHARE[kind]))


def _tried(answer: Answer, seeds: Sequence[int], trained: int) -> tuple[dict[int, tuple[bool, ...]], dict[int, str]]:
    """What a process gives back: no more than is asked of it."""
    passed, said = {}, {}
    for seed, verdict in zip(seeds, verdicts(answer, seeds, trained), strict=True):
        passed[seed] = tuple(not group.why for group in verdict.groups)
        said |= {n: words.said(group.why) for n, group in enumerate(verdict.groups) if group.why and n not in said}
    return passed, said


def trials(known: Iterable[Answer], seeds: int, trained: int, jobs: int) -> Iterator[Tried]:
    """Try all of them; each comes as soon as it is done."""
    with ProcessPoolExecutor(jobs) as pool:
        waiting, left = {}, Counter[Answer]()
        results: dict[Answer, Tried] = {}
        for answer in known:
            count = share(seeds, answer.kind)
            for start in range(0, count, PIECE):
                piece = range(start, min(start + PIECE, count))
                waiting[pool.submit(_tried, answer, piece, trained)] = answer
                left[answer] += 1
        for done in as_completed(waiting):
            answer, (passed, said) = waiting[done], done.result()
            result = results.setdefault(answer, Tried(answer))
            result.passed |= passed
            result.said = said | result.said
            left[answer] -= 1
            if not left[answer]:
                yield results.pop(answer)


# --------------------------------------------------------------------------------------------------- what is said


def table(found: Iterable[tuple[str, ...]]) -> str:
    """Rows under a heading, in columns."""
    rows = [("assignment", "function", "kind", "answer", "group", "what varied"), *sorted(found)]
    wide = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    return "\n".join("  ".join(each.ljust(size) for each, size in zip(row, wide, strict=True)).rstrip() for row in rows)


def main(arguments: Sequence[str]) -> int:
    """Say what is unfair; 0 if nothing is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help=", ".join(ASSIGNMENTS))
    parser.add_argument("--seeds", type=int, default=200, help="for right answers; mistakes have a quarter of them")
    parser.add_argument("--trained", type=int, default=1, help="seeds at which training is tried too; 1 by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; by default one for each core")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.assignments) - set(ASSIGNMENTS):
        parser.error(f"there is no assignment {', '.join(sorted(unknown))}; there are {', '.join(ASSIGNMENTS)}")

    start = time.monotonic()
    known = [answer for name in asked.assignments or ASSIGNMENTS for answer in answers(name)]
    tried, unfair, rows = Counter[str](), Counter[str](), []
    for number, result in enumerate(trials(known, asked.seeds, asked.trained, asked.jobs), start=1):
        answer, complaints = result.answer, result.complaints(asked.trained)
        tried[answer.kind] += 1
        unfair[answer.kind] += bool(complaints)
        rows += [(answer.assignment, answer.function, answer.kind, answer.what, *each) for each in complaints]
        if number * 20 // len(known) > (number - 1) * 20 // len(known):
            print(f"{number} of {len(known)} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if rows:
        print(table(rows))
    for kind in SHARE:
        print(f"{kind}: {unfair[kind]} of {tried[kind]} are treated unfairly, at {share(asked.seeds, kind)} seeds")
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
