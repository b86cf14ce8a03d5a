"""The page that an instructor reads after a round, and teaches from: one file, which needs nothing from outside."""

from __future__ import annotations

import functools
import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from grading.record import CONTROL, Hint, Row, Status
from grading.tell import words
from grading.tell.similar import Pair

__all__ = ["html"]

FINE = (Status.GRADED, Status.LATE, Status.RENAMED)
WORST = ("NOT_GRADED", "CRASHED", "TIMED_OUT", "PARTLY", "SEVERAL", "UNREADABLE", "TOO_LARGE", "MISSING")


def html(
    assignment: str,
    rows: Sequence[Row],
    points: Mapping[str, float],
    *,
    similar: Sequence[Pair] = (),
    questions: Mapping[str, str] | None = None,
    made: str = "",
    source: str = "",
) -> str:
    """Lay a round out as a page.

    Parameters
    ----------
    assignment : str
        Its name.
    rows : sequence of Row
        One for each student.
    points : mapping
        The items in order, with their maximum.
    similar : sequence of Pair
        Submissions with nearly the same code.
    questions : mapping, optional
        The text of each item that a person reads.
    made, source : str
        When the page was made, and the hash of the source that was graded with.

    Returns
    -------
    str
        HTML with its style and pictures in it. It has no script, and a browser lets it load nothing.
    """
    functions = {item: verdict.function for row in rows for item, verdict in row.verdicts.items() if verdict.function}
    run = [row for row in rows if row.status.readable]
    totals = [row.total for row in run]
    page = _template().render(
        assignment=assignment,
        rows=rows,
        run=run,
        most=sum(points.values()),
        full=sum(row.total > sum(points.values()) - 1e-9 for row in run),
        median=statistics.median(totals) if totals else None,
        waiting=[row for row in rows if row.waiting],
        totals=_histogram(totals, sum(points.values())),
        mistakes=_mistakes(run, functions),
        others=_others(run, functions),
        items=_items(run, points, functions, questions or {}),
        broken=sorted((r for r in rows if r.status not in FINE), key=lambda r: (WORST.index(r.status.name), r.student)),
        unread={item: [row for row in rows if item in row.waiting] for item in points},
        remarked=[row for row in rows if row.status in FINE and row.notes],
        late=[row for row in rows if row.late > 0],
        statuses=[(status, count) for status in Status if (count := sum(row.status is status for row in rows))],
        costs=_costs(run),
        dearest=sorted(run, key=lambda row: (-row.cpu, -row.seconds))[:5],
        similar=similar,
        unisolated=[row for row in rows if row.isolation == "none"],
        made=made,
        source=source,
    )
    return CONTROL.sub("", page)


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("grading.tell"),
        autoescape=True,  # ids, reasons and code come from students
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=lambda value: f"{value:.3g}" if value < 1000 else f"{value:.0f}",
        percent=lambda share: f"{share:.0%}",
        duration=words.duration,
        said=words.said,
    )
    return environment.get_template("report.html.j2")


# ---------------------------------------------------------------------------------------------- what went wrong


def _mistakes(rows: Sequence[Row], functions: Mapping[str, str]) -> list[dict[str, Any]]:
    """The known mistakes, the most frequent first: what to speak about next week."""
    known: dict[tuple[str, str], Hint] = {}
    who: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for item, verdict in row.verdicts.items():
            for hint in verdict.mistakes:
                known[item, hint.name] = hint
                who[item, hint.name].append(row)
    found = [
        {
            **vars(known[item, name]),
            "function": functions.get(item, item),
            "students": students,
            "tried": sum(item not in row.unsolved for row in rows),
        }
        for (item, name), students in who.items()
    ]
    return sorted(found, key=lambda mistake: (-len(mistake["students"]), mistake["name"]))


def _others(rows: Sequence[Row], functions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Other reasons, those together that differ in numbers and quoted names alone."""
    who: dict[tuple[str, str], list[tuple[Row, str]]] = defaultdict(list)
    for row in rows:
        for item, verdict in row.lost.items():
            if not verdict.mistakes and item not in row.unsolved:
                reason = words.line(verdict)
                who[item, re.sub(r"'[^']*'|\d+(\.\d+)?(e[+-]?\d+)?", "…", reason)].append((row, reason))
    found = [
        {
            "function": functions.get(item, item),
            "words": alike if len({reason for _, reason in students}) > 1 else students[0][1],
            "students": students,
        }
        for (item, alike), students in who.items()
    ]
    return sorted(found, key=lambda group: -len(group["students"]))


def _items(
    rows: Sequence[Row], points: Mapping[str, float], functions: Mapping[str, str], questions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The hardest first; whoever waits for a person is not counted."""
    found = []
    for item, most in points.items():
        read = [row for row in rows if item not in row.waiting]
        got = [row.items.get(item, 0.0) for row in read]
        untried = sum(item in row.unsolved for row in read)
        full, none = sum(each >= most for each in got), sum(each <= 0 for each in got) - untried
        found.append(
            {
                "id": item,
                "function": functions.get(item, ""),
                "beside": any(item in row.beside for row in rows),
                "question": " ".join(questions.get(item, "").split())[:300],
                "most": most,
                "share": statistics.fmean(got) / most if got and most else None,
                "parts": {"full": full, "some": len(got) - full - none - untried, "none": none, "untried": untried},
                "count": len(got),
            }
        )
    return sorted(found, key=lambda each: 2.0 if each["share"] is None else each["share"])


# ---------------------------------------------------------------------------------------------- pictures


@dataclass(frozen=True)
class _Bar:
    start: float
    end: float
    count: int
    x: float
    width: float
    height: float


WIDE, HIGH = 400.0, 120.0  # of a picture, in its own units


def _histogram(values: Sequence[float], top: float) -> dict[str, Any] | None:
    """Bars of one width from zero to the top, which is in the last one; the width is 1, 2 or 5 times a power of ten."""
    if not values or top <= 0:
        return None
    sizes = (digit * 10.0**power for power in range(-3, 9) for digit in (1, 2, 5))
    step = next(size for size in sizes if top / size <= 20)
    bins = max(1, math.ceil(max(top, *values) / step - 1e-9))  # extra credit can go above the top
    counts = Counter(min(bins - 1, int(value / step + 1e-9)) for value in values)
    tallest, wide = max(counts.values()), WIDE / bins
    bars = [
        _Bar(n * step, min(max(top, *values), (n + 1) * step), counts[n], n * wide, wide, HIGH * counts[n] / tallest)
        for n in range(bins)
    ]
    median = statistics.median(values)
    every = math.ceil(bins / 8)
    return {
        "bars": bars,
        "tallest": tallest,
        "ticks": [(bar.x, bar.start) for bar in bars[::every]],
        "median": median,
        "median_x": WIDE * median / (bins * step),
        "high": HIGH,
        "wide": WIDE,
    }


def _costs(rows: Sequence[Row]) -> list[dict[str, Any]]:
    measured = {
        "Wall time": ("s", [row.seconds for row in rows]),
        "CPU time of the student's code": ("s", [row.cpu for row in rows]),
        "Peak memory": ("MB", [float(row.memory) for row in rows]),
    }
    return [
        {
            "name": name,
            "unit": unit,
            "median": statistics.median(values),
            "tenth": sorted(values)[math.ceil(0.9 * len(values)) - 1],
            "largest": max(values),
            "histogram": _histogram(values, max(values)),
        }
        for name, (unit, values) in measured.items()
        if values
    ]
