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
import itertools
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
from grading.tell import words  # noqa: E402

ASSIGNMENTS = sorted(path.parent.name for path in ROOT.glob("solutions/*/checks.py"))
# The course's own. Tests ask more of these: words, times, two mistakes for each item, eight alternatives. Another
# assignment is whole when `python -m grading doctor NAME` says so.
COURSE = ("autoencoder", "backprop", "cnn", "error-functions", "network-function", "optimization", "sgd-theory")
COURSE += ("vanishing-gradients", "variants-and-regularization")
WRITTEN = ROOT / "tests" / "exercises"
HEAD = re.compile(r"^# %% (\w+), (right|wrong): (.*)\n((?:# (?:named|open \w+): .*\n)*)", re.MULTILINE)
SHARE = {"right": 1, "mistake": 4, "wrong": 16}  # one seed of so many: where luck hurts most, most are tried
LEAST = 12  # seeds, where there are so many
PIECE = 25  # seeds that a process takes at once
SECONDS = 1.0  # of computing: what a judge looks at and takes longer is not tried at every seed


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
        for item in engine.load_items(self.assignment, ROOT):
            if item.function == self.function:
                return item
        said = f"an answer in tests/exercises/ is to {self.function}, which is no item of it: take it out, or rename it"
        raise engine.AssignmentError(f"{self.assignment}: {said}")

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
    """What ``tests/exercises/answers/<assignment>.py`` holds; nothing, where nobody has written it."""
    path = WRITTEN / "answers" / f"{assignment.replace('-', '_')}.py"
    if not path.is_file():
        return ModuleType(path.stem)
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def students(assignment: str) -> tuple[Answer, ...]:
    """The answers of ``tests/exercises/students/<assignment>.py``, which are read and never imported."""
    path = WRITTEN / "students" / f"{assignment.replace('-', '_')}.py"
    if not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8")
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
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


@dataclass
class Tried:
    """An answer and what came of it.

    Attributes
    ----------
    answer : Answer
        What was checked.
    passed : dict
        For each seed whether each group passed; None for one that was spared there.
    said : dict
        For each group that did not pass at some seed, why it did not at the first such.
    """

    answer: Answer
    passed: dict[int, tuple[bool | None, ...]] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)

    def complaints(self) -> list[tuple[str, str]]:
        """What is unfair: the group, and a sentence."""
        groups, kind, seeds = self.answer.item.groups, self.answer.kind, len(self.passed)
        rows = [self.passed[seed] for seed in sorted(self.passed)]
        usual = [next(one for one in column if one is not None) for column in zip(*rows, strict=True)]
        rows = [tuple(u if one is None else one for one, u in zip(row, usual, strict=True)) for row in rows]
        points = [sum(group.points for group, one in zip(groups, row, strict=True) if one) for row in rows]
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


def watched(group: engine.Group, spared: bool, begun: list[float]) -> engine.Group:
    """The group, which notes when its turn comes; one that is spared asks nothing."""

    def cases(rng: engine.Rng) -> Sequence[engine.Case]:
        begun.append(time.process_time())
        return () if spared else group.cases(rng)

    return replace(group, cases=cases)


def tried(answer: Answer, seeds: Iterable[int]) -> Tried:
    """Check an answer at each seed.

    Nothing is diagnosed, and no small call is looked for: they change no point. What takes long and is judged, which is
    training, is tried at the first seed and spared at the others.
    """
    result, spared, right = Tried(answer), set[int](), engine.reference(answer.assignment, ROOT)
    item = replace(answer.item, mistakes=())
    with answer.call(item) as call, patch("grading.judge.smallest.TRIES", 0):
        for seed in seeds:
            begun: list[float] = []
            groups = tuple(watched(group, number in spared, begun) for number, group in enumerate(item.groups))
            verdict = engine.check(replace(item, groups=groups), call, right, seed)
            whys = dict(enumerate(group.why for group in verdict.groups))
            result.passed[seed] = tuple(None if number in spared else not why for number, why in whys.items())
            result.said = {number: words.said(why) for number, why in whys.items() if why} | result.said
            took = zip(groups, itertools.pairwise([*begun, time.process_time()]), strict=True)
            spared |= {n for n, (group, (start, end)) in enumerate(took) if group.judge and end - start > SECONDS}
    return result


def share(seeds: int, kind: str) -> int:
    """At how many seeds a kind of answers is tried."""
    return min(seeds, max(LEAST, seeds // SHARE[kind]))


def trials(known: Iterable[Answer], seeds: int, jobs: int) -> Iterator[Tried]:
    """Try all of them; each comes as soon as it is done."""
    with ProcessPoolExecutor(jobs) as pool:
        waiting, left = {}, Counter[Answer]()
        results: dict[Answer, Tried] = {}
        for answer in known:
            count = share(seeds, answer.kind)
            for start in range(0, count, PIECE):
                waiting[pool.submit(tried, answer, range(start, min(start + PIECE, count)))] = answer
                left[answer] += 1
        for done in as_completed(waiting):
            answer, piece = waiting[done], done.result()
            result = results.setdefault(answer, Tried(answer))
            result.passed |= piece.passed
            result.said = piece.said | result.said
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; by default one for each core")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.assignments) - set(ASSIGNMENTS):
        parser.error(f"there is no assignment {', '.join(sorted(unknown))}; there are {', '.join(ASSIGNMENTS)}")

    start = time.monotonic()
    known = [answer for name in asked.assignments or ASSIGNMENTS for answer in answers(name)]
    count, unfair, rows = Counter[str](), Counter[str](), []
    for number, result in enumerate(trials(known, asked.seeds, asked.jobs), start=1):
        answer, complaints = result.answer, result.complaints()
        count[answer.kind] += 1
        unfair[answer.kind] += bool(complaints)
        rows += [(answer.assignment, answer.function, answer.kind, answer.what, *each) for each in complaints]
        if number * 20 // len(known) > (number - 1) * 20 // len(known):
            print(f"{number} of {len(known)} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if rows:
        print(table(rows))
    for kind in SHARE:
        print(f"{kind}: {unfair[kind]} of {count[kind]} are treated unfairly, at {share(asked.seeds, kind)} seeds")
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
