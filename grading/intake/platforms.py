"""Whose a folder or a file is, by the names that learning platforms give."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import yaml

from grading.intake.archive import BadError, Entry, read
from grading.intake.classlist import squashed
from grading.intake.repair import safe_id
from grading.record import Student

__all__ = ["GRADESCOPE", "LAYOUTS", "Label", "Roster", "label_of", "saved", "submitters", "without_group"]

# How learning platforms name a student's folder or file. Moodle's number is another one for each assignment.
LAYOUTS = {
    # folders "Ada Lovelace_1234_assignsubmission_file_", or files "..._assignsubmission_file_backprop.ipynb"; the name
    # may be a group's, and one of those who are in none has no number
    "Moodle": r"(?P<name>[^_]+)(_(?P<number>\d+))?_assignsubmission_[a-z]+(_(?P<file>.*))?",
    # "lovelaceada_LATE_1234_56789_backprop-1.ipynb": the student's number, and one that grows with every upload
    "Canvas": r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)",
    # "Exercise 1_ada_attempt_2024-11-25-13-57-02_backprop.ipynb", and a .txt without the last part
    "Blackboard": r"(.+_)?(?P<name>[^_]+)_attempt_(?P<upload>\d{4}-[\d-]+)(_(?P<file>.+)|\.txt)",
    # "1234-56789 - Ada Lovelace - Nov 25, 2024 157 PM - backprop.ipynb", or folders without the last part
    "Brightspace": r"(?P<number>\d+)-\d+ - (?P<name>.+?) - [^-]*\d{4}[^-]*( - (?P<file>.+))?",
    # folders "Lovelace_Ada_ada_1234": the login, and the user's number; without umlauts
    "ILIAS": r"(?P<name>[^\W\d_][^_]*_[^\W\d_][^_]*)_(?P<login>.+)_(?P<number>\d+)",
    # folders "Lovelace, Ada(ada)", in which the attachments have a folder
    "Sakai": r"(?P<name>[^()]+)\((?P<login>[^()]+)\)",
}
FOLDERS = ("ILIAS", "Sakai")  # of these there are no files
ATTACHED = "Submission attachment(s)"
GRADESCOPE = "submission_metadata.yml"


@dataclass(frozen=True)
class Label:
    """What the name of a folder or file says."""

    name: str
    file: str = ""
    platform: str = ""
    number: str = ""
    upload: str = ""
    late: bool = False
    login: str = ""

    @property
    def source(self) -> tuple[str, str, str] | None:
        """Files of the same source are one student's, as the platform says."""
        return (self.platform, self.name, self.number) if self.platform else None


def label_of(entry: Entry, assignment: str, roster: Roster) -> Label | None:
    """What its name says; nothing, if it is not of a student."""
    for platform, layout in LAYOUTS.items():
        match = re.fullmatch(layout, entry.name, re.DOTALL)
        if match and _fits(platform, entry, match):
            texts = {key: text or "" for key, text in match.groupdict().items()}
            late = bool(texts.pop("late", ""))
            label = Label(**{**texts, "file": texts.get("file") or entry.name}, platform=platform, late=late)
            label = _split(label, roster) if platform == "ILIAS" else label
            if platform not in FOLDERS or not roster.known or roster.owners(label):
                return label
    stem, suffix = os.path.splitext(saved(entry.name))
    folder = entry.kind in ("folder", "link") and suffix.casefold() not in (".ipynb", ".zip")
    name = entry.name if folder else re.sub(r" ?\(\d+\)$", "", stem)  # what a browser adds to the second download
    known = re.escape(assignment)
    if not (folder and roster.named(name)):
        name = re.sub(rf"^{known}[ _-]+(?=.)|(?<=.)[ _-]+{known}$", "", name, count=1, flags=re.IGNORECASE)
    if folder:
        return Label(name)
    person, dash, own = stem.partition(" - ")  # "Ada Lovelace - my work.ipynb": Google Classroom's
    if dash and not roster.named(name) and roster.named(person):
        return Label(person, own + suffix, "Google Classroom")
    if suffix.casefold() in (".ipynb", ".zip"):
        return Label(name, assignment + suffix.casefold())
    return Label(name, entry.name) if roster.knows(name) else None


def saved(name: str) -> str:
    """A notebook's name without what browsers put after it."""
    return re.sub(r"(?<=\.ipynb)\.(txt|json)$", "", name, flags=re.IGNORECASE)


def _split(label: Label, roster: Roster) -> Label:
    """The same, where names and login have other parts, as the list says: "van_der_Berg_Dee_dee_303"."""
    parts = f"{label.name}_{label.login}".split("_")
    splits = [replace(label, name="_".join(parts[:at]), login="_".join(parts[at:])) for at in range(2, len(parts))]
    by_name = [(each, roster.named(each.name.replace("_", " "))) for each in splits]
    by_login = [(each, roster.keyed(each.login)) for each in splits]
    both = [(each, set(named) & set(keyed)) for (each, named), (_, keyed) in zip(by_name, by_login, strict=True)]
    for ways in (both, by_login, by_name):
        fitting = [(each, tuple(whose)) for each, whose in ways if whose]
        if len({whose for _, whose in fitting}) == 1:
            return fitting[0][0]
    return label


def _fits(platform: str, entry: Entry, match: re.Match[str]) -> bool:
    if platform in FOLDERS:
        return entry.kind == "folder" and (platform != "Sakai" or any(each.name == ATTACHED for each in entry.within()))
    return not (entry.kind == "folder" and match["file"])


def submitters(file: Entry) -> dict[str, list[Label]]:
    """For each of Gradescope's folders who handed it in, as the file beside them says.

    Raises
    ------
    ValueError
        If it is not Gradescope's.
    """
    try:
        loaded = yaml.load(read(file)[0], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return {
            str(folder): [
                Label(
                    str(one[":name"]), "", "Gradescope", str(one.get(":sid") or ""), login=str(one.get(":email") or "")
                )
                for one in about[":submitters"]
            ]
            for folder, about in loaded.items()
        }
    except (BadError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise ValueError(f"{GRADESCOPE} cannot be read: export the submissions again") from None


def without_group(labels: Iterable[Label], roster: Roster) -> dict[str, str]:
    """For names with a group before them, as "Group A-Ada Lovelace" or "homework1-ada", the student's own.

    So Moodle names everything where the assignment has groups, and GitHub Classroom every folder. A name with a hyphen
    is no such name: all must have something before them, and nothing that is itself such a name. Where no platform says
    that these are names, it has to be the same.
    """
    labels = list(labels)
    names = {label.name for label in labels}
    if not all("-" in name for name in names):
        return {}
    cuts = dict[str, int]()
    for name in names:
        if not roster.named(name):
            dashes = (found.start() for found in re.finditer("-", name))
            cuts.update([(name, at) for at in dashes if roster.named(name[at + 1 :])][:1])
    before = {name[:at] for name, at in cuts.items()}
    if len(before) > 1 and not all(label.platform for label in labels):
        return {}
    nested = {one for one in before if any(one.startswith(f"{other}-") for other in before)}
    return {name: name[at + 1 :].strip() for name, at in cuts.items() if name[:at] not in nested}


class Roster:
    """The students, and who else turned up."""

    def __init__(self, known: Mapping[str, Student]) -> None:
        self.known = known
        self._folded = {name.casefold(): name for name in known}
        self._numbers, self._keys, self._names, self._groups = (dict[str, dict[str, None]]() for _ in range(4))
        for one in known.values():
            for key in {one.official, one.login, one.email} - {""}:
                self._keys.setdefault(_folded(key), {})[one.id] = None
            self._numbers.setdefault(one.number, {})[one.id] = None
            for full in (f"{one.first_name} {one.last_name}", f"{one.last_name} {one.first_name}"):
                for name in _spellings(full):
                    self._names.setdefault(name, {})[one.id] = None
            for group in {one.group, *re.split("[,;]", one.group)}:
                self._groups.setdefault(squashed(group), {})[one.id] = None
        for index in (self._numbers, self._keys, self._names, self._groups):
            index.pop("", None)

    def knows(self, name: str) -> bool:
        return safe_id(name).casefold() in self._folded

    def keyed(self, name: str) -> list[str]:
        """Who has this id, login, address or official number."""
        plain = safe_id(name)
        if plain in self.known:
            return [plain]
        if plain.casefold() in self._folded:
            return [self._folded[plain.casefold()]]
        return list(self._keys.get(_folded(name), {}))

    def named(self, name: str) -> list[str]:
        """The same, or who is called so, first or last name first."""
        name = name.strip()
        if found := self.keyed(name):
            return found
        spelled = [self._names.get(each, {}) for each in _spellings(name)]
        return list(spelled[0] or {one: None for each in spelled for one in each}) if spelled else []

    def certain(self, label: Label) -> list[str]:
        """Whom the platform names by more than a name."""
        if label.number in self._numbers:
            return list(self._numbers[label.number])
        found = self.keyed(label.login) if label.login else []
        return found or (self.keyed(label.number) if label.number and label.platform == "Gradescope" else [])

    def owners(self, label: Label) -> list[str]:
        """Students of the list who can be meant: one, if it is clear."""
        if found := self.certain(label):
            return found
        named = self.named(label.name.replace("_", " ") if label.platform == "ILIAS" else label.name)
        numbered = self.keyed(label.number) if label.number and label.platform != "Moodle" else []
        return numbered if len(named) != 1 and (not named or set(numbered) & set(named)) else named

    def alike(self, label: Label) -> list[str]:
        """Of whom the label has a part of the names, at least a first and a last one, or all and some more."""
        found, close = list[str](), _parts(label.name, "-")
        for one in self.known.values():
            first, last = _parts(one.first_name, "-"), _parts(one.last_name, "-")
            whole = _parts(f"{one.first_name} {one.last_name}")
            less = close <= first | last and close & first and close & last and len(close) > 1
            if less or (first and last and whole <= _parts(label.name)):
                found.append(one.id)
        return found

    def members(self, name: str) -> list[str]:
        """Who is in the group of this name; of "Team 5" the list may say 5 alone."""
        number = re.fullmatch(r"(?:Team|Group|Gruppe)[ _](\d+)", name)
        return list(self._groups.get(squashed(name)) or self._groups.get(number[1] if number else "-", {}))

    def stranger(self, label: Label, alone: bool) -> str:
        """Who is not on the list is called so; ``alone`` says that the platform has nobody else of this name."""
        plain = label.login if label.platform in (*FOLDERS, "Gradescope") and label.login else label.name
        name = safe_id(plain if alone else f"{label.name} {label.number}")
        return name if name in self.known else self._folded.setdefault(name.casefold(), name)

    def person(self, student: str) -> Student | None:
        """Who of the list a student is of whom another round had the id."""
        found = self.named(student)
        return self.known.get(student) or (self.known[found[0]] if len(found) == 1 else None)


def _folded(key: str) -> str:
    return unicodedata.normalize("NFC", key).casefold()


def _spellings(name: str) -> list[str]:
    """A name, and how it is written without umlauts and accents: ü as ue, and as u."""
    plain = unicodedata.normalize("NFC", name).casefold()
    german = plain.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    ways = [plain, _bare(german), _bare(plain)]
    return [each for each in dict.fromkeys(map(squashed, ways)) if each]


def _parts(name: str, also: str = "") -> set[str]:
    """The parts of a name, with one way to write umlauts and accents."""
    plain = _bare(unicodedata.normalize("NFC", name).casefold())
    return {re.sub("(?<=[aou])e", "", each) for each in re.split(rf"[\s,._{also}]+", plain) if each}


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.translate({ord("ø"): "o", ord("ł"): "l", ord("đ"): "d"}))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
