"""What platforms export comes to whom it is of: submissions, class lists, and what goes back."""

import csv
import io
import unicodedata
import zipfile
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook
from test_collect import GRADED, NOTEBOOK, files, loaded, zipped

from grading.intake import find
from grading.intake.classlist import ListError, read_list
from grading.record import Student

CLASS = {
    each.id: each
    for each in (
        Student("ada", "Ada", "Lovelace", "ada@uni.example", group="Group A"),
        Student("0815", "Bert", "Brecht", "bert@uni.example", group="Group A"),
        Student("zoe", "Zoë", "Müller-Lüdenscheidt", "zoe@uni.example", login="zmueller", group="Group B"),
        Student("lvb", "Ludwig", "van Beethoven", "lvb@uni.example"),
    )
}
ALL = dict.fromkeys(("ada", "0815", "zoe", "lvb"), "graded")
DEVICE = "_assignsubmission_file_"
METADATA = """
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: ada
    :email: ada@uni.example
  - :name: Bert Brecht
    :sid: '0815'
    :email: bert@uni.example
  :created_at: 2024-11-25 13:57:02.000000000 Z
submission_102:
  :submitters:
  - :name: Zoe M.
    :sid:
    :email: ZOE@uni.example
submission_103:
  :submitters:
  - :name: Ludwig van Beethoven
    :sid:
    :email:
"""

# Each stands for a way in which a platform names things: Moodle 3 and 4 in group mode and for teams (mod/assign's
# downloader), ILIAS (ilExSubmission), Gradescope, GitHub and Google Classroom, Sakai, Brightspace, and plain folders.
LAYOUTS = {
    "Moodle, groups": (
        f"Group A-Ada Lovelace_5{DEVICE}/small.ipynb",
        f"Default group-Bert Brecht_6{DEVICE}small.ipynb",
        f"Standardgruppe-Zoë Müller-Lüdenscheidt_7{DEVICE}/in/small.ipynb",
        "Mo-Di-Ludwig van Beethoven_8_assignsubmission_file/small.ipynb",
    ),
    "Moodle, teams": (
        "Group A_77_assignsubmission_file/small.ipynb",
        f"group b_78{DEVICE}/small.ipynb",
        f"Ludwig van Beethoven_8{DEVICE}/small.ipynb",
    ),
    "Moodle, last name first": (
        f"Lovelace Ada_5{DEVICE}/small.ipynb",
        f"BRECHT, Bert_6{DEVICE}/small.ipynb",
        f"Müller-Lüdenscheidt Zoë_7{DEVICE}/small.ipynb",
        f"van Beethoven Ludwig_8{DEVICE}/small.ipynb",
    ),
    "ILIAS": (
        "Exercise_1/Submissions/Lovelace_Ada_ada_61/small.ipynb",
        "Exercise_1/Submissions/Brecht_Bert_bbrecht_62/small.ipynb",
        "Exercise_1/Submissions/Mueller-Luedenscheidt_Zoe_zm_ue_63/small.ipynb",
        "Exercise_1/Submissions/van Beethoven_Ludwig_lvb_64/small.ipynb",
        "Exercise_1/status.xlsx",
    ),
    "ILIAS, teams": (
        "E/Team 5/Lovelace_Ada_ada_61/small.ipynb",
        "E/Team 5/Brecht_Bert_bbrecht_62/small.ipynb",
        "E/Team 7/Mueller-Luedenscheidt_Zoe_zm_63/small.ipynb",
        "E/Team 7/Beethoven_Ludwig_lvb_64/small.ipynb",
    ),
    "GitHub Classroom": (
        "hw-1-submissions/hw-1-ada/small.ipynb",
        "hw-1-submissions/hw-1-0815/small.ipynb",
        "hw-1-submissions/hw-1-zmueller/small.ipynb",
        "hw-1-submissions/hw-1-LVB/small.ipynb",
    ),
    "Google Classroom": (
        "Ada Lovelace - small.ipynb",
        "Bert Brecht - My homework.ipynb",
        "Zoë Müller-Lüdenscheidt - small.ipynb",
        "Ludwig van Beethoven - small.ipynb",
    ),
    "Sakai": (
        "Homework/Lovelace, Ada(ada)/Submission attachment(s)/small.ipynb",
        "Homework/Lovelace, Ada(ada)/Feedback Attachment(s)/small.ipynb",
        "Homework/Brecht, Bert(0815)/Submission attachment(s)/small.ipynb",
        "Homework/M., Z.(zmueller)/Submission attachment(s)/small.ipynb",
        "Homework/van Beethoven, Ludwig(lvb)/Submission attachment(s)/small.ipynb",
        "Homework/grades.csv",
    ),
    "Brightspace": (
        "1-9 - Ada Lovelace - Nov 25, 2024 157 PM/small.ipynb",
        "2-9 - Bert Brecht - Nov 25, 2024 157 PM/small.ipynb",
        "3-9 - Zoë Müller-Lüdenscheidt - Nov 25, 2024 157 PM/small.ipynb",
        "4-9 - Ludwig van Beethoven - Nov 25, 2024 157 PM/small.ipynb",
        "index.html",
    ),
    "Canvas": (
        "lovelaceada_1_91_small.ipynb",
        "brechtbert_LATE_2_92_small-1.ipynb",
        "müllerlüdenscheidtzoë_3_93_small.ipynb",
        "vanbeethovenludwig_4_94_small.ipynb",
    ),
    "addresses": ("ada@uni.example/small.ipynb", "Bert@Uni.example/small.ipynb", "zoe@uni.example.ipynb", "lvb.ipynb"),
    "full names": ("Ada Lovelace/small.ipynb", "Brecht, Bert/small.ipynb", "Zoë Müller-Lüdenscheidt.ipynb", "LVB.zip"),
    "sections": ("course/A/ada/small.ipynb", "course/A/0815/small.ipynb", "course/B/zoe.ipynb", "course/B/lvb.ipynb"),
}


@pytest.mark.parametrize("form", ["folder", "NFD", "zip", "zip by macOS", "zip by Windows"])
@pytest.mark.parametrize("platform", LAYOUTS)
def test_everybody_is_found(platform, form, tmp_path):
    """A zip by macOS has names in UTF-8 and does not say so, and forks of files; one by Windows has code page 437."""
    names, place, packed = LAYOUTS[platform], tmp_path / "all", zipped({"small.ipynb": NOTEBOOK})
    content = {name: packed if name.endswith(".zip") else NOTEBOOK for name in names}
    if form in ("folder", "NFD"):
        for name, data in content.items():
            path = place / unicodedata.normalize(form if form == "NFD" else "NFC", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
    elif form == "zip":
        place.write_bytes(zipped(content))
    else:
        encoding = "utf-8" if form == "zip by macOS" else "cp437"
        forks = {f"__MACOSX/{name}": "fork" for name in names} if form == "zip by macOS" else {}
        place.write_bytes(unflagged({**content, **forks}, encoding))
    rows, notes = loaded(place, CLASS)
    assert {name: status.replace("renamed", "graded") for name, (status, _) in rows.items()} == ALL, notes


class Unflagged(zipfile.ZipInfo):
    """A member whose name is written so, and which does not say how."""

    encoding = "cp437"

    def _encodeFilenameFlags(self):
        return self.filename.encode(self.encoding), self.flag_bits & ~0x800


def unflagged(content, encoding):
    members = [(Unflagged(name), data) for name, data in content.items()]
    for member, _ in members:
        member.encoding = encoding
    return zipped(members)


def test_gradescope(tmp_path):
    """Whose a folder is stands in the file beside it, for a submission of two as well."""
    files(tmp_path, *(f"assignment_1_export/submission_{number}/small.ipynb" for number in (101, 102, 103)))
    (tmp_path / "assignment_1_export" / "submission_metadata.yml").write_text(METADATA)
    rows, _ = loaded(tmp_path, CLASS)
    assert {name: status for name, (status, _) in rows.items()} == ALL
    assert "handed in for all of submission_101" in rows["ada"][1]
    assert list(loaded(tmp_path)[0]) == [
        "ada@uni.example",
        "bert@uni.example",
        "Ludwig van Beethoven",
        "ZOE@uni.example",
    ]


@pytest.mark.parametrize(
    "text", ["", "- a\n", "submission_101: 3\n", "a: &a [*a]\n", "{", "!!python/object:os.system {}"]
)
def test_gradescope_damaged(text, tmp_path):
    files(tmp_path, "submission_101/small.ipynb")
    (tmp_path / "submission_metadata.yml").write_text(text)
    with pytest.raises(ValueError, match=r"submission_metadata\.yml cannot be read|has no submissions"):
        loaded(tmp_path, CLASS)


def test_gradescope_without_its_file_says_what_is_missing(tmp_path):
    files(tmp_path, "submission_101/small.ipynb", "submission_102/small.ipynb")
    with pytest.raises(ValueError, match=r"submission_metadata\.yml is not beside them.*give the whole export"):
        loaded(tmp_path)


def test_a_double_name_is_no_group(tmp_path):
    """Lena is not on the list, Anna-Lena not either: neither gets the other's work."""
    files(tmp_path, f"Gruppe-Ada Lovelace_5{DEVICE}/small.ipynb", f"Gruppe-Anna-Bert Brecht_6{DEVICE}/small.ipynb")
    assert list(loaded(tmp_path, CLASS)[0]) == ["ada", "Gruppe-Anna-Bert Brecht"]
    (tmp_path / f"Gruppe-Ada Lovelace_5{DEVICE}").rename(tmp_path / f"Ada Lovelace_5{DEVICE}")
    assert list(loaded(tmp_path, CLASS)[0]) == ["ada", "Gruppe-Anna-Bert Brecht"]


def test_what_the_instructor_gave_back_is_no_submission(tmp_path):
    files(tmp_path, "Lovelace, Ada(ada)/Submission attachment(s)/small.ipynb", text='{"cells": [1]}')
    files(tmp_path, "Lovelace, Ada(ada)/Feedback Attachment(s)/small.ipynb", text='{"cells": [2]}')
    assert loaded(tmp_path)[0] == {"ada": GRADED}


def test_an_id_with_a_hyphen_is_not_another_students(tmp_path):
    files(tmp_path, "mary-ada/small.ipynb", "x-zoe/small.ipynb", "y-z/small.ipynb")
    assert list(loaded(tmp_path, CLASS)[0]) == ["mary-ada", "x-zoe", "y-z"]


HALS = {
    each.id: each
    for each in (
        Student("hal", "Hal", "García Pérez"),
        Student("ana", "Ana María", "Müller"),
        Student("eva1", "Eva", "Kim Lee"),
        Student("eva2", "Eva", "Kim Park"),
        Student("tom", "Tom", "Ray Rose"),
        Student("303", "Dee", "van der Berg", login="dee"),
        Student("304", "Max", "Meier", login="max_meier"),
        Student("305", "Kim", "Meier", login="meier"),
    )
}


def test_a_part_of_the_names_is_enough_where_nobody_else_has_it(tmp_path):
    """Two who may be meant, two folders that may be theirs, and a last name alone stay what they are."""
    files(tmp_path, *(f"{name}/small.ipynb" for name in ("Hal Garcia", "Ana Mueller", "Eva Kim", "Ray")))
    files(tmp_path, f"Tom Ray_5{DEVICE}/small.ipynb", f"Tom Rose_6{DEVICE}/small.ipynb")
    files(tmp_path, f"Kim Ho Meier_7{DEVICE}/small.ipynb")
    rows, notes = loaded(tmp_path, HALS)
    assert list(rows) == ["305", "ana", "Eva Kim", "hal", "Ray", "Tom Ray", "Tom Rose"]
    said = "Hal Garcia was taken for hal: nobody else on the list has these names"
    assert said in rows["hal"][1]
    assert said in notes


@pytest.mark.parametrize(
    "known", [HALS, {k: replace(each, login="") for k, each in HALS.items()}], ids=["", "no login"]
)
def test_ilias_with_a_name_or_a_login_of_several_words(known, tmp_path):
    names = ("van_der_Berg_Dee_dee_33", "Meier_Max_max_meier_34", "García_Pérez_Hal_hal_35", "Ray_Rose_Tom_tr_x_36")
    files(tmp_path, *(f"Abgaben/{name}/small.ipynb" for name in names))
    assert set(loaded(tmp_path, known)[0]) == {"303", "304", "hal", "tom"}


@pytest.mark.parametrize("teams", [("Team_1", "Team_2"), ("Team_1", "Team_1"), ("Team 1", "Die_Zwei")])
def test_ilias_teams(teams, tmp_path):
    names = ("Lovelace_Ada_ada_300", "Brecht_Bert_bb_301")
    files(tmp_path, *(f"Abgaben/{team}/{name}/small.ipynb" for team, name in zip(teams, names, strict=True)))
    assert list(loaded(tmp_path, CLASS)[0]) == ["0815", "ada"]
    files(tmp_path / "one", "Abgaben/Team_1/Lovelace_Ada_ada_300/small.ipynb")
    assert list(loaded(tmp_path / "one", CLASS)[0]) == ["ada"]


@pytest.mark.parametrize("ending", [".txt", ".json", ".TXT"])
def test_what_a_browser_puts_after_the_name(ending, tmp_path):
    files(tmp_path, f"ada/small.ipynb{ending}", f"zoe.ipynb{ending}", f"Bert Brecht_5{DEVICE}/small.ipynb{ending}")
    files(tmp_path, f"lvb/small.ipynb{ending}", "lvb/small.ipynb")
    rows, _ = loaded(tmp_path, CLASS)
    assert {name: status for name, (status, _) in rows.items()} == {
        "ada": "renamed", "0815": "renamed", "zoe": "graded", "lvb": "graded"
    }  # fmt: skip
    assert rows["ada"][1] == f"small.ipynb{ending} was taken for small.ipynb"


def test_a_document_around_the_notebooks_folder_is_seen(tmp_path):
    files(tmp_path, "ada/proof.pdf", "ada/small/small.ipynb", "zoe/small/small.ipynb", "zoe/small/Übung.png")
    places, _ = find.submissions(tmp_path, "small", CLASS)
    assert [places[name].load().unseen for name in ("ada", "zoe")] == [("proof.pdf",), ("Übung.png",)]


TWINS = {name: Student(name, "Wu", "Wu", f"{name}@uni.example", number=str(n)) for n, name in ((12, "w1"), (13, "w2"))}


def test_two_of_one_name_are_told_apart_by_moodles_number(tmp_path):
    files(tmp_path, f"Wu Wu_12{DEVICE}/small.ipynb", f"Participant_13{DEVICE}/small.ipynb")
    assert loaded(tmp_path, TWINS)[0] == {"w1": GRADED, "w2": GRADED}
    nameless = {name: Student(name, "Wu", "Wu") for name in TWINS}
    rows, notes = loaded(tmp_path, nameless)
    assert rows["w1"][0] == rows["w2"][0] == "not graded"
    assert any(f"the name alone does not say whose Wu Wu_12{DEVICE} is" in note for note in notes)


def test_the_file_in_a_folder_of_another_name_is_named(tmp_path):
    """As nbgrader looks nowhere else; folders of other assignments may lie there too."""
    files(tmp_path, "ada/Homework 1/x.ipynb", "ada/Homework 1/notes.txt", "zoe/deep/er/small.zip", "lvb/empty.txt")
    rows, _ = loaded(tmp_path, CLASS)
    assert "there is no small.ipynb, but Homework 1/x.ipynb lies there" in rows["ada"][1]
    assert "deep/er/small.zip" in rows["zoe"][1]
    assert {status for status, _ in rows.values()} == {"missing"}


# ---------------------------------------------------------------------------------------------- class lists


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Small (98765),Small talk (4),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,6,10,(read only)
"Lovelace, Ada",1001,S1,ada,"NN-1, NN-2",3,,
"van Beethoven, Ludwig",1002,S2,lvb,NN-1,,,
"Student, Test",9,,a1b2c3,NN-1,,,
"""
MOODLE = """First name,Surname,ID number,Institution,Department,Email address,Assignment: Small (Real),Total (Real)
Ada,Lovelace,0001,,,ada@uni.example,-,-
Zoë,Müller-Lüdenscheidt,0002,,,zoe@uni.example,-,-
"""
MOODLE_DE = """Vorname;Nachname;ID-Nummer;Institution;Abteilung;E-Mail-Adresse;Aufgabe: Small (Punkte);Gesamt (Punkte)
Ada;Lovelace;0001;;;ada@uni.example;-;-
Zoë;Müller-Lüdenscheidt;0002;;;zoe@uni.example;-;-
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Last modified,Feedback comments
Participant 5001,Ada Lovelace,ada@uni.example,Submitted,Group A,,6.00,-,
Participant 5002,Ludwig van Beethoven,lvb@uni.example,No submission,Default group,,6.00,-,
"""
WORKSHEET_DE = WORKSHEET.replace("Identifier,Full name,Email address", "ID,Vollständiger Name,E-Mail-Adresse").replace(
    "Maximum Grade,Last modified,Feedback comments", "Bestwertung,Zuletzt geändert,Feedback als Kommentar"
)
GITHUB = '"identifier","github_username","github_id","name"\n"ada@uni.example","AdaL","12","Ada Lovelace"\n'


def listed(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_list(path)


def test_canvas_gradebook(tmp_path):
    made = listed(tmp_path, CANVAS)
    assert list(made.values()) == [
        Student("ada", "Ada", "Lovelace", "", "1001", "S1", "ada", section="NN-1, NN-2"),
        Student("lvb", "Ludwig", "van Beethoven", "", "1002", "S2", "lvb", section="NN-1"),
    ]
    assert made.platform == "canvas"
    assert (made.column("small"), made.column("Small-Talk"), made.column("other")) == (
        "Small (98765)", "Small talk (4)", ""
    )  # fmt: skip


@pytest.mark.parametrize("text", [MOODLE, MOODLE_DE], ids=["English", "German"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "sep=;"])
def test_moodle_gradebook(text, encoding, mark, tmp_path):
    """Other columns, separators and letters are the same list."""
    text = text.replace(";", ",").replace(",", mark[-1])
    data = (f"{mark}\r\n" * (len(mark) > 1) + text.replace("\n", "\r\n")).encode(encoding)
    made = listed(tmp_path, data)
    assert [(each.id, each.first_name, each.last_name, each.email) for each in made.values()] == [
        ("0001", "Ada", "Lovelace", "ada@uni.example"),
        ("0002", "Zoë", "Müller-Lüdenscheidt", "zoe@uni.example"),
    ]
    assert (made.platform, made["0001"].official) == ("moodle", "0001")
    assert made.column("small").partition(":")[2].startswith(" Small (")


@pytest.mark.parametrize("text", [WORKSHEET, WORKSHEET_DE], ids=["English", "German"])
def test_moodle_worksheet(text, tmp_path):
    ada, lvb = listed(tmp_path, text).values()
    assert ada == Student("ada@uni.example", "Ada", "Lovelace", "ada@uni.example", "5001", group="Group A")
    assert (lvb.first_name, lvb.last_name, lvb.number) == ("Ludwig", "van Beethoven", "5002")


def test_github_roster_and_own_lists(tmp_path):
    (ada,) = listed(tmp_path, GITHUB).values()
    assert (ada.id, ada.login, ada.last_name) == ("ada@uni.example", "AdaL", "Lovelace")
    (ada,) = listed(tmp_path, "Matrikelnummer;Vorname;Name;Gruppe\n007;Ada;Lovelace;5\n").values()
    assert ada == Student("007", "Ada", "Lovelace", official="007", group="5")
    (ada,) = listed(tmp_path, "id,first_name,last_name,email,group\nada,Ada,Lovelace,,\n").values()
    assert ada == Student("ada", "Ada", "Lovelace")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("id,first_name\nada,A\nbert,B\n\nada,C\n", r"lines 2 and 5: both have the id 'ada'"),
        ('id,first_name\nada,"A\nB"\n', "line 3: the first_name"),
        (MOODLE.replace("0002", "0001"), r"lines 2 and 3: both have the id '0001'"),
        ("first_name,points\nAda,3\n", r"needs a first line with the column id.*it has first_name, points"),
        ("", "it has nothing"),
        (b"PK\x03\x04rest", "save it as CSV"),
        (zipped({"[Content_Types].xml": ""}), "save it as CSV"),
    ],
)
def test_lists_that_cannot_be_used(data, said, tmp_path):
    with pytest.raises(ListError, match=said):
        listed(tmp_path, data)


# ---------------------------------------------------------------------------------------------- a round, and back


NAMES = "id,first_name,last_name,email\n1234,Ada,Lovelace,ada@uni.example\n1235,Bert,Brecht,bert@uni.example\n"


def moodle(small, *names):
    """Hand in by Moodle's names."""
    for name in names:
        small.hand_in("x")
        small.path("x").parent.rename(small.submissions / name)


def said(small, *arguments, rc=0):
    from grading import __main__ as cli

    small.capsys.readouterr()
    assert cli.main([*arguments, "--state", str(small.state)]) == rc
    return small.capsys.readouterr()


def test_a_round_with_moodle(small, monkeypatch):
    """From the download in group mode to what is uploaded; the list is named once."""
    monkeypatch.setenv("NNCOURSE_ROOT", str(small.root))
    moodle(small, f"Group A-Ada Lovelace_555{DEVICE}", f"Default group-Bert Brecht_556{DEVICE}")
    names = small.root / "names.csv"
    names.write_text(NAMES)
    where = ["--submissions", str(small.submissions)]
    assert "2 students" in said(small, "run", "small", *where, "--students", str(names)).out
    assert {name: (row["total"], row["first_name"]) for name, row in small.rows().items()} == {
        "1234": ("5", "Ada"), "1235": ("5", "Bert")
    }  # fmt: skip
    again = said(small, "run", "small")
    assert f"Students: {names}, as before" in again.err
    assert small.rows()["1234"]["first_name"] == "Ada"
    said(small, "feedback", "small", "--zip", str(small.root / "back.zip"))
    with zipfile.ZipFile(small.root / "back.zip") as back:
        assert back.namelist() == [
            f"Group A-Ada Lovelace_555{DEVICE}/feedback.html", f"Default group-Bert Brecht_556{DEVICE}/feedback.html"
        ]  # fmt: skip
        assert b"<h1>" in back.read(back.namelist()[0])
    small.submissions.rename(small.root / "elsewhere")
    moodle(small, "guest")
    assert "what an earlier round graded stands: 1234, 1235" in said(small, "run", "small", *where).err
    assert small.rows()["1234"]["total"] == "5"  # in parts: nobody loses what another folder had
    said(small, "run", "small", *where, "--forget")
    assert small.rows()["1234"]["first_name"] == ""
    names.unlink()
    assert "Students" not in said(small, "run", "small", *where).err


def test_most_of_the_list_is_missing(small, monkeypatch):
    """So it looks where names are not understood; nobody gets a zero for that, and nothing is written."""
    monkeypatch.setenv("NNCOURSE_ROOT", str(small.root))
    moodle(small, "Group X_77_assignsubmission_file")
    names = small.root / "names.csv"
    names.write_text(NAMES)
    command = ["run", "small", "--submissions", str(small.submissions), "--students", str(names)]
    told = said(small, *command, rc=2).err
    assert "2 of the 2 students on the list have nothing in" in told
    assert "Ada Lovelace (1234)" in told
    assert "nobody on the list: Group X" in told
    assert "column group" in told
    assert "--allow-missing" in told
    assert not small.state.exists()
    said(small, *command, "--allow-missing")
    assert [row["status"] for row in small.rows().values()] == ["missing", "missing", "graded"]
    table = said(small, "export", "small", "--format", "moodle")
    assert "not on the class list: Group X" in table.err
    assert "not final: nothing was found of Ada Lovelace (1234), Bert Brecht (1235), and Group X is graded" in table.err
    assert "nothing to upload yet" in table.err
    assert list(csv.DictReader(io.StringIO(table.out))) == []
    table = said(small, "export", "small", "--format", "moodle", "--allow-missing")
    assert "nothing to upload yet" not in table.err
    lines = list(csv.DictReader(io.StringIO(table.out)))
    assert [line["ID number"] for line in lines] == ["1234", "1235"]


def test_a_list_or_gradebook_that_is_not_there_any_more(small, monkeypatch):
    monkeypatch.setenv("NNCOURSE_ROOT", str(small.root))
    small.hand_in("1234")
    small.hand_in("1235")
    names, book = small.root / "names.csv", small.root / "book.db"
    names.write_text(NAMES)
    where = ["--submissions", str(small.submissions)]
    monkeypatch.chdir(small.root)
    said(small, "run", "small", *where, "--students", "names.csv", "--gradebook", "sqlite:///book.db")
    monkeypatch.chdir("/")
    assert said(small, "status", "small").out.count("Ada") == 0
    assert not (small.state / "gradebook.db").exists()
    assert f"Gradebook: sqlite:///{book}, as before" in said(small, "run", "small", *where).err
    names.unlink()
    assert (
        "names.csv is not there: name it with --students, or run with --forget"
        in said(small, "status", "small", rc=2).err
    )
    names.write_text(NAMES)
    book.unlink()
    assert "has nothing of small, though it was graded" in said(small, "status", "small", rc=2).err
    assert not book.exists()
    Gradebook(f"sqlite:///{book}").close()
    assert "has nothing of small, though it was graded" in said(small, "export", "small", rc=2).err


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://user:secret@host/name", "mysql://user:***@host/name is of a kind that is not known here"),
        ("postgres://user@host/name", "not known here; expected sqlite:////folder/gradebook.db or postgresql+psycopg"),
        ("postgresql+pg8000://user@host/name", "needs pg8000, which is not installed"),
        ("gradebook.db", "gradebook.db is no address of a gradebook"),
        ("sqlite://", "is of a kind that is not known here"),
        ("sqlite:////no/such/folder/book.db", "there is no folder /no/such/folder"),
        ("postgresql+psycopg://host:port/name", "no address of a gradebook"),
    ],
)
def test_addresses_of_gradebooks(url, told, tmp_path, monkeypatch, capsys):
    from grading import __main__ as cli

    (tmp_path / "solutions" / "small").mkdir(parents=True)
    monkeypatch.setenv("NNCOURSE_ROOT", str(tmp_path))
    assert cli.main(["run", "small", "--submissions", str(tmp_path), "--gradebook", url]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert "secret" not in error
