"""Pairs of submissions with nearly the same code, for a person to compare. The machine accuses nobody.

Code is cut into overlapping runs of tokens, of which winnowing keeps a fixed choice, the fingerprints (Schleimer,
Wilkerson and Aiken, Winnowing: local algorithms for document fingerprinting, SIGMOD 2003). What a copier changes at no
cost is not looked at: names, numbers, texts, comments, spacing, the order of functions, calls of print.

Right answers of a few lines look alike, so what two share counts by how unlikely it is: -log p, where p estimates from
the rest of the class how many people write this. Code that was handed out counts nothing, nor does code that half the
class writes.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import hashlib
import json
import keyword
import math
import statistics
import textwrap
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grading.course import prefix
from grading.record import CONTROL

__all__ = ["LEAST", "Pair", "Prints", "given", "handed_in", "notebooks", "pairs", "prints", "table"]

RUN = 8  # tokens of a fingerprint
WINDOW = 4  # neighbouring runs of which one is kept
COMMON = 0.5  # what this part of the class writes, or more, is nobody's own
LEAST = 0.75  # measured: see tests/grading/test_similar.py
LITTLE = 60.0  # less unusual code than this in a submission (in nats) proves little, and is taken for this much
MOST = 100_000  # characters of one student that are looked at

NONE = np.array([], np.uint64)

Answers = Mapping[str, str]
Marks = NDArray[np.uint64]
Lines = NDArray[np.int32]


@dataclass(frozen=True)
class Pair:
    """Two submissions that share much that is unusual in the class.

    Attributes
    ----------
    one, other : str
        The students.
    share : float
        Of what is unusual in the submission that has less of it, the part that the other one has too; 0 to 1.
    usual : float
        For comparison: what a student shares with the second nearest in the class, in the median. (The nearest may be
        a copy.)
    answers : tuple of str
        Cells of `one` most of whose unusual code is in the other.
    lines : tuple of (str, str)
        Lines that match, of `one` and of `other`, the most unusual first; three at most.
    words : tuple of str
        Comments and texts that these two have literally, and at most one more; three at most.
    """

    one: str
    other: str
    share: float
    usual: float
    answers: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    words: tuple[str, ...]

    @property
    def where(self) -> str:
        """The answers, in few words."""
        more = len(self.answers) - 4
        return ", ".join(self.answers[:4] if more > 1 else self.answers) + (f" and {more} more" if more > 1 else "")


# ---------------------------------------------------------------------------------------------- reading


def notebooks(state: Path, assignment: str, books: Sequence[str]) -> list[Path]:
    """The executed notebooks of all students."""
    return [path for book in books for path in sorted((state / "autograded").glob(f"*/{assignment}/{book}.ipynb"))]


def handed_in(state: Path, assignment: str, books: Sequence[str]) -> dict[str, dict[str, str]]:
    """The code that each student wrote, by cell: answers, and cells of their own.

    Parameters
    ----------
    state : Path
        The folder of the grading, with the executed notebooks in it.
    assignment : str
        The assignment's name.
    books : sequence of str
        Those of its notebooks.

    Returns
    -------
    dict
        Students whose submission could not be read have no code.
    """
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path in notebooks(state, assignment, books):
        found[path.parents[1].name] |= {
            prefix(path.stem, books) + name: text
            for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"])
            for name, text in [(_name(cell, number), "".join(cell["source"]))]
            if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {"solution": True}).get("solution")
        }
    return found


def given(release: Path, books: Sequence[str]) -> dict[str, str]:
    """The code that was handed out, by cell; from the folder of the release."""
    found = dict[str, str]()
    for book in books:
        cells = json.loads((release / f"{book}.ipynb").read_text(encoding="utf-8"))["cells"]
        under = prefix(book, books)
        found |= {under + _name(c, i): "".join(c["source"]) for i, c in enumerate(cells) if c["cell_type"] == "code"}
    return found


def _name(cell: Mapping[str, object], number: int) -> str:
    """As people call the cell: by nbgrader's id of it, or else by its place."""
    metadata = cell["metadata"]
    about = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    return str(about.get("grade_id") or f"cell {number + 1}")


# ---------------------------------------------------------------------------------------------- fingerprints


@dataclass(frozen=True)
class _Token:
    text: str
    line: int


_Raw = tuple[str, str, int]
LIBRARY = frozenset({*dir(builtins), *keyword.kwlist})


def _raw(code: str) -> Iterator[_Raw]:
    """Kind, text and line of Python's tokens. Where Python cannot read on, the next line starts anew."""
    lines = code.splitlines(keepends=True)
    feed = enumerate(lines, 1)
    start = reached = 0

    def readline() -> str:
        nonlocal reached
        reached, line = next(feed, (len(lines), ""))
        return line

    while reached < len(lines):
        start = reached
        # an open bracket or text, an indentation that fits nowhere, a sign that is no Python
        with contextlib.suppress(tokenize.TokenError, SyntaxError):
            for token in tokenize.generate_tokens(readline):
                yield tokenize.tok_name[token.type], token.string, start + token.start[0]


def _tokens(raw: Iterable[_Raw]) -> list[_Token]:
    """What is left when all is gone that a copier changes at no cost."""
    found: list[_Token] = []
    line: list[_Token] = []
    inside = 0  # from Python 3.12 on a text with braces comes in pieces
    for kind, text, number in raw:
        inside += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        if kind == "NEWLINE":
            line = _keep(line)
            found += [*line, _Token(";", number)] if line else []
            line = []
        elif kind in ("NAME", "OP", "NUMBER", "STRING", "FSTRING_END") and not inside:
            line.append(_Token(_abstract(kind, text, line), number))
    return found + _keep(line)


def _keep(line: list[_Token]) -> list[_Token]:
    """A line, unless it only says something: a docstring, or a call of print."""
    return [] if all(token.text == "text" for token in line) or line[0].text == "print" else line


def _abstract(kind: str, text: str, before: list[_Token]) -> str:
    if kind == "OP":
        return text
    if kind != "NAME":
        return "number" if kind == "NUMBER" else "text"
    # a library's names cannot be changed, so they say more than the student's own
    library = text in LIBRARY or (before and before[-1].text == ".")
    return text if library else "name"


def _runs(raw: Iterable[_Raw]) -> tuple[Marks, Lines]:
    """Every run of tokens: its hash, and the line where it begins."""
    tokens = _tokens(raw)
    texts, count = [token.text for token in tokens], max(0, len(tokens) - RUN + 1)
    hashes = [_hash(" ".join(texts[i : i + RUN])) for i in range(count)]
    return np.array(hashes, np.uint64), np.array([token.line for token in tokens[:count]], np.int32)


@functools.lru_cache(maxsize=100_000)  # most of what one writes, others write too
def _hash(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest())


def _winnowed(runs: Marks, lines: Lines) -> tuple[Marks, Lines]:
    """Of each few neighbouring runs the one with the least hash: equal code keeps equal runs, wherever it stands."""
    if not len(runs):
        return runs, lines
    windows = np.lib.stride_tricks.sliding_window_view(runs, min(WINDOW, len(runs)))
    kept = windows.argmin(axis=1) + np.arange(len(windows))
    marks, first = np.unique(runs[kept], return_index=True)
    return marks, lines[kept[first]]


def _words(raw: Iterable[_Raw]) -> set[str]:
    """Comments and texts, long enough that two people do not write the same by chance."""
    said = (text for kind, text, _ in raw if kind in ("COMMENT", "STRING"))
    texts = (" ".join(text.strip("# '\"").split()) for text in said)
    return {text for text in texts if len(text) >= 15}


class Prints(NamedTuple):
    """What the code of one answer is known by.

    Attributes
    ----------
    marks, lines : array
        Its fingerprints in order, each once, and the line where it stands.
    words : set of str
        What a comment or a text says.
    """

    marks: Marks
    lines: Lines
    words: set[str]


def prints(code: str) -> Prints:
    """Look at the code of one answer."""
    raw = list(_raw(code))
    return Prints(*_winnowed(*_runs(raw)), _words(raw))


class _Work:
    """What one student wrote: of each answer what it is known by, and of them together."""

    def __init__(self, code: str | Answers, printed: Callable[[str], Prints]) -> None:
        self.answers = _answers(code)
        self.prints = {name: printed(text) for name, text in self.answers.items()}
        self.all = np.unique(np.concatenate([NONE, *(each.marks for each in self.prints.values())]))
        self.words = set[str]().union(*(each.words for each in self.prints.values()))

    def line(self, mark: np.uint64) -> str:
        """The line that a fingerprint stands in."""
        name, found = next((name, found) for name, found in self.prints.items() if mark in found.marks)
        number = int(found.lines[found.marks == mark][0])
        return self.answers[name].splitlines()[number - 1].strip()


def _answers(code: str | Answers) -> Answers:
    """By name, and no more of it than a person could write: nobody may hold up the class."""
    found, left = {}, MOST
    for name, text in ({"": code} if isinstance(code, str) else code).items():
        found[name], left = text[:left], max(0, left - len(text))
    return found


# ---------------------------------------------------------------------------------------------- pairs


def pairs(
    codes: Mapping[str, str | Answers],
    template: str | Answers = "",
    least: float | None = None,
    printed: Callable[[str], Prints] = prints,
) -> list[Pair]:
    """Find the pairs of submissions that share most of what is unusual in them.

    Parameters
    ----------
    codes : mapping
        For each student the code, or each answer's code by its name (`handed_in`).
    template : str or mapping
        The code that was handed out (`given`); it counts nothing.
    least : float, optional
        The smallest share that is reported. If it is left out, halfway between what is usual in the class and all,
        but no less than `LEAST`: where everybody writes nearly the same, more must agree.
    printed : callable
        Knows of code what `prints` makes of it.

    Returns
    -------
    list of Pair
        The largest share first.

    Raises
    ------
    ValueError
        If `least` is not between 0 and 1.
    """
    if least is not None and not 0 < least <= 1:
        raise ValueError(f"least is the smallest share that is reported: above 0 and at most 1, not {least!r}")
    given_out = [list(_raw(code)) for code in _answers(template).values()]
    known = np.unique(np.concatenate([NONE, *(_runs(raw)[0] for raw in given_out)]))
    students = sorted(codes)
    works = [_Work(codes[student], printed) for student in students]
    marks, holders = np.unique(np.concatenate([NONE, *(work.all for work in works)]), return_counts=True)
    own = ~np.isin(marks, known)
    count = sum(bool(own[np.searchsorted(marks, work.all)].any()) for work in works)
    surprise = own * np.array([_surprise(holder, count) for holder in range(len(works) + 1)])[holders]

    def unusual(found: Marks) -> Any:
        """Where the fingerprints stand among all, without those that are nobody's own."""
        places = np.searchsorted(marks, found)
        return places[surprise[places] > 0]

    shares, usual = _shares([unusual(work.all) for work in works], surprise, least)
    speakers = Counter(text for work in works for text in work.words)
    handed_out = set[str]().union(*map(_words, given_out))
    found = []
    for (i, j), share in shares.items():
        one, other = works[i], works[j]
        both = unusual(np.intersect1d(one.all, other.all))
        rarest = marks[both[np.argsort(holders[both], kind="stable")]]
        words = sorted(text for text in one.words & other.words - handed_out if speakers[text] <= 3)
        answers = []
        for name, (marks_of, _, _) in one.prints.items():
            copied = surprise[unusual(marks_of[np.isin(marks_of, other.all)])].sum()
            answers += [name] * bool(2 * copied > surprise[unusual(marks_of)].sum())
        lines = tuple(dict.fromkeys((one.line(mark), other.line(mark)) for mark in rarest))[:3]
        found.append(Pair(students[i], students[j], share, usual, tuple(answers), lines, tuple(words[:3])))
    return sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other))


def _surprise(holders: int, students: int) -> float:
    """How unlikely it is that a third person writes it: -log p, with p = 1/10 where nobody else can be asked."""
    likely = (max(holders - 2, 0) + 0.5) / (max(students - 2, 0) + 5)
    return -math.log(likely) if likely < COMMON else 0.0


def _shares(held: Sequence[Any], weights: Any, least: float | None) -> tuple[dict[tuple[int, int], float], float]:
    """The pairs that share enough, and what is usual; of what each holds, by its number.

    An index from fingerprints to the students who have them spares the comparison of all with all.
    """
    who = np.repeat(np.arange(len(held)), [len(each) for each in held])
    what = np.concatenate([*held, np.array([], int)])
    order = np.argsort(what, kind="stable")
    index = np.split(who[order], np.cumsum(np.bincount(what, minlength=len(weights)))[:-1])
    totals = np.array([weights[each].sum() for each in held])
    floor = max(LITTLE, float(np.median(totals)) / 2) if len(held) else LITTLE
    found, second = {}, []
    for i, each in enumerate(held):
        others = [index[column] for column in each]
        by = np.repeat(weights[each], [len(students) for students in others])
        shared = np.bincount(np.concatenate([*others, np.array([], int)]), by, len(held))
        share = shared / np.maximum(floor, np.minimum(totals, totals[i]))
        share[i] = 0
        second.append(float(np.sort(share)[-2:][0]))
        found.update(
            {(i, int(j)): min(1.0, float(share[j])) for j in np.flatnonzero(share >= (least or LEAST)) if j > i}
        )
    usual = min(1.0, statistics.median(second)) if second else 0.0
    enough = least or min(0.95, (1 + usual) / 2)
    return {pair: share for pair, share in found.items() if share >= enough}, usual


def table(found: Sequence[Pair], most: int = 20) -> str:
    """The pairs for the terminal, in at most 120 columns; no more than `most`."""
    if not found:
        return "No two submissions are nearly the same."
    wide = min(24, max(len(name) for pair in found for name in (pair.one, pair.other)))
    lines = [
        "Nearly the same, measured by what is unusual in the class: look at both before you say anything.",
        f"What a student shares with the second nearest is usually {found[0].usual:.0%}.",
        "",
    ]
    for pair in found[:most]:
        start = f"{pair.share:>4.0%}  {_cut(pair.one, wide):<{wide}}  {_cut(pair.other, wide):<{wide}}  "
        said = pair.where + "".join(f'; both say "{_cut(text, 60)}"' for text in pair.words[:1])
        lines += textwrap.wrap(
            said, 120, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False
        )
    if len(found) > most:
        lines.append(f"and {len(found) - most} more")
    return CONTROL.sub("", "\n".join(line.rstrip() for line in lines))


def _cut(text: str, wide: int) -> str:
    return text if len(text) <= wide else text[: wide - 1] + "…"
