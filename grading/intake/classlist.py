"""A class list: a CSV file of one's own, or what Canvas, Moodle and GitHub Classroom export, as it is.

Columns are known by their names, in English, German, French or Spanish. What separates them and how the letters are
written is found out.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from grading.intake.repair import MAX_ID, safe_id
from grading.record import Student

__all__ = ["ClassList", "ListError", "read_list", "squashed"]

# a column's name, squashed, as platforms and people write it
COLUMNS = {
    "id": "id studentid",
    "first_name": "firstname first givenname vorname vornamen prénom nombre",
    "last_name": "lastname last surname familyname nachname familienname nomdefamille apellidos apellido",
    "name": "name fullname student students studentname studentin studierende vollständigername nom nomcomplet "
    "nombrecompleto teilnehmer teilnehmerin",
    "email": "email emailaddress mail emailadresse mailadresse adressedecourriel courriel direccióndecorreo correo",
    "number": "canvasid canvasuserid identifier participant participantnumber teilnehmernummer",
    "official": "idnumber idnummer matrikelnummer matrnr matrikelnr matriculationnumber studentnumber sisuserid "
    "sisbenutzerid numérodidentification númerodeid",
    "login": "username userid user login loginid sisloginid sisanmeldeid sisbenutzername benutzername anmeldename "
    "nutzername nutzerkennung kennung netid githubusername nomdutilisateur nombredeusuario",
    "group": "group groups groupname gruppe gruppen team groupe grupo grupos",
    "section": "section sections abschnitt abschnitte sektion",
}
FIELDS = {name: field for field, names in COLUMNS.items() for name in names.split()}
WORKSHEET = {"maximumgrade", "bestwertung", "feedbackcomments", "feedbackalskommentar"}  # Moodle's, for grading
# which column is the id, if none is called so: the first that tells everybody apart
IDS = {"canvas": ("login", "official", "number"), "": ("official", "login", "email", "number")}


class ListError(Exception):
    """The file is no class list; the sentence says what to change."""


class ClassList(dict[str, Student]):
    """The students by their ids.

    Attributes
    ----------
    platform : str
        Whose export it is: ``canvas``, ``moodle``, or nothing.
    columns : sequence of str
        The names of the other columns, of which one may be the assignment's.
    """

    platform: str = ""
    columns: Sequence[str] = ()

    def column(self, assignment: str) -> str:
        """The assignment's column in the platform's gradebook, as ``Backprop (12345)``; nothing if it is not clear."""
        wanted, names = squashed(assignment), {name: squashed(_title(name)) for name in self.columns}
        same = [name for name in names if names[name] == wanted]
        near = same or [name for name in names if wanted in names[name]]
        return near[0] if len(near) == 1 else ""


def _title(column: str) -> str:
    """The assignment's name, of ``Backprop (12345)`` or ``Assignment: Backprop (Real)``."""
    return re.sub(r"^(Assignment|Aufgabe|Devoir|Tarea): ?|\s*\([^()]*\)\s*$", "", column)


def squashed(name: str) -> str:
    """A name without what people write in different ways: case, spaces, marks, and how Unicode has a letter."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def read_list(path: Path) -> ClassList:
    """Read a class list.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ClassList
        The students, in the file's order.

    Raises
    ------
    ListError
        If the file cannot be used; the sentence names line and column.
    """
    try:
        text = _decoded(path.read_bytes(), path)
        head, lines = _table(text)
        fields = _fields(head)
        platform = _platform(head, fields)
        if (platform == "canvas" and "id" in fields) or (platform == "moodle" and "id" in fields):
            fields["number"] = fields.pop("id")
        elif "githubusername" in map(squashed, head) and "number" in fields:
            fields["id"] = fields.pop("number")  # the teacher's own word for the student
        rows = [(number, _texts(line, fields)) for number, line in lines]
    except (OSError, csv.Error) as error:
        raise ListError(f"the students file {path} cannot be read: {error}") from None
    people = [(number, texts) for number, texts in rows if _is_student(texts, platform)]
    key = _key(people, fields, platform)
    if not key:
        found = ", ".join(head) or "nothing"
        raise ListError(
            f"{path} needs a first line with the column id, or with columns as Canvas and Moodle export them "
            f"(ID number, Email address, SIS Login ID, ...) of which one tells all students apart; it has {found}"
        )
    made, seen = ClassList(), dict[str, int]()
    made.platform, made.columns = platform, [name for at, name in enumerate(head) if at not in fields.values()]
    for number, texts in people:
        name = texts["id"] = unicodedata.normalize("NFC", texts[key])
        if not name or safe_id(name) != name:
            if (size := len(name.encode())) > MAX_ID:
                shown = f"{name[:20]}..."
                raise ListError(f"{path}, line {number}: the id {shown!r} has {size} bytes; {MAX_ID} are allowed")
            allowed = "letters, digits and _ . , - + @ ' ( ) or spaces, the first a letter or digit"
            raise ListError(f"{path}, line {number}: the id {name!r} is not safe; use {allowed}")
        if name in seen:
            raise ListError(f"{path}, lines {seen[name]} and {number}: both have the id {name!r}; one has to go")
        seen[name] = number
        one = made[name] = Student(**texts)
        try:
            one.check()
        except ValueError as error:
            raise ListError(f"{path}, line {number}: {error}") from None
    return made


def _decoded(data: bytes, path: Path) -> str:
    if data.startswith(b"PK\x03\x04") or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ListError(f"{path} is a workbook of a spreadsheet program: save it as CSV there")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:100]:  # UTF-16 without its mark: in a name of columns every second byte is empty
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1")


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and with its number each line that is not empty."""
    told = re.match(r"sep=(.)\r?\n", text)  # for Excel
    rest = text[told.end() :] if told else text
    tables = [list(_lines(rest, mark, bool(told))) for mark in ([told[1]] if told else [",", ";", "\t"])]
    best = max(tables, key=lambda lines: (len(_fields(lines[0][1])), len(lines[0][1])) if lines else (0, 0))
    return (best[0][1], best[1:]) if best else ([], [])


def _lines(text: str, mark: str, skipped: bool) -> Iterator[tuple[int, list[str]]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    for line in lines:
        if any(cell.strip() for cell in line):
            yield lines.line_num + skipped, [cell.strip() for cell in line]


def _fields(head: Sequence[str]) -> dict[str, int]:
    """Where each field stands."""
    fields = dict[str, int]()
    for at, name in enumerate(head):
        if field := FIELDS.get(squashed(name)):
            fields.setdefault(field, at)
    if "name" in fields and "first_name" in fields and "last_name" not in fields:  # "Vorname;Name"
        fields["last_name"] = fields.pop("name")
    return fields


def _platform(head: Sequence[str], fields: dict[str, int]) -> str:
    names = {squashed(name) for name in head}
    if "name" in fields and "id" in fields and ("section" in fields or any(name.startswith("sis") for name in names)):
        return "canvas"
    worksheet = bool(names & WORKSHEET) and "name" in fields
    gradebook = "first_name" in fields and "id" not in fields and "email" in fields
    return "moodle" if worksheet or gradebook else ""


def _texts(line: Sequence[str], fields: dict[str, int]) -> dict[str, str]:
    """What a line says of a student, by the fields of `Student`."""
    texts = {field: line[at] if at < len(line) else "" for field, at in fields.items()}
    if "name" in texts:
        first, last = _parted(texts.pop("name"))
        texts.setdefault("first_name", first)
        texts.setdefault("last_name", last)
    if "number" in texts:  # "Participant 123"
        texts["number"] = re.sub(r"^\D+(?=\d+$)", "", texts["number"])
    return texts


def _parted(name: str) -> tuple[str, str]:
    """First and last name; before a last name may stand words as "van" and "de la"."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    words = name.split()
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _is_student(texts: dict[str, str], platform: str) -> bool:
    """Not Canvas's lines about the columns ("Points Possible", "Manual Posting") and its test student."""
    if platform != "canvas":
        return any(texts.values())
    known = any(texts.get(field) for field in ("number", "official", "login"))
    test = {texts["first_name"], texts["last_name"]} == {"Test", "Student"} and not texts.get("official")
    return known and not test


def _key(people: Sequence[tuple[int, dict[str, str]]], fields: dict[str, int], platform: str) -> str:
    """The column that is the id."""
    if "id" in fields:
        return "id"
    for field in IDS.get(platform, IDS[""]):
        if field in fields and all(texts[field] and safe_id(texts[field]) == texts[field] for _, texts in people):
            return field
    return ""
