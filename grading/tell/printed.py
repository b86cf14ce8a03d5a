"""What a student's code printed, drew or raised, as a page may show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from grading.intake.pictures import checked
from grading.record import CONTROL

__all__ = ["MAX_CELL", "MAX_PICTURES", "Output", "outputs_of", "picture_uri", "printed", "shortened"]

MAX_CELL = 20_000  # characters of a cell, and of what it printed: more is somebody's mistake
MAX_PICTURES = 8_000_000  # characters of all pictures
PICTURES = ("image/png", "image/jpeg")


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


def printed(text: str, hidden: Sequence[str] = ()) -> str:
    """What code printed, or an exception says: without colours, paths, frames outside, or a line of a hidden test."""
    text = ANSI.sub("", shortened(text, 10 * MAX_CELL))
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))  # a progress bar's last state
    text = OWN_NAME.sub(r"(line \1)", CONTROL.sub("", text))
    if "ipykernel_" in text:
        text = OWN_FILE.sub(r"Cell, line \1", text)
    text = _without_frames(text)
    for line in hidden:
        text = text.replace(line, "…")
    return shortened(PATH.sub("…", text), MAX_CELL)


def shortened(text: str, most: int) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= most:
        return text
    head, tail = most * 3 // 4, most // 4
    return f"{text[:head]}\n[... {len(text) - head - tail} characters are left out ...]\n{text[-tail:]}"


def picture_uri(kind: str, data: Any) -> str | None:
    """A data URI, if it is what it says."""
    found = checked(kind, data) if isinstance(data, str) and len(data) <= MAX_PICTURES else None
    return f"data:{kind};base64,{found}" if found else None


@dataclass(frozen=True)
class Output:
    kind: str  # text, error or picture
    value: str


def outputs_of(cell: NotebookNode, hidden: Sequence[str]) -> list[Output]:
    shown = list[Output]()
    for out in cell.get("outputs", []):
        if out.output_type == "error":
            said = "\n".join(map(str, out.get("traceback", []))) or f"{out.ename}: {out.evalue}"
            text = printed(said, hidden).strip("\n")
            last = printed(f"{out.ename}: {out.evalue}".removesuffix(": "), hidden)
            cut = FRAME.search(ANSI.sub("", said)) and last not in text  # the exception's own line went with a frame
            shown.append(Output("error", f"{text}\n{last}".strip("\n") if cut else text))
        elif out.output_type == "stream":
            shown.append(Output("text", str(out.text)))
        else:
            data = out.get("data", {})
            pictures = (picture_uri(kind, data[kind]) for kind in PICTURES if kind in data)
            picture = next((uri for uri in pictures if uri), None)
            plain = data.get("text/plain") or f"[output of the kind {', '.join(sorted(map(str, data)))}]"
            shown.append(Output("picture", picture) if picture else Output("text", f"{plain}\n"))
    return [*_joined(shown, hidden)]


def _joined(outputs: Sequence[Output], hidden: Sequence[str]) -> Iterator[Output]:
    """Text that was printed in pieces, as one."""
    pieces = list[str]()
    for out in [*outputs, Output("end", "")]:
        if out.kind == "text":
            pieces.append(out.value)
            continue
        if pieces:
            text = printed("".join(pieces), hidden).rstrip("\n")
            pieces.clear()
            if text:
                yield Output("text", text)
        if out.kind != "end":
            yield out
