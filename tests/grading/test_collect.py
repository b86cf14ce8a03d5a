"""What an instructor has is taken as it is; what is broken or meant to do harm costs a line, and nobody else's work."""

import io
import os
import shutil
import socket
import stat
import unicodedata
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.intake import archive, find, lean
from grading.intake.repair import Found, safe_id
from grading.record import Status, Student

law = settings(max_examples=80, deadline=None, derandomize=True)
NOTEBOOK = '{"cells": []}'


def files(folder, *names, **contents):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents.get("text", NOTEBOOK))


def zipped(members, **how):
    """A zip as bytes; a member is a name, or a ZipInfo, with its content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data)
    return file.getvalue()


def loaded(path, students=None):
    """Status and notes by student, and the notes of the whole."""
    places, notes = find.submissions(path, "small", students)
    found = {student: place.load() for student, place in places.items()}
    assert [each.student for each in found.values()] == list(found)
    return {student: (str(each.status), "; ".join(each.notes)) for student, each in found.items()}, notes


def one(path):
    rows, _ = loaded(path)
    assert len(rows) == 1
    return next(iter(rows.values()))


GRADED = ("graded", "")


# ---------------------------------------------------------------------------------------------- layouts


LISTS = [
    (["ann/small.ipynb", "ben/small/small.ipynb"], {"ann": GRADED, "ben": GRADED}),
    (["ann.ipynb", "ben_small.ipynb", "Small-cyd.ipynb"], {"ann": GRADED, "ben": GRADED, "cyd": GRADED}),
    (["ann_small (1).ipynb", "small_ben.ipynb"], {"ann": GRADED, "ben": GRADED}),
    (
        ["Ann Lee_12_assignsubmission_file_/small.ipynb", "Zoë Li_13_assignsubmission_file/in/here/small.ipynb"],
        {"Ann Lee": GRADED, "Zoë Li": GRADED},
    ),
    (
        ["Ann Lee_12_assignsubmission_file_small.ipynb", "Ann Lee_12_assignsubmission_onlinetext_onlinetext.html"],
        {"Ann Lee": GRADED},
    ),
    (
        ["Ann Lee_12_assignsubmission_file_/small.ipynb", "Ann Lee_13_assignsubmission_file_/small.ipynb"],
        {"Ann Lee 12": GRADED, "Ann Lee 13": GRADED},  # two persons
    ),
    (
        [
            "leeann_LATE_12_670_small.ipynb",
            "liben_13_671_small-1.ipynb",
            "licyd_14_672_my-2.ipynb",
            "dan_15_673_a.pdf",
        ],
        {
            "leeann": ("graded", "Canvas has it as late"),
            "liben": GRADED,
            "licyd": ("renamed", "my-2.ipynb was taken for small.ipynb"),
            "dan": ("missing", "there is no small.ipynb, only a.pdf: the notebook itself is needed"),
        },
    ),
    (
        ["Ex 1_ann_attempt_2024-11-25-13-57-02_small.ipynb", "Ex 1_ann_attempt_2024-11-25-13-57-02.txt"],
        {"ann": GRADED},
    ),
    (
        ["12-9 - Ann Lee - Nov 25, 2024 157 PM - small.ipynb", "13-9 - Li-Wu, Ben - 25 Nov, 2024 1357/small.ipynb"],
        {"Ann Lee": GRADED, "Li-Wu, Ben": GRADED},
    ),
]


@pytest.mark.parametrize(("names", "expected"), LISTS)
@pytest.mark.parametrize("form", ["folder", "zip", "zip of the folder", "zip made on Windows"])
def test_layouts(names, expected, form, tmp_path):
    place = tmp_path / "all"
    if form == "folder":
        files(place, *names)
    else:
        start = "all/" if form == "zip of the folder" else ""
        slash = "\\" if form == "zip made on Windows" else "/"
        place.write_bytes(zipped({(start + name).replace("/", slash): NOTEBOOK for name in names}))
    rows, notes = loaded(place)
    assert rows == expected
    assert [note for note in notes if "of the zip" not in note] == []


def test_only_one_student_in_the_zip(tmp_path):
    """Not everything in the only folder is a student."""
    for inside in ("small.ipynb", "small/small.ipynb", "mine.ipynb"):
        (tmp_path / "all.zip").write_bytes(zipped({f"ann/{inside}": NOTEBOOK}))
        assert list(loaded(tmp_path / "all.zip")[0]) == ["ann"]


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("leeann_12_34_small.ipynb", "a1"),
        ("annlee_12_34_small.ipynb", "a1"),
        ("Ann  LEE_12_assignsubmission_file_small.ipynb", "a1"),
        ("libenny_77_34_small.ipynb", "77"),  # by the number
        ("Li Benny_77_assignsubmission_file_small.ipynb", "Li Benny"),  # Moodle's number is not the student's
        ("A1_small.ipynb", "a1"),
        ("Ann Lee.ipynb", "a1"),
        ("a1.py", "a1"),
    ],
)
def test_names_and_numbers_of_platforms_lead_to_the_students(name, student, tmp_path):
    known = [Student("a1", "Ann", "Lee"), Student("77"), Student("w1", "Wu", "Wu"), Student("w2", "Wu", "Wu")]
    files(tmp_path, name)
    assert list(loaded(tmp_path, {each.id: each for each in known})[0]) == [student]


def test_two_of_one_name_are_not_given_to_one_student(tmp_path):
    files(tmp_path, "leeann_1_8_small.ipynb", "leeann_2_9_small.ipynb")
    rows, notes = loaded(tmp_path, {"a1": Student("a1", "Ann", "Lee")})
    assert (rows["leeann 1"], rows["leeann 2"]) == (GRADED, GRADED)
    status, said = rows["a1"]
    assert status == "not graded"  # and so is in no export
    assert "the name alone does not say whose leeann_1_8_small.ipynb, leeann_2_9_small.ipynb is" in said
    assert notes == [f"a1: {said}"]


def test_two_of_the_list_have_one_name(tmp_path):
    files(tmp_path, "wuwu_12_34_small.ipynb")
    rows, _ = loaded(tmp_path, {name: Student(name, "Wu", "Wu") for name in ("w1", "w2")})
    assert {name: status for name, (status, _) in rows.items()} == {
        "w1": "not graded", "w2": "not graded", "wuwu": "graded"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "has no submissions"),
        (lambda path: files(path, "readme.txt", ".hidden/small.ipynb"), "has no submissions"),
        (lambda path: files(path, "small.ipynb", "notes.txt"), "is it the folder of one student?"),
        (lambda path: files(path, "small/small.ipynb"), "is it the folder of one student?"),
        (lambda path: path.write_bytes(b"PK nonsense"), "is no zip, or a damaged one"),
        (lambda path: path.write_bytes(zipped({"ann/small.ipynb": NOTEBOOK})[:-30]), "is no zip, or a damaged one"),
        (lambda path: path.write_bytes(zipped({})), "has no submissions"),
        (os.mkfifo, "is neither a folder nor a zip"),
    ],
)
def test_places_that_cannot_be_used(make, said, tmp_path):
    make(tmp_path / "all")
    with pytest.raises(ValueError, match="all.*" + said.replace("?", r"\?")):
        find.submissions(tmp_path / "all", "small")


def test_too_many_members(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MAX_ALL", 3)
    (tmp_path / "all.zip").write_bytes(zipped({f"s{i}/small.ipynb": NOTEBOOK for i in range(4)}))
    with pytest.raises(ValueError, match="has more than 3 files"):
        find.submissions(tmp_path / "all.zip", "small")


def test_what_is_nobodys_is_named(tmp_path):
    files(tmp_path, "ann/small.ipynb", "readme.txt", "a<b>.csv", "c.pdf", "d", ".DS_Store", "__MACOSX/small.ipynb")
    rows, notes = loaded(tmp_path)
    assert rows == {"ann": GRADED}
    assert notes == ["left out, not a notebook, folder or zip: a�b�.csv, c.pdf, d and 1 more"]


def test_ten_thousand_submissions_are_listed_without_being_read(tmp_path, monkeypatch):
    (tmp_path / "all.zip").write_bytes(zipped({f"s{i}.ipynb": "" for i in range(10_000)}))
    monkeypatch.setattr(find, "read", None)
    assert len(find.submissions(tmp_path / "all.zip", "small")[0]) == 10_000


# ---------------------------------------------------------------------------------------------- one student's files


def test_which_file(tmp_path):
    folder = tmp_path / "ann"
    folder.mkdir()
    assert one(tmp_path) == ("missing", "there is no small.ipynb")
    files(folder, "notes.txt", "small.py")
    said = "there is no small.ipynb, only notes.txt, small.py: the notebook itself is needed"
    assert one(tmp_path) == ("missing", said)
    files(folder, "a.ipynb", "other/small.ipynb", ".ipynb_checkpoints/small.ipynb")
    assert one(tmp_path) == ("renamed", "a.ipynb was taken for small.ipynb")
    files(folder, "b.ipynb")
    assert one(tmp_path) == ("several notebooks", "2 notebooks (a.ipynb, b.ipynb), none is called small.ipynb")
    (folder / "small.ipynb").symlink_to(folder / "a.ipynb")
    status, notes = one(tmp_path)  # a link could lead to anyone's file
    assert status == "several notebooks"
    assert "small.ipynb is a link, and links are not followed" in notes
    (folder / "small.ipynb").unlink()
    files(folder, "Small.IPYNB")
    assert one(tmp_path) == GRADED
    files(folder, "small.ipynb")
    assert one(tmp_path) == GRADED
    files(folder, "small/small.ipynb", text="another")
    assert one(tmp_path) == ("graded", "there are 2 notebooks small.ipynb; small/small.ipynb was taken")


def test_nothing_handed_in():
    assert Found.nothing("ann").status is Status.MISSING
    assert Found.nothing("ann").notes == ("nothing was handed in",)


def test_what_is_found(tmp_path):
    files(tmp_path, "ann/small.ipynb")
    place = find.submissions(tmp_path, "small")[0]["ann"]
    first = place.load()
    assert (first.student, first.status, first.name) == ("ann", Status.GRADED, "small.ipynb")
    assert first.data == NOTEBOOK.encode()
    assert place.load() == first
    files(tmp_path, "ann/small.ipynb", text="{}")
    assert place.load().digest != first.digest
    (tmp_path / "ann" / "small.ipynb").unlink()
    assert place.load().status is Status.MISSING


def test_digest_covers_all_that_is_known(tmp_path):
    digests = set()
    for name in ("leeann_1_2_small.ipynb", "leeann_LATE_1_2_small.ipynb", "leeann_1_2_other.ipynb"):
        files(tmp_path / name, name)
        digests.add(find.submissions(tmp_path / name, "small")[0]["leeann"].load().digest)
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2015-02-02 15:58:23.948203 UTC", datetime(2015, 2, 2, 15, 58, 23, 948203)),  # as nbgrader writes it
        ("2015-02-02 15:58:23 UTC\n", datetime(2015, 2, 2, 15, 58, 23)),
        ("2015-02-02 15:58:23", datetime(2015, 2, 2, 15, 58, 23)),
        ("2015-07-02 15:58:23 CET", datetime(2015, 7, 2, 13, 58, 23)),
        ("2015-02-02T15:58:23 +0130", datetime(2015, 2, 2, 14, 28, 23)),
        ("2015-02-02 15:58:23 ABCD", None),
        ("2015-02-02 15:58:23 ../../etc/passwd", None),
        ("0001-01-01 00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
        ("\ud800".encode("utf-8", "surrogatepass"), None),
    ],
)
def test_time_of_handing_in(text, when, tmp_path):
    files(tmp_path, "ann/small/small.ipynb")
    (tmp_path / "ann/small/timestamp.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    found = find.submissions(tmp_path, "small")[0]["ann"].load()
    assert found.handed_in == when
    assert found.status is Status.GRADED
    assert (when is None) == ("timestamp.txt has no time that can be read" in " ".join(found.notes))


def test_a_time_that_the_student_could_have_written_does_not_count(tmp_path):
    """What comes from a platform, or from the student's zip, was all written by the student."""
    stamp = "2015-02-02 15:58:23 UTC"
    files(tmp_path, "Ann_1_assignsubmission_file_/timestamp.txt", text=stamp)
    files(tmp_path, "Ann_1_assignsubmission_file_/small.ipynb", "ben/notes.txt")
    (tmp_path / "ben/small.zip").write_bytes(zipped({"small.ipynb": NOTEBOOK, "timestamp.txt": stamp}))
    places, _ = find.submissions(tmp_path, "small")
    found = [place.load() for place in places.values()]
    assert [(each.status, each.handed_in) for each in found] == [(Status.GRADED, None)] * 2


# ---------------------------------------------------------------------------------------------- more than one


def stamped(folder, student, time, text=NOTEBOOK):
    files(folder, f"{student}/small.ipynb", text=text)
    if time:
        files(folder, f"{student}/timestamp.txt", text=time)


def test_the_newest_of_one_students_submissions_counts(tmp_path):
    stamped(tmp_path, "ann", "2024-01-02 10:00:00 UTC", '{"cells": [2]}')
    stamped(tmp_path, "Ann", "2024-01-02 09:00:00 UTC", '{"cells": [1]}')
    stamped(tmp_path, "ANN", "2024-01-02 12:30:00 +0300", '{"cells": [3]}')
    places, notes = find.submissions(tmp_path, "small")
    found = places["ANN"].load()
    assert (found.status, found.handed_in) == (Status.GRADED, datetime(2024, 1, 2, 10))
    assert found.data == b'{"cells": [2]}'
    assert notes == ["ANN: several folders or files are of this student: ANN, Ann, ann"]
    assert notes[0].removeprefix("ANN: ") in found.notes


def test_without_times_nobody_can_tell(tmp_path):
    stamped(tmp_path, "ann", "2024-01-02 10:00:00 UTC", '{"cells": [2]}')
    stamped(tmp_path, "Ann", "", '{"cells": [1]}')
    status, notes = loaded(tmp_path)[0]["Ann"]
    assert status == "several notebooks"
    assert "several folders or files are of this student: Ann, ann; " in notes
    assert "it cannot be told which counts" in notes
    files(tmp_path, "ann/small.ipynb", text='{"cells": [1]}')  # both the same: it does not matter
    assert loaded(tmp_path)[0]["Ann"][0] == "graded"


def test_case_is_no_difference_but_for_known_students(tmp_path):
    files(tmp_path, "ann.ipynb", "Ann.ipynb")
    assert list(loaded(tmp_path)[0]) == ["Ann"]
    assert list(loaded(tmp_path, {"ann": Student("ann")})[0]) == ["ann"]
    both = {name: Student(name) for name in ("ann", "Ann")}
    assert loaded(tmp_path, both) == ({"Ann": GRADED, "ann": GRADED}, [])


def test_one_name_in_two_unicode_forms_is_one_student(tmp_path):
    for form in ("NFC", "NFD"):
        files(tmp_path, unicodedata.normalize(form, "zoë.ipynb"), text=f'{{"cells": ["{form}"]}}')
    rows, notes = loaded(tmp_path)
    assert [(name, status) for name, (status, _) in rows.items()] == [("zoë", "several notebooks")]
    assert len(notes) == 1


def test_canvas_numbers_uploads_and_blackboard_dates_them(tmp_path):
    files(tmp_path, "leeann_1_99_small.ipynb", text="old")
    files(tmp_path, "leeann_1_100_small-1.ipynb", text="new")
    files(tmp_path, "E_ben_attempt_2024-11-25-13-57-02_small.ipynb", text="new")
    files(tmp_path, "E_ben_attempt_2024-09-30-23-57-02_small.ipynb", text="old")
    found = {name: place.load() for name, place in find.submissions(tmp_path, "small")[0].items()}
    assert {name: each.data for name, each in found.items()} == {"leeann": b"new", "ben": b"new"}
    assert found["leeann"].notes == ("there are 2 notebooks small.ipynb; small-1.ipynb was taken",)


# ---------------------------------------------------------------------------------------------- ids

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=60)


@law
@given(name=NAMES)
def test_every_id_is_safe(name):
    safe = safe_id(name)
    assert safe_id(safe) == safe
    assert safe_id(unicodedata.normalize("NFD", name)) == safe
    assert len(safe.encode()) <= 100
    assert safe[0].isalnum()
    assert not set(safe) & set('\\/:*?"<>|[]{}$`;&=\t\n\r')
    assert safe.isprintable()


@pytest.mark.parametrize("name", ["ann", "Zoë van der Berg", "o'neill", "a.b+c@uni.edu", "0815", "李雷", "Lee, A (2)"])
def test_ordinary_ids_stay_what_they_are(name):
    assert safe_id(name) == name


STRANGE = [
    "con",
    "Aux.x",
    "LPT1",
    "-rf",
    "=1+1",
    "@ann",
    "*",
    "[a]",
    "a?",
    "..",
    " ann",
    "ann ",
    "ann.",
    "a\nb",
    "a\x1b[31m",
    '"; drop',
    "<script>",
    "\u202eann",
    "🙂",
    "ab" * 60,
    "é" * 60,
    "a\\b",
]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_replaced_and_told(name, tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({f"{name}/small.ipynb": NOTEBOOK, "ben/small.ipynb": NOTEBOOK}))
    rows, notes = loaded(tmp_path / "all.zip")
    if name in ("..", "a\\b"):  # as a path these are something else
        assert rows["ben"] == GRADED
        return
    assert safe_id(name) != name
    assert rows == {safe_id(name): GRADED, "ben": GRADED}
    assert len(notes) == 1
    assert notes[0].endswith(f", so the student is called {safe_id(name)}")
    assert notes[0].isprintable()
    assert notes[0][0] not in "=+-@"


@law
@given(name=NAMES)
def test_no_name_of_a_file_gets_into_a_report_as_it_is(name):
    shown = archive.as_shown(name)
    assert shown.isprintable()
    assert not set(shown) & set('<>&`*[]|\\"')
    assert shown[:1] not in ("=", "+", "-", "@")
    assert len(shown) <= 80


# ---------------------------------------------------------------------------------------------- bad files


def test_links_are_never_followed(tmp_path):
    secret = tmp_path / "secret"
    files(secret, "small.ipynb")
    place = tmp_path / "all"
    files(place, "ann/small.ipynb", "cyd/notes.txt", "dan/notes.txt")
    (place / "ben").symlink_to(secret)
    (place / "cyd" / "small").symlink_to(secret)
    (place / "dan" / "small.ipynb").symlink_to("/etc/passwd")
    (place / "eve.ipynb").symlink_to(secret / "small.ipynb")
    rows, _ = loaded(place)
    assert rows.pop("ann") == GRADED
    said = "is a link, and links are not followed"
    named = {"ben": "ben", "cyd": "small", "dan": "small.ipynb", "eve": "eve.ipynb"}
    assert rows == {student: ("unreadable", f"{name} {said}") for student, name in named.items()}


def test_the_place_itself_may_be_a_link(tmp_path):
    files(tmp_path / "all", "ann/small.ipynb")
    (tmp_path / "link").symlink_to(tmp_path / "all")
    assert loaded(tmp_path / "link")[0] == {"ann": GRADED}


def test_what_is_not_a_file(tmp_path):
    """A pipe would keep its reader waiting for ever."""
    for student in ("ann", "ben", "cyd", "dan"):
        (tmp_path / student).mkdir()
    os.mkfifo(tmp_path / "ann" / "small.ipynb")
    (tmp_path / "ben" / "small.ipynb").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(tmp_path / "cyd")  # a socket's path is short
        try:
            listener.bind("small.ipynb")
        finally:
            os.chdir(here)
    files(tmp_path, "dan/small.ipynb")
    os.mkfifo(tmp_path / "eve.ipynb")
    rows, _ = loaded(tmp_path)
    said = "is neither a file nor a folder"
    assert rows == {
        "ann": ("unreadable", f"small.ipynb {said}"),
        "ben": ("unreadable", "small.ipynb is a folder"),
        "cyd": ("unreadable", f"small.ipynb {said}"),
        "dan": GRADED,
        "eve": ("unreadable", f"eve.ipynb {said}"),
    }


def test_a_file_swapped_for_a_pipe_or_a_link_after_the_listing(tmp_path):
    files(tmp_path, "ann/small.ipynb", "ann/other.txt")
    entry = archive.Entry(tmp_path / "ann" / "small.ipynb")
    (tmp_path / "ann" / "small.ipynb").unlink()
    os.mkfifo(tmp_path / "ann" / "small.ipynb")
    assert archive.read(entry) == (b"", 0)  # and it did not wait
    (tmp_path / "ann" / "small.ipynb").unlink()
    (tmp_path / "ann" / "small.ipynb").symlink_to(tmp_path / "ann" / "other.txt")
    with pytest.raises(archive.BadError, match="cannot be opened"):
        archive.read(entry)


def test_no_permission(tmp_path, monkeypatch):
    """Planted, since tests may run as a user who may do everything."""
    files(tmp_path, "ann/small.ipynb", "ben/small.ipynb", "cyd/small.ipynb")

    def refusing(real, where):
        def refuse(path, *more):
            if Path(path) == where:
                raise PermissionError(13, "Permission denied")
            return real(path, *more)

        return refuse

    monkeypatch.setattr(os, "open", refusing(os.open, tmp_path / "ann" / "small.ipynb"))
    monkeypatch.setattr(Path, "iterdir", refusing(Path.iterdir, tmp_path / "cyd"))
    rows, _ = loaded(tmp_path)
    assert rows == {
        "ann": ("unreadable", "small.ipynb cannot be opened: Permission denied"),
        "ben": GRADED,
        "cyd": ("unreadable", "the folder cyd cannot be opened: Permission denied"),
    }


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(lean, "MAX_BYTES", 1000)
    monkeypatch.setattr(find, "MAX_BYTES", 1000)
    files(tmp_path, "ann/small.ipynb", text=NOTEBOOK + " " * 1000)
    files(tmp_path, "ben/small.ipynb", text=NOTEBOOK + " " * (1000 - len(NOTEBOOK)))
    places, _ = find.submissions(tmp_path, "small")
    found = places["ann"].load()
    assert (found.status, found.data, found.notes) == (
        Status.TOO_LARGE,
        b"",
        ("small.ipynb has more than 0 MB without its outputs",),
    )
    assert places["ben"].load().status is Status.GRADED


# ---------------------------------------------------------------------------------------------- zips


def special(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def encrypted(data):
    """Mark all members of a zip as encrypted, which the standard library reads but cannot write."""
    data = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + place] |= 1
            start = data.find(mark, start + 4)
    return bytes(data)


def damaged(data):
    """Another byte in the middle of the first member."""
    return data.replace(b"cells", b"sells", 1)


STORED = io.BytesIO()
with zipfile.ZipFile(STORED, "w") as _archive:
    _archive.writestr("small.ipynb", NOTEBOOK)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (zipped({"small.ipynb": NOTEBOOK}), GRADED),
        (zipped({"my work/final/small.ipynb": NOTEBOOK, "__MACOSX/._small.ipynb": "x"}), GRADED),
        (zipped({"a.ipynb": NOTEBOOK}), ("renamed", "work.zip/a.ipynb was taken for small.ipynb")),
        (zipped({"a/small.ipynb": "1", "b/small.ipynb": "2"}), ("several notebooks", "it cannot be told which counts")),
        (zipped({"a/small.ipynb": "1", "b/c/small.ipynb": "2"}), ("graded", "work.zip/a/small.ipynb was taken")),
        (zipped({"small.py": ""}), ("missing", "there is no small.ipynb, only work.zip/small.py")),
        (zipped({}), ("unreadable", "work.zip is empty")),
        (b"", ("unreadable", "work.zip is no zip, or a damaged one")),
        (b"PK\x03\x04" + b"\0" * 99, ("unreadable", "work.zip is no zip, or a damaged one")),
        (zipped({"small.ipynb": NOTEBOOK})[:-10], ("unreadable", "work.zip is no zip, or a damaged one")),
        (damaged(STORED.getvalue()), ("unreadable", "work.zip/small.ipynb is damaged in the zip")),
        (encrypted(zipped({"small.ipynb": NOTEBOOK})), ("unreadable", "work.zip/small.ipynb is encrypted")),
        (zipped({"inner.zip": zipped({"small.ipynb": NOTEBOOK})}), ("missing", "only work.zip/inner.zip")),
        (zipped({"../small.ipynb": NOTEBOOK}), ("unreadable", "a path that leaves the zip or is too long: ../small.")),
        (zipped({"/small.ipynb": NOTEBOOK}), ("unreadable", "a path that leaves the zip or is too long: /small.ipy")),
        (zipped({"C:\\small.ipynb": NOTEBOOK}), ("unreadable", "a path that leaves the zip or is too long: C�")),
        (zipped({"a\\..\\..\\small.ipynb": NOTEBOOK}), ("unreadable", "a path that leaves the zip or is too long: a")),
        (zipped({"a/" * 99 + "small.ipynb": NOTEBOOK}), ("unreadable", "a path that leaves the zip or is too long: a")),
        (zipped({"../x": "", "small.ipynb": NOTEBOOK}), ("graded", "a path that leaves the zip or is too long: ../x")),
        (
            zipped([(special("small.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd")]),
            ("unreadable", "is a link, and"),
        ),
        (zipped([(special("small.ipynb", stat.S_IFIFO), "")]), ("unreadable", "is neither a file nor a folder")),
        (zipped([("small", "x"), ("small/small.ipynb", NOTEBOOK)]), ("missing", "only work.zip/small")),
    ],
)
def test_zip_of_a_student(data, expected, tmp_path):
    files(tmp_path, "ben/small.ipynb", "ann/notes.txt")
    (tmp_path / "ann" / "notes.txt").unlink()
    (tmp_path / "ann" / "work.zip").write_bytes(data)
    rows, _ = loaded(tmp_path)
    assert rows["ben"] == GRADED
    assert rows["ann"][0] == expected[0]
    assert expected[1] in rows["ann"][1]
    assert bool(rows["ann"][1]) == bool(expected[1])


def test_same_name_twice_in_a_zip(tmp_path):
    """The last, as every program that unpacks it would leave."""
    files(tmp_path, "ann/notes.txt")
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("small.ipynb", "first"), ("small.ipynb", "last")])
    (tmp_path / "ann/work.zip").write_bytes(data)
    assert find.submissions(tmp_path, "small")[0]["ann"].load().data == b"last"


def test_the_notebook_beside_the_zip_counts(tmp_path):
    files(tmp_path, "ann/small.ipynb", "ben/notes.txt")
    for name in ("ann/data.zip", "ben/a.zip", "ben/b.zip"):
        (tmp_path / name).write_bytes(zipped({"small.ipynb": NOTEBOOK}))
    rows, _ = loaded(tmp_path)
    assert rows["ann"] == GRADED
    assert rows["ben"] == ("several notebooks", "2 zips (a.zip, b.zip) and no small.ipynb")


@pytest.mark.parametrize("declared", [None, 100])
def test_bombs(declared, tmp_path, monkeypatch):
    """What a member says of its size is not believed, and no more is unpacked than may be read."""
    bomb = bytearray(zipped({"small.ipynb": b" " * 50_000_000}))
    if declared:
        for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            start = bomb.find(mark) + place
            bomb[start : start + 4] = declared.to_bytes(4, "little")
    assert len(bomb) < 100_000
    (tmp_path / "ann.zip").write_bytes(bomb)
    unpacked = []
    real = zipfile.ZipExtFile.read

    def counting(self, n=-1):
        data = real(self, n)
        unpacked.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    status, notes = one(tmp_path)
    if declared:
        assert (status, notes) == ("unreadable", "ann.zip/small.ipynb is damaged in the zip")
    else:
        assert (status, notes) == ("too large", "ann.zip/small.ipynb has more than 10 MB without its outputs")
    assert sum(unpacked) <= find.MAX_READ + 1


def test_zip_with_too_many_members_or_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MAX_MEMBERS", 3)
    many = zipped({f"{number}.txt": "" for number in range(4)} | {"small.ipynb": NOTEBOOK})
    (tmp_path / "ann.zip").write_bytes(many)
    assert one(tmp_path) == ("unreadable", "ann.zip has more than 3 files: hand in the notebook alone")
    monkeypatch.setattr(find, "MAX_READ", 50)
    assert one(tmp_path) == ("unreadable", "ann.zip has more than 0 MB: hand in the notebook alone")


def test_folder_with_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MAX_MEMBERS", 3)
    files(tmp_path, *(f"ann/{number}.txt" for number in range(9)))
    assert one(tmp_path) == ("unreadable", "there are more than 3 files; only the first were looked at")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing(method, tmp_path):
    """Their unpackers take memory that the packed file asks for."""
    with zipfile.ZipFile(tmp_path / "ann.zip", "w", method) as archive:
        archive.writestr("small.ipynb", NOTEBOOK)
    assert one(tmp_path)[0] == "unreadable"
    assert "pack it again as an ordinary zip" in one(tmp_path)[1]


def test_bad_members_of_the_zip_of_all(tmp_path):
    members = [
        ("ann/small.ipynb", NOTEBOOK),
        ("../../etc/cron.d/x", "evil"),
        ("/etc/passwd", "evil"),
        (special("ben/small.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd"),
        (special("cyd", stat.S_IFLNK | 0o777), "/etc"),
        ("dan/work.zip", zipped({"small.ipynb": NOTEBOOK})),
    ]
    (tmp_path / "all.zip").write_bytes(zipped(members))
    rows, notes = loaded(tmp_path / "all.zip")
    assert rows == {
        "ann": GRADED,
        "ben": ("unreadable", "small.ipynb is a link, and links are not followed"),
        "cyd": ("unreadable", "cyd is a link, and links are not followed"),
        "dan": GRADED,
    }
    assert notes == ["left out, a path that leaves the zip or is too long: ../../etc/cron.d/x, /etc/passwd"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip"]  # nothing was unpacked


@law
@given(data=st.data())
def test_any_damage_to_a_zip(data, tmp_path_factory):
    whole = bytearray(zipped({"ann/small.ipynb": NOTEBOOK * 3, "ben/work.zip": zipped({"small.ipynb": NOTEBOOK})}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("any") / "all.zip"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    try:
        places, _ = find.submissions(path, "small")
    except ValueError:  # nothing else
        return
    for place in places.values():
        found = place.load()
        assert found.status is Status.GRADED or found.notes


# ---------------------------------------------------------------------------------------------- beside the notebook


def beside(tmp_path, layout, *names):
    """What is found beside a notebook in a folder, in a zip, or in files as Moodle hands them out."""
    shutil.rmtree(tmp_path / "all", ignore_errors=True)
    contents = {"small.ipynb": NOTEBOOK, **{name: f"# {name}" for name in names}}
    for name, text in contents.items():
        if layout == "folder":
            path = tmp_path / "all" / "ann" / "small" / name
        else:
            path = tmp_path / "all" / f"Ann Lee_12_assignsubmission_file_{name}"
        if layout != "zip":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if layout == "zip":
        (tmp_path / "all" / "ann").mkdir(parents=True)
        (tmp_path / "all" / "ann" / "work.zip").write_bytes(
            zipped({f"hw/{name}": text for name, text in contents.items()})
        )
    places, _ = find.submissions(tmp_path / "all", "small")
    (place,) = places.values()
    return place.load()


@pytest.mark.parametrize("layout", ["folder", "zip", "files"])
def test_modules_and_data_beside_the_notebook(layout, tmp_path):
    found = beside(tmp_path, layout, "helper.py", "data.csv", "numpy.py", "notes.docx", "submission_secret.txt")
    assert found.files == {"helper.py": b"# helper.py", "data.csv": b"# data.csv"}
    assert found.notes == ("numpy.py was not used: Python has a module of this name",)


@pytest.mark.parametrize("layout", ["folder", "zip"])
def test_packages_beside_the_notebook(layout, tmp_path):
    names = ["tools/__init__.py", "tools/json.py", "nnlib/network.py", "__pycache__/helper.py", ".git/config.txt"]
    assert sorted(beside(tmp_path, layout, *names).files) == ["tools/__init__.py", "tools/json.py"]


def test_what_lies_beside_the_notebook_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MAX_FILES", 2)
    monkeypatch.setattr(find, "MAX_FILE", 10)
    found = beside(tmp_path, "folder", "a.py", "b.py", "c.py", "a_long_name.py")
    assert len(found.files) == 2
    assert sum("too much beside the notebook" in note for note in found.notes) == 2


def test_a_link_beside_the_notebook_leads_nowhere(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    beside(tmp_path, "folder")
    (tmp_path / "all" / "ann" / "small" / "helper.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "all" / "ann" / "small" / "tools").symlink_to(tmp_path)
    places, _ = find.submissions(tmp_path / "all", "small")
    assert places["ann"].load().files == {}


def test_another_module_is_another_submission(tmp_path):
    """It is asked other things too: else one could ask with one module and answer with the next."""
    one = beside(tmp_path, "folder", "helper.py")
    (tmp_path / "all" / "ann" / "small" / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    places, _ = find.submissions(tmp_path / "all", "small")
    later = places["ann"].load()
    (tmp_path / "all" / "ann" / "small" / "helper.py").write_text("another")
    other = places["ann"].load()
    assert (one.digest, one.content) == (later.digest, later.content)
    assert one.digest != other.digest
    assert one.content != other.content
