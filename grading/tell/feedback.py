"""The page that a student gets back: points, what went wrong and where to read on, and the executed notebook.

What is on the page was written by a student or printed by a student's code, so the page trusts none of it. No HTML
passes through: Markdown is rendered from its text with all tags escaped, formulas become MathML, outputs are text or
checked pictures. The page has no script, loads nothing, and forbids both to the browser.

What must stay hidden is never read: of a graded cell only its points, and what the check says of them, are shown.
Frames of a traceback that are not in the notebook's own cells, and paths, are cut out of all that was printed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from nbformat import NotebookNode

from grading.record import CONTROL, Row, Status
from grading.tell import words as wording
from grading.tell.markdown import highlighted, illustrated, markdown
from grading.tell.notebook import ABOUT
from grading.tell.printed import MAX_PICTURES, Output, outputs_of, printed

__all__ = ["page", "shown", "shows"]

MAX_OWN = 100_000  # characters of all cells that a student added, outputs included
MAX_ALBUM = 25_000_000  # characters of all pictures in cells of words: more is no page that can be sent


# ---------------------------------------------------------------------------------------------- the page's parts


HIDDEN = re.compile(
    r"^[^\n]*### BEGIN (HIDDEN TESTS|MARK SCHEME|SOLUTION).*?(?:^[^\n]*### END \1[^\n]*\n?|\Z)", re.S | re.M
)


@dataclass(frozen=True)
class _Item:
    """A line of the table."""

    name: str
    heading: Markup
    points: float
    most: float
    groups: Sequence[Mapping[str, Any]] = ()
    hints: Sequence[Mapping[str, str]] = ()
    said: Sequence[str] = ()
    words: Sequence[Markup] = ()


@dataclass(frozen=True)
class _Cell:
    """A cell as the template shows it; a graded one shows its item instead."""

    kind: str  # given, answer, own or graded
    name: str = ""
    text: Markup | None = None
    code: Markup | None = None
    outputs: Sequence[Output] = ()
    item: _Item | None = None
    words: Markup | None = None


def _about(cell: NotebookNode) -> Mapping[str, Any]:
    about = cell.metadata.get("nbgrader")
    return about if isinstance(about, Mapping) and isinstance(about.get("grade_id"), str) else {}


def _page_link(place: str, site: str) -> dict[str, str]:
    """A page of the book, or a section of it, by names that one can look for, and by its address where there is one."""
    page, mark, section = place.partition("#")
    number, _, words = page.rpartition("/")[2].partition("-")
    named = f"chapter {int(number)}, {words.replace('-', ' ')}" if number.isdecimal() else page.rpartition("/")[2]
    address = f"{site.rstrip('/')}/{page}.html{mark}{section}" if site and place else ""
    return {"label": f"{named}{': ' * bool(mark)}{section.replace('-', ' ')}", "address": address}


def _items(
    cells: Sequence[NotebookNode], row: Row, points: Mapping[str, float], site: str, words: Mapping[str, str]
) -> dict[str, _Item]:
    hidden, items = _hidden(cells), dict[str, _Item]()
    heading, since = Markup(""), list[str]()
    for cell in cells:
        about = _about(cell)
        name = about.get("grade_id", "")
        if cell.cell_type == "markdown" and about.get("locked"):
            found = re.findall(r"<h[1-6]>(.*?)</h[1-6]>", markdown(cell.source))
            heading = Markup(found[-1]) if found else heading
        since += [name] * bool(name)
        if name not in points:
            continue
        got, most, verdict = row.items.get(name, 0.0), points[name], row.verdicts.get(name)
        by_hand = bool(about.get("solution") or about.get("task"))
        items[name] = _Item(
            name,
            heading,
            got,
            most,
            [
                {**vars(group), "said": printed(wording.said(group.why) if group.why else "right", hidden)}
                for group in (verdict.groups if verdict else ())
            ],
            [{**vars(hint), **_page_link(hint.page, site)} for hint in (verdict.mistakes if verdict else ())],
            [printed(said, hidden) for said in _said(name, row, got, most, by_hand)],
            [markdown(words[each]) for each in since if each in words],
        )
        since = []
    return items


def _said(name: str, row: Row, got: float, most: float, by_hand: bool) -> Iterator[str]:
    """What there is to say of an item beside its groups and its mistakes."""
    verdict = row.verdicts.get(name)
    said = wording.line(verdict) if verdict and verdict.why and got < most else ""
    if not row.status.readable:
        yield "not graded"
        return
    if name in row.waiting:
        given = "The points are a person's; as something has changed since, a person will look again."
        yield given if got else "A person has yet to read this; until then it counts as zero."
    elif by_hand:
        yield said or "read by a person"
    elif verdict and verdict.points not in (None, got):
        yield f"A person set these points; the check gave {verdict.points:g}."
    if said and not by_hand:
        yield said
    if not (verdict or by_hand) and got < most:
        yield "The check gave no reason."


def _hidden(cells: Sequence[NotebookNode]) -> list[str]:
    """Lines that are hidden in locked cells, longest first: whatever prints them, they are cut out."""
    regions = [found[0] for cell in cells if _about(cell).get("locked") for found in HIDDEN.finditer(cell.source)]
    lines = {line.strip() for region in regions for line in region.split("\n")}
    return sorted((line for line in lines if len(line) > 5), key=lambda line: (-len(line), line))


def _shown(cells: Sequence[NotebookNode], items: Mapping[str, _Item], words: Mapping[str, str]) -> Iterator[_Cell]:
    hidden, left, pictures, album = _hidden(cells), MAX_OWN, MAX_PICTURES, MAX_ALBUM
    missing = 0
    for cell in cells:
        about, source = _about(cell), str(cell.source)
        name = about.get("grade_id", "")
        kind = "answer" if about.get("solution") else "given" if name else "own"
        if kind == "given" and name in items and not about.get("task"):
            yield _Cell("graded", name, item=items[name])
            continue
        if kind != "answer" and name:
            source = HIDDEN.sub("", source)
        if (kind == "own" and not source.strip()) or cell.get("id") == ABOUT:
            continue
        outputs = list[Output]()
        for out in outputs_of(cell, hidden):
            if out.kind == "picture":
                pictures -= len(out.value)
                out = out if pictures >= 0 else Output("text", "[picture: there are too many for one page]")
            outputs.append(out)
        if kind == "own":
            left -= len(source) + sum(len(out.value) for out in outputs if out.kind != "picture")
            if left < 0:
                missing += 1
                continue
        album -= sum(len(data) for kinds in cell.get("attachments", {}).values() for data in kinds.values())
        attached = cell.get("attachments") if album >= 0 else None
        text, code = (None, highlighted(source)) if cell.cell_type == "code" else (illustrated(source, attached), None)
        said = markdown(words[name]) if name in words else None
        yield _Cell(kind, name, text, code, outputs, items.get(name), said)
    if missing:
        yield _Cell("given", text=markdown(f"*{missing} more cells are left out: the page would be too long.*"))


def _outline(html: str) -> Markup:
    """Headings of all cells below the page's own, with no level left out: all ``<h`` are ours, as text is escaped."""
    level, closing = 2, 2

    def moved(found: re.Match[str]) -> str:
        nonlocal level, closing
        if not found[1]:
            level = closing = min(int(found[2]) + 2, level + 1, 6)
        return f"<{found[1]}h{closing}>"

    return Markup(re.sub(r"<(/?)h([1-6])>", moved, html))


# ---------------------------------------------------------------------------------------------- the page


def shows(row: Row, words: Mapping[str, str] | None = None) -> str:
    """A hash of what a page shows of the gradebook: points, what is taken away, what waits, and a person's words."""
    items = sorted((item, f"{points:g}") for item, points in row.items.items())
    said = sorted((name, text) for name, text in (words or {}).items() if text.strip())
    told = repr((items, f"{row.penalty:g}", sorted(row.waiting), said))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]


def shown(path: Path) -> str:
    """The hash in a page; nothing, where there is no page, or one of an older version."""
    try:
        with path.open("rb") as file:
            found = re.search(rb'<meta name="points" content="(\w+)">', file.read(4096))
    except OSError:
        return ""
    return found[1].decode() if found else ""


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(outline=_outline, number=wording.number)
    css = Path(__file__).with_name("templates").joinpath("feedback.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    environment.globals.update(css=Markup(css), css_digest=digest)
    return environment.get_template("feedback.html.j2")


def page(
    notebook: NotebookNode,
    *,
    row: Row,
    points: Mapping[str, float],
    site: str = "",
    words: Mapping[str, str] | None = None,
) -> str:
    """The page for one student.

    Parameters
    ----------
    notebook : NotebookNode
        Executed and settled.
    row : Row
        Verdicts, status and notes; points, and what waits for a person, as the gradebook has them now.
    points : mapping
        The items in the notebook's order, with their maximum.
    site : str
        The book's address. If it is empty, its pages are named and not linked.
    words : mapping, optional
        What a person wrote beside an answer, by the cell's name.

    Returns
    -------
    str
        HTML that needs nothing else; the same for the same input.
    """
    words = {name: text for name, text in (words or {}).items() if text.strip()}
    cells, hidden = notebook.cells, _hidden(notebook.cells)
    items = _items(cells, row, points, site, words)
    titles = [cell for cell in cells if cell.cell_type == "markdown" and _about(cell).get("locked")]
    found = re.search(r"<h1>(.*?)</h1>", markdown(titles[0].source)) if titles else None
    html = _template().render(
        title=Markup(found[1]) if found else "Feedback",
        row=row,
        items=[items[name] for name in points if name in items],
        most=sum(points.values()),
        shows=shows(row, words),
        waiting=sum(points[name] for name in row.waiting if name in points and not row.items.get(name)),
        status="" if row.status is Status.GRADED else str(row.status),
        notes=[printed(wording.said(note), hidden) for note in row.notes if note.reason not in wording.INSTRUCTORS],
        cells=list(_shown(cells, items, words)) if row.status.readable else [],
    )
    # no character that a browser would refuse, and no half of a surrogate pair, which could not be written to a file
    return CONTROL.sub("", html).encode("utf-8", "replace").decode("utf-8")
