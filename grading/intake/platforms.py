"""Whose a folder or a file is, by the names that learning platforms give."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from grading.intake.archive import Entry
from grading.intake.repair import safe_id
from grading.record import Student

__all__ = ["LAYOUTS", "Label", "Roster", "label_of"]

# How learning platforms name a student's folder or file. Moodle's number is another one for each assignment.
LAYOUTS = {
    # folders "Ada Lovelace_1234_assignsubmission_file_", or files "..._assignsubmission_file_backprop.ipynb"
    "Moodle": r"(?P<name>[^_]+)(_(?P<number>\d+))?_assignsubmission_[a-z]+(_(?P<file>.*))?",
    # "lovelaceada_LATE_1234_56789_backprop-1.ipynb": the student's number, and one that grows with every upload
    "Canvas": r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)",
    # "Exercise 1_ada_attempt_2024-11-25-13-57-02_backprop.ipynb", and a .txt without the last part
    "Blackboard": r"(.+_)?(?P<name>[^_]+)_attempt_(?P<upload>\d{4}-[\d-]+)(_(?P<file>.+)|\.txt)",
    # "1234-56789 - Ada Lovelace - Nov 25, 2024 157 PM - backprop.ipynb", or folders without the last part
    "Brightspace": r"(?P<number>\d+)-\d+ - (?P<name>.+?) - [^-]*\d{4}[^-]*( - (?P<file>.+))?",
}


@dataclass(frozen=True)
class Label:
    """What the name of a folder or file says."""

    name: str
    file: str = ""
    platform: str = ""
    number: str = ""
    upload: str = ""
    late: bool = False

    @property
    def source(self) -> tuple[str, str, str] | None:
        """Files of the same source are one student's, as the platform says."""
        return (self.platform, self.name, self.number) if self.platform else None


def label_of(entry: Entry, assignment: str, roster: Roster) -> Label | None:
    """What its name says; nothing, if it is not of a student."""
    for platform, layout in LAYOUTS.items():
        match = re.fullmatch(layout, entry.name, re.DOTALL)
        if match and not (entry.kind == "folder" and match["file"]):
            texts = {key: text or "" for key, text in match.groupdict().items()}
            late = bool(texts.pop("late", ""))
            return Label(**{**texts, "file": texts["file"] or entry.name}, platform=platform, late=late)
    stem, suffix = os.path.splitext(entry.name)
    if entry.kind in ("folder", "link") and suffix.casefold() not in (".ipynb", ".zip"):
        return Label(entry.name)
    name = re.sub(r" ?\(\d+\)$", "", stem)  # what a browser adds to the second download
    known = re.escape(assignment)
    name = re.sub(rf"^{known}[ _-]+(?=.)|(?<=.)[ _-]+{known}$", "", name, count=1, flags=re.IGNORECASE)
    if suffix.casefold() in (".ipynb", ".zip"):
        return Label(name, assignment + suffix.casefold())
    return Label(name, entry.name) if roster.knows(name) else None


class Roster:
    """The students, and who else turned up."""

    def __init__(self, known: Mapping[str, Student]) -> None:
        self.known = known
        self._folded = {name.casefold(): name for name in known}
        self._named: dict[str, list[str]] = {}
        for one in known.values():
            for full in {_squashed(one.first_name + one.last_name), _squashed(one.last_name + one.first_name)} - {""}:
                self._named.setdefault(full, []).append(one.id)

    def knows(self, name: str) -> bool:
        return safe_id(name).casefold() in self._folded

    def id(self, label: Label, alone: bool) -> str:
        """The id; ``alone`` says that the platform has nobody else of this name."""
        name = safe_id(label.name if alone else f"{label.name} {label.number}")
        if name in self.known:
            return name
        named = self._named.get(_squashed(label.name), []) if label.platform and alone else []
        if name.casefold() not in self._folded and len(named) == 1:
            return named[0]
        if label.number in self.known and label.platform != "Moodle":
            return label.number
        return self._folded.setdefault(name.casefold(), name)


def _squashed(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())
