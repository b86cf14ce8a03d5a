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
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
import mistune
from markupsafe import Markup, escape
from math_core import LatexError, LatexToMathML
from mistune.block_parser import BlockParser
from mistune.core import BlockState, InlineState
from mistune.inline_parser import InlineParser
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grading.engine import MIME
from grading.intake import Status
from grading.pictures import checked
from grading.row import CONTROL, Row

__all__ = ["ABOUT", "KEPT", "page", "remember"]

ABOUT = "about-this-submission"  # the cell in which the intake tells formgrader what the page says at its top
KEPT = "grading"  # where an executed notebook keeps what the gradebook does not
MAX_CELL = 20_000  # characters of a cell, and of what it printed: more is somebody's mistake
MAX_OWN = 100_000  # characters of all cells that a student added, outputs included
MAX_PICTURES = 8_000_000  # characters of all pictures
MAX_TEX = 600  # characters of a formula: the converter recurses
PICTURES = ("image/png", "image/jpeg")


# ---------------------------------------------------------------------------------------------- formulas and Markdown


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(max_expansions=0, fancy_error=False, id_prefix="tex-")


@lru_cache(maxsize=4096)
def _math(tex: str, display: bool = False) -> str:
    """MathML, or the TeX itself where there is none for it."""
    try:
        if len(tex) <= MAX_TEX:
            return _converter().convert_with_local_state(tex.strip(), displaystyle=display)
    except LatexError:
        pass
    return f'<code class="tex">{escape(tex.strip())}</code>'


class _Renderer(mistune.HTMLRenderer):
    """Markdown whose links lead to web pages, and whose pictures are within it."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not re.match(r"(https?://|mailto:)[^\s\\]+$", url):
            return text
        return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        kind, _, data = url.removeprefix("data:").partition(";base64,")
        source = _picture(kind, data) if url.startswith("data:") else None
        # mistune hands the alternative text over as it stands
        return f'<img src="{source}" alt="{escape(text)}">' if source else f"[picture: {escape(text)}]"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        python = (info or "").split()[:1] in (["python"], ["py"])
        return f'<pre tabindex="0"><code>{_code(code) if python else escape(code)}</code></pre>\n'

    def table(self, text: str) -> str:
        return f'<div class="scroll" tabindex="0"><table>{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        opening = 'th scope="col"' if head else "td"
        place = f' class="{align}"' if align else ""
        return f"<{opening}{place}>{text}</{opening[:2]}>\n"

    def inline_math(self, text: str) -> str:
        return _math(text)

    def block_math(self, text: str) -> str:
        return f'<div class="scroll" tabindex="0">{_math(text, display=True)}</div>\n'


# the lengths keep the search linear in hostile text
BLOCK_MATH = rf"^ {{0,3}}(?P<math>\$\$(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}}\$\$|\\begin\{{(?P<env>[a-z]+\*?)\}}"
BLOCK_MATH += rf"[\s\S]{{1,{MAX_TEX}}}?\\end\{{(?P=env)\}})[ \t]*$"
INLINE_MATH = rf"\$\$(?P<display>(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}})\$\$"
INLINE_MATH += rf"|\$(?![\s$])(?P<inline>(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}})(?<!\s)\$(?!\d)"  # $5 and $6 are prices


def _formulas(markdown: mistune.Markdown, *_: Any) -> None:
    """A plugin of mistune: dollars and environments, as Jupyter reads them."""

    def block(_: BlockParser, found: re.Match[str], state: BlockState) -> int:
        state.append_token({"type": "block_math", "raw": found["math"].strip("$")})
        return found.end() + 1

    def inline(_: InlineParser, found: re.Match[str], state: InlineState) -> int:
        kind = "inline_math" if found["inline"] else "block_math"
        state.append_token({"type": kind, "raw": found["inline"] or found["display"]})
        return found.end()

    markdown.block.register("block_math", BLOCK_MATH, block, before="list")
    markdown.inline.register("inline_math", INLINE_MATH, inline, before="emphasis")


@cache
def _parser() -> mistune.Markdown:
    plugins: list[Any] = ["table", "strikethrough", _formulas]
    return mistune.create_markdown(renderer=_Renderer(), plugins=plugins)


@lru_cache(maxsize=512)
def _markdown(text: str) -> Markup:
    """Safe HTML. The cells that all students have are rendered once."""
    if len(text) <= MAX_CELL:
        try:
            return Markup(_parser()(text))
        except Exception:  # a fault of the parser must cost nobody a page
            pass
    return Markup(f'<pre tabindex="0">{escape(_shortened(text, MAX_CELL))}</pre>')


PLAIN = re.compile(r'<span class="(?:[nopwx]|nb|bp|err)">([^<]*)</span>')  # names, operators: they have no colour


@cache
def _highlighter() -> tuple[PythonLexer, HtmlFormatter[str]]:
    return PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


@lru_cache(maxsize=512)
def _code(text: str) -> Markup:
    if len(text) > MAX_CELL:
        return escape(_shortened(text, MAX_CELL))
    return Markup(PLAIN.sub(r"\1", highlight(text, *_highlighter())))


# ---------------------------------------------------------------------------------------------- what was printed


ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
OWN_FILE = re.compile(r"(?:File )?\"?(?:[A-Z]:)?[/\\][^\s\"']{0,100}?ipykernel_\d+[/\\]\d+\.py\"?(?:, line |:)(\d+)")
OWN_NAME = re.compile(r"\(\d+\.py, line (\d+)\)")
PATH = re.compile(r"file:/[^\s'\"]+|(?<![\w./])~?/(?:[\w.+@~-]+/)+[\w.+@~-]*|\b[A-Za-z]:\\[^\s'\"]+")
HEADER = re.compile(r"-{40,}$|\S+ +Traceback \(most recent call last\)|Traceback \(most recent call last\):")
FRAME = re.compile(r'\s*File (?:"[^"]*", line \d+|\S+:\d+)')
OWN_FRAME = re.compile(r"\s*Cell(?: In ?\[\d+\])?, line \d+")


def _without_frames(text: str) -> str:
    """Of a traceback only the frames in the notebook's cells, and the exception."""
    if "File " not in text and "Traceback" not in text:
        return text
    lines, kept = [], True
    for line in text.split("\n"):
        if FRAME.match(line):
            kept = False
        elif OWN_FRAME.match(line) or re.match(r"[^\s-]", line):  # a frame's lines are indented, or begin with an arrow
            kept = True
        if kept and not HEADER.match(line):
            lines.append(line)
    return "\n".join(lines)


def _printed(text: str, hidden: Sequence[str] = ()) -> str:
    """What code printed, or an exception says: without colours, paths, frames outside, or a line of a hidden test."""
    text = ANSI.sub("", _shortened(text, 10 * MAX_CELL))
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))  # a progress bar's last state
    text = OWN_NAME.sub(r"(line \1)", CONTROL.sub("", text))
    if "ipykernel_" in text:
        text = OWN_FILE.sub(r"Cell, line \1", text)
    text = _without_frames(text)
    for line in hidden:
        text = text.replace(line, "…")
    return _shortened(PATH.sub("…", text), MAX_CELL)


def _shortened(text: str, most: int) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= most:
        return text
    head, tail = most * 3 // 4, most // 4
    return f"{text[:head]}\n[... {len(text) - head - tail} characters are left out ...]\n{text[-tail:]}"


def _picture(kind: str, data: Any) -> str | None:
    """A data URI, if it is what it says."""
    found = checked(kind, data) if isinstance(data, str) and len(data) <= MAX_PICTURES else None
    return f"data:{kind};base64,{found}" if found else None


@dataclass(frozen=True)
class _Output:
    kind: str  # text, error or picture
    value: str


def _outputs(cell: NotebookNode, hidden: Sequence[str]) -> list[_Output]:
    shown = list[_Output]()
    for out in cell.get("outputs", []):
        if out.output_type == "error":
            said = "\n".join(map(str, out.get("traceback", []))) or f"{out.ename}: {out.evalue}"
            text = _printed(said, hidden).strip("\n")
            last = _printed(f"{out.ename}: {out.evalue}".removesuffix(": "), hidden)
            cut = FRAME.search(ANSI.sub("", said)) and last not in text  # the exception's own line went with a frame
            shown.append(_Output("error", f"{text}\n{last}".strip("\n") if cut else text))
        elif out.output_type == "stream":
            shown.append(_Output("text", str(out.text)))
        else:
            data = out.get("data", {})
            pictures = (_picture(kind, data[kind]) for kind in PICTURES if kind in data)
            picture = next((uri for uri in pictures if uri), None)
            plain = data.get("text/plain") or f"[output of the kind {', '.join(sorted(map(str, data)))}]"
            shown.append(_Output("picture", picture) if picture else _Output("text", f"{plain}\n"))
    return [*_joined(shown, hidden)]


def _joined(outputs: Sequence[_Output], hidden: Sequence[str]) -> Iterator[_Output]:
    """Text that was printed in pieces, as one."""
    pieces = list[str]()
    for out in [*outputs, _Output("end", "")]:
        if out.kind == "text":
            pieces.append(out.value)
            continue
        if pieces:
            text = _printed("".join(pieces), hidden).rstrip("\n")
            pieces.clear()
            if text:
                yield _Output("text", text)
        if out.kind != "end":
            yield out


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
    outputs: Sequence[_Output] = ()
    item: _Item | None = None
    words: Markup | None = None


def _about(cell: NotebookNode) -> Mapping[str, Any]:
    about = cell.metadata.get("nbgrader")
    return about if isinstance(about, Mapping) and isinstance(about.get("grade_id"), str) else {}


def _bundle(cell: NotebookNode) -> dict[str, Any]:
    """What the check says, or nothing if it is not as `grading.engine` makes it: plain nbgrader checks in the kernel
    of the student, who can put anything there."""
    outputs = [out.get("data", {}) for out in cell.get("outputs", [])]
    said: Any = next((data[MIME] for data in reversed(outputs) if MIME in data), None)
    try:
        groups = [
            {
                "name": str(group["name"]),
                "points": float(group["points"]),
                "max_points": float(group["max_points"]),
                "passed": bool(group["passed"]),
                "message": str(group["message"]),
            }
            for group in said["groups"]
        ]
        hints = [{key: str(hint[key]) for key in ("name", "hint", "page")} for hint in said.get("hints", [])]
        told = (str(said["mistake"]), str(said["message"]))
        return {"points": float(said["points"]), "groups": groups, "hints": hints, "told": told}
    except (AttributeError, LookupError, TypeError, ValueError):
        return {}


def _page_link(place: str, site: str) -> dict[str, str]:
    """A page of the book by a name that one can look for, and by its address where the book has one."""
    number, _, words = place.rpartition("/")[2].partition("-")
    named = f"chapter {int(number)}, {words.replace('-', ' ')}" if number.isdecimal() else place.rpartition("/")[2]
    return {"label": named, "address": f"{site.rstrip('/')}/{place}.html" if site and place else ""}


def _items(
    cells: Sequence[NotebookNode], row: Row, points: Mapping[str, float], site: str, words: Mapping[str, str]
) -> dict[str, _Item]:
    hidden, items = _hidden(cells), dict[str, _Item]()
    heading, since = Markup(""), list[str]()
    for cell in cells:
        about = _about(cell)
        name = about.get("grade_id", "")
        if cell.cell_type == "markdown" and about.get("locked"):
            found = re.findall(r"<h[1-6]>(.*?)</h[1-6]>", _markdown(cell.source))
            heading = Markup(found[-1]) if found else heading
        since += [name] * bool(name)
        if name not in points:
            continue
        got, most, bundle = row.items.get(name, 0.0), points[name], _bundle(cell)
        groups = [{**group, "message": _printed(group["message"], hidden)} for group in bundle.get("groups", [])]
        items[name] = _Item(
            name,
            heading,
            got,
            most,
            groups,
            [{**hint, **_page_link(hint["page"], site)} for hint in bundle.get("hints", [])],
            [_printed(said, hidden) for said in _said(name, row, bundle, got, most, bool(about.get("solution")))],
            [_markdown(words[each]) for each in since if each in words],
        )
        since = []
    return items


def _said(name: str, row: Row, bundle: Mapping[str, Any], got: float, most: float, by_hand: bool) -> Iterator[str]:
    """What there is to say of an item beside its groups and its mistakes."""
    reason = row.reasons.get(name, "")
    if not row.status.readable:
        yield "not graded"
    elif name in row.waiting:
        yield "A person has yet to read this; until then it counts as zero."
    elif by_hand:
        yield reason or "read by a person"
    elif bundle and got != bundle["points"]:
        yield f"A person set these points; the check gave {bundle['points']:g}."
    if reason and row.status.readable and not by_hand and reason not in bundle.get("told", ()):
        yield reason
    if not (bundle or reason or by_hand) and got < most:
        yield "The check gave no reason."


def _hidden(cells: Sequence[NotebookNode]) -> list[str]:
    """Lines that are hidden in locked cells, longest first: whatever prints them, they are cut out."""
    regions = [found[0] for cell in cells if _about(cell).get("locked") for found in HIDDEN.finditer(cell.source)]
    lines = {line.strip() for region in regions for line in region.split("\n")}
    return sorted((line for line in lines if len(line) > 5), key=lambda line: (-len(line), line))


def _shown(cells: Sequence[NotebookNode], items: Mapping[str, _Item], words: Mapping[str, str]) -> Iterator[_Cell]:
    hidden, left, pictures = _hidden(cells), MAX_OWN, MAX_PICTURES
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
        outputs = list[_Output]()
        for out in _outputs(cell, hidden):
            if out.kind == "picture":
                pictures -= len(out.value)
                out = out if pictures >= 0 else _Output("text", "[picture: there are too many for one page]")
            outputs.append(out)
        if kind == "own":
            left -= len(source) + sum(len(out.value) for out in outputs if out.kind != "picture")
            if left < 0:
                missing += 1
                continue
        text, code = (None, _code(source)) if cell.cell_type == "code" else (_markdown(source), None)
        said = _markdown(words[name]) if name in words else None
        yield _Cell(kind, name, text, code, outputs, items.get(name), said)
    if missing:
        yield _Cell("given", text=_markdown(f"*{missing} more cells are left out: the page would be too long.*"))


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


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["outline"] = _outline
    css = Path(__file__).with_name("templates").joinpath("feedback.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    environment.globals.update(css=Markup(css), css_digest=digest)
    return environment.get_template("feedback.html.j2")


def remember(notebook: NotebookNode, row: Row) -> None:
    """Keep in an executed notebook what the gradebook does not, so that nbgrader's own button makes the same page.

    Parameters
    ----------
    notebook : NotebookNode
        Settled; its metadata change.
    row : Row
        What the student gets.
    """
    notebook.metadata[KEPT] = NotebookNode(status=str(row.status), reasons=row.reasons, notes=row.notes, seed=row.seed)


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
        Points, status, reasons, notes, and what waits for a person, as the gradebook has them now.
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
    found = re.search(r"<h1>(.*?)</h1>", _markdown(titles[0].source)) if titles else None
    html = _template().render(
        title=Markup(found[1]) if found else "Feedback",
        row=row,
        items=[items[name] for name in points if name in items],
        most=sum(points.values()),
        waiting=sum(points[name] for name in row.waiting if name in points),
        status="" if row.status is Status.GRADED else str(row.status),
        notes=[_printed(note, hidden) for note in row.notes],
        cells=list(_shown(cells, items, words)) if row.status.readable else [],
    )
    # no character that a browser would refuse, and no half of a surrogate pair, which could not be written to a file
    return CONTROL.sub("", html).encode("utf-8", "replace").decode("utf-8")
