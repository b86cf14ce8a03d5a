"""What an instructor relies on over many rounds: nothing lost, nothing old, nothing half done."""

import contextlib
import csv
import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import psutil
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import notebook_hash

from grading import __main__ as cli
from grading.intake.repair import safe_id
from grading.keep.gradebook import Booked, Grades
from grading.keep.journal import Journal
from grading.keep.round import read_students
from grading.record import GroupVerdict, Hint, Reason, Row, Status, Student, Verdict
from grading.run.pool import Workers


def journal(small):
    lines = (small.state / "small.jsonl").read_text().splitlines()
    return [line["student"] for line in map(json.loads, lines) if "student" in line]


def gradebook(small):
    return Gradebook(f"sqlite:///{small.state / 'gradebook.db'}")


def test_resubmissions(small):
    """A changed submission replaces the old grade, in whichever direction; an unchanged one is left alone."""
    small.hand_in("ann")
    small.hand_in("ben", double="return x * x")
    small.run()
    rows = small.rows()
    assert float(rows["ann"]["total"]) == 5
    assert float(rows["ben"]["total"]) == 3
    assert "double: squared" in rows["ben"]["remarks"]
    small.path("ann").write_text("{")  # the file was damaged on its way
    small.hand_in("ben")
    small.hand_in("cyd", double=None)
    small.run()
    rows = small.rows()
    assert (rows["ann"]["status"], float(rows["ann"]["total"])) == ("unreadable", 0)
    assert float(rows["ben"]["total"]) == 5
    assert "double: the answer was deleted" in rows["cyd"]["remarks"]
    with gradebook(small) as book:
        assert book.find_submission("small", "ann").score == 0
    assert "return 2 * x" not in (small.state / "feedback/ann/small/small.html").read_text()
    small.path("ann").unlink()
    small.run()
    assert small.rows()["ann"]["status"] == "missing"
    assert sorted(journal(small)) == ["ann", "ann", "ann", "ben", "ben", "cyd"]  # and nobody more often than needed
    small.run("--fresh")
    assert len(journal(small)) == 9


def test_a_fault_of_the_grader(small, monkeypatch):
    """Nobody is forgotten and no old grade stays: it is said whose fault it was, and the next round tries again."""
    small.hand_in("ann")
    small.hand_in("ben")
    small.run()
    small.hand_in("ann", double="return x * x")

    def fails(task):
        raise BrokenProcessPool("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr("grading.keep.round.grade_one", fails)
        patch.setattr("grading.run.pool.processes", lambda jobs: Workers(lambda: ThreadPoolExecutor(1), 1))
        small.run()
    assert cli.main(["status", "small", "--state", str(small.state)]) == 0
    assert "fault of the grader: BrokenProcessPool: the worker died" in small.capsys.readouterr().out
    rows = small.rows()
    assert [(row["status"], float(row["total"])) for row in rows.values()] == [("not graded", 0), ("graded", 5)]
    with gradebook(small) as book:
        assert book.find_submission("small", "ann").score == 0
    assert "fault of the grader" in (small.state / "feedback/ann/small/small.html").read_text()
    small.run()
    rows = small.rows()
    assert [(row["status"], float(row["total"])) for row in rows.values()] == [("graded", 3), ("graded", 5)]


def test_where_the_submissions_are(small):
    """Named once, they are found again; what another folder brings comes to what is there; none is an error."""

    def again():
        return cli.main(["run", "small", "--state", str(small.state)])

    assert again() == 2
    assert f"there are no submissions in {small.state / 'submitted'}: say where" in small.capsys.readouterr().err
    small.submissions = small.state / "submitted"  # where nbgrader collects
    small.hand_in("ann", double="return x * x")
    assert again() == 0
    small.submissions = small.root / "late"
    small.hand_in("ben")
    small.run()
    totals = {name: float(row["total"]) for name, row in small.rows().items()}
    assert totals == {"ann": 3, "ben": 5}
    small.hand_in("ben", triple="return x")
    assert again() == 0
    said = small.capsys.readouterr()
    assert f"Submissions: {small.submissions}" in said.err
    assert "2 students" in said.out
    assert {name: float(row["total"]) for name, row in small.rows().items()} == {"ann": 3, "ben": 2}


@pytest.mark.parametrize("penalty", [0, 2])
def test_late(small, penalty):
    """What the course takes away for being late is taken away everywhere."""
    if penalty:
        (small.root / "late.py").write_text(
            "from nbgrader.plugins import BasePlugin\n\n\nclass Late(BasePlugin):\n"
            f"    def late_submission_penalty(self, student, score, seconds):\n        return {penalty}\n"
        )
        (small.root / "nbgrader_config.py").write_text(
            f"import sys\nsys.path.insert(0, {str(small.root)!r})\n"
            "c = get_config()\nc.AssignLatePenalties.plugin_class = 'late.Late'\n"
        )
    small.hand_in("ann")
    (small.path("ann").parent / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    small.hand_in("ben")
    small.run()
    with gradebook(small) as book:
        book.update_or_create_assignment("small", duedate="2026-03-01 12:00:00 UTC")
    small.run()
    said = f"{penalty} points are taken away for that"
    row = small.rows()["ann"]
    assert (row["status"], float(row["total"])) == ("late", 5 - penalty)
    assert (said in row["remarks"]) == bool(penalty)
    page = (small.state / "feedback/ann/small/small.html").read_text()
    assert ("points are taken away because it was late" in page) == bool(penalty)
    assert f"{5 - penalty}</strong> of 6 points" in page
    small.capsys.readouterr()
    with gradebook(small) as book:
        for grade in book.find_submission("small", "ann").notebooks[0].grades:
            grade.needs_manual_grade = False
        book.db.commit()
    assert cli.main(["export", "small", "--state", str(small.state), "--format", "canvas"]) == 0
    assert f"ann,,ann,ann,,{5 - penalty}" in small.capsys.readouterr().out


def test_feedback_goes_back_through_the_exchange(small):
    """`nbgrader release_feedback` finds what it needs, and the student who handed in finds the page."""
    secret = "0123456789abcdef" * 8
    small.hand_in("ann")
    for name, text in {"timestamp.txt": "2026-03-01 12:00:00.000000 UTC", "submission_secret.txt": secret}.items():
        (small.path("ann").parent / name).write_text(text)
    small.run()
    exchange = small.root / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    release = [sys.executable, "-m", "nbgrader", "release_feedback", "small", "--course", "nn"]
    release += [f"--Exchange.root={exchange}", f"--CourseDirectory.feedback_directory={small.state / 'feedback'}"]
    own = "grading.formgrader.exchange.ReleaseFeedback"  # as nbgrader_config.py says
    release += [f"--ExchangeFactory.release_feedback={own}"]
    done = subprocess.run(release, cwd=small.root, env=small.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (page,) = (exchange / "nn" / "feedback").iterdir()
    assert page.stat().st_mode & 0o044 == 0o044  # the page in the state is closed to other accounts
    assert page.stem == notebook_hash(secret=secret, notebook_id="small")
    assert page.read_bytes() == (small.state / "feedback/ann/small/small.html").read_bytes()
    for step in ("submitted", "autograded"):  # and so it does after formgrader's own buttons
        assert (small.state / step / "ann" / "small" / "submission_secret.txt").read_text() == secret


def test_killed_round_goes_on(small):
    """SIGKILL in the middle: what was graded is kept, the rest is graded next time, no process is left."""
    for number in range(6):
        own = "import subprocess, time\nsubprocess.Popen(['sleep', '300'], start_new_session=True)\ntime.sleep(1)"
        small.hand_in(f"s{number}", own=own)
    round_ = subprocess.Popen(small.command(), env=small.environment, stdout=subprocess.DEVNULL)
    path, end = small.state / "small.jsonl", time.monotonic() + 90
    while not (path.exists() and len(journal(small)) >= 2):
        assert time.monotonic() < end
        assert round_.poll() is None
        time.sleep(0.02)
    round_.send_signal(signal.SIGKILL)
    round_.wait()
    while running(small):  # workers, kernels, and what the cells started
        assert time.monotonic() < end
        time.sleep(0.1)
    with path.open("a") as file:
        file.write('{"student": "s5", "sta')  # and the last line was torn
    before = journal_lines(path)
    small.run()
    after = journal_lines(path)
    assert [float(row["total"]) for row in small.rows().values()] == [5] * 6
    assert sorted({*before, *after}) == [f"s{number}" for number in range(6)]
    assert 2 <= len(before) < 6
    assert sorted(after) == sorted(set(after)), "a submission was graded twice"


def running(small):
    """Processes that have the small course in their environment, beside this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("NNCOURSE_ROOT") == str(small.root):
                found.append(process)
    return found


def journal_lines(path):
    students = []
    for line in path.read_text().splitlines():
        try:
            students.append(json.loads(line).get("student"))
        except ValueError:
            continue
    return [student for student in students if student]


VERDICTS = {
    "double": Verdict(
        "double",
        2.0,
        3.0,
        "twice",
        (GroupVerdict("small", 2.0, 2.0), GroupVerdict("large", 0.0, 1.0, Reason.SHAPE(found=[2, 1], wanted=[]))),
        (Hint("squared", "Is it so?", "page"),),
    ),
    "triple": Verdict("triple", None, 3.0, why=Reason.LATE(seconds=0.5)),
}
OLD = {"student": "ann", "status": "graded", "items": {"double": 2.0}, "reasons": {}, "mistakes": {}, "notes": ["ä"]}


@pytest.mark.parametrize(
    "change",
    [
        lambda line: OLD,
        lambda line: {**line, "verdicts": {"double": {"points": 2.0}}},
        lambda line: {**line, "notes": ["a sentence"]},
        lambda line: {**line, "items": {"double": "2"}},
        lambda line: {**line, "status": "splendid"},
        lambda line: {**line, "more": 1},
    ],
    ids=["an older version's", "half a verdict", "a sentence", "a text", "no status", "a field more"],
)
def test_a_line_that_cannot_be_read_is_no_result(tmp_path, change):
    """That student is graded again, and no other."""
    for name in ("ann", "ben"):
        Journal(tmp_path / "journal").end(Row(name, Status.GRADED, {"double": 2.0}, VERDICTS))
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()[1:]]
    texts = [json.dumps(each) + "\n" for each in (change(lines[0]), lines[1])]
    (tmp_path / "journal").write_text("".join(texts))
    assert list(Journal(tmp_path / "journal").rows) == ["ben"]


def test_journal_doubts_what_was_begun(tmp_path):
    """A round that died while it wrote one student's grades leaves that student, and only that one, to the next."""
    rows = [
        Row(name, Status.GRADED, {"double": 2.0}, VERDICTS, [Reason.NOTED(words="ä\n")], "s", "d")
        for name in ("ann", "ben")
    ]
    journal_ = Journal(tmp_path / "journal")
    for row in rows:
        journal_.begin(row.student)
        journal_.end(row)
    assert list(Journal(tmp_path / "journal").rows.values()) == rows
    journal_.begin("ben")
    assert list(Journal(tmp_path / "journal").rows.values()) == rows[:1]


def test_what_a_person_gave_is_kept(small):
    """Points given in formgrader are in the next table, and a broken resubmission does not inherit them."""
    small.hand_in("ann")
    small.hand_in("eve", why="YOUR ANSWER HERE")
    first = small.run()
    assert "?" in next(line for line in first.splitlines() if line.startswith("ann"))
    assert "why: waits for a person" in small.rows()["ann"]["remarks"]
    assert "not solved yet: why" in small.rows()["eve"]["remarks"]
    with gradebook(small) as book:
        grade = book.find_grade("why", "small", "small", "ann")
        grade.manual_score, grade.needs_manual_grade = 1.0, False
        book.db.commit()
    small.run()
    assert (float(small.rows()["ann"]["total"]), small.rows()["ann"]["remarks"]) == (6, "")
    small.path("ann").write_text("")
    small.run()
    assert float(small.rows()["ann"]["total"]) == 0


def test_changed_source_is_graded_anew(small):
    """A changed check counts for all; a changed set of cells too, and the old gradebook is kept."""
    small.hand_in("ann")
    small.run()
    checks = small.source.with_name("checks.py")
    checks.write_text(checks.read_text().replace('"numbers", 3', '"numbers", 2.5'))
    text = small.source.read_text()
    assert text.count('"points": 3') == 1
    small.source.write_text(text.replace('"points": 3', '"points": 2.5'))
    small.run()
    assert float(small.rows()["ann"]["total"]) == 4.5
    notebook = json.loads(small.source.read_text())
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "check-double"]
    small.source.write_text(json.dumps(notebook))
    small.run()
    assert float(small.rows()["ann"]["total"]) == 4.5
    assert list(small.state.glob("gradebook-*.db"))
    (small.state / "gradebook.db").unlink()  # the journal alone is no grade
    small.run("--new-gradebook")
    assert float(small.rows()["ann"]["total"]) == 4.5


def test_students_file(small):
    """Who handed in nothing gets a row; names come with the grades; a formula stays a text."""
    small.hand_in("ann")
    small.hand_in("guest")
    file = small.root / "students.csv"
    file.write_text("id,first_name,last_name\nann,Ann,=1+1\nzoe,Zoé,Zed\n", encoding="utf-8-sig")
    small.run("--students", str(file))
    rows = small.rows()
    assert (rows["zoe"]["status"], rows["zoe"]["total"], rows["zoe"]["first_name"]) == ("missing", "0", "Zoé")
    assert rows["ann"]["last_name"] == "'=1+1"
    assert "not in the students file" in rows["guest"]["remarks"]
    with gradebook(small) as book:
        assert book.find_student("zoe").last_name == "Zed"


UNFIT = {
    "a tag": "<img src=x onerror=alert(1)>",
    "a sign of a tag": "Ann <ann@uni.example>",
    "a line": "A\nnn",
    "a control character": "Ann\x1b[2J",
    "the direction of writing": "\u202eennA",
    "an isolate": "\u2067Ann",
    "its length": "A" * 129,
}


@pytest.mark.parametrize("kind", UNFIT)
@pytest.mark.parametrize("column", ["first_name", "last_name", "email"])
def test_a_name_is_no_markup(small, kind, column):
    """The sentence names line and column; nothing is graded, and nobody comes into the gradebook."""
    small.hand_in("ann")
    file = small.root / "students.csv"
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([["id", column], ["zoe", "Zoé"], ["ann", UNFIT[kind]]])
    assert cli.main([*small.command()[3:], "--students", str(file)]) == 2
    said = small.capsys.readouterr().err
    assert re.search(rf"students\.csv, line \d: the {column} ", said)
    assert said.isprintable() or said.strip().isprintable()
    assert not small.state.exists()


def test_names_of_people_are_names(small):
    """Hyphens, apostrophes, other scripts, and what joins letters in them."""
    names = ["O'Neil-Søby", "Þóra", "李 小龍", "محمد", "نیم\u200cفاصله", "{{7*7}}", "Tom & Jo", 'Ann "Lee"', "A" * 128]
    file = small.root / "students.csv"
    with file.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([["id", "first_name"], *([f"s{n}", name] for n, name in enumerate(names))])
    assert [one.first_name for one in read_students(file).values()] == names


@pytest.mark.parametrize(
    ("row", "person"),
    [("<img src=x onerror=alert(1)>", None), ("../ann", None), ("ann", Student("ann", "<b>"))],
    ids=["an id", "a path", "a name"],
)
def test_no_markup_comes_into_the_gradebook(small, row, person):
    small.hand_in("ben")
    small.run()
    grades = Grades(f"sqlite:///{small.state / 'gradebook.db'}", small.state, "small")
    about = Row(row, Status.GRADED, {"double": 0, "triple": 0, "why": 0})
    with pytest.raises(ValueError, match=r"<|safe id"):
        grades.write([Booked(about, {}, None, person)])
    grades.close()
    with gradebook(small) as book:
        assert [student.id for student in book.students] == ["ben"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nosuch", "--submissions", "{0}"], "there is no assignment 'nosuch'; there is "),
        (["run", "../x", "--submissions", "{0}"], "there is no assignment '../x'"),
        (["run", "backprop", "--submissions", "{0}/nowhere"], "nowhere: it does not exist"),
        (
            ["run", "backprop", "--submissions", "{0}"],
            "has no submissions: there should be a folder or a notebook for each student",
        ),
        (["run", "backprop", "--submissions", "{0}", "--students", "{0}/none.csv"], "students file"),
    ],
)
def test_wrong_usage(arguments, said, tmp_path, capsys):
    arguments = [argument.format(tmp_path) for argument in arguments]
    assert cli.main([*arguments, "--state", str(tmp_path / "state")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_empty_folder_name_is_not_the_current_folder(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", "backprop", "--submissions", ""])
    assert stopped.value.code == 2
    assert "say which folder" in capsys.readouterr().err


def test_unsafe_ids_in_the_students_file(tmp_path, capsys):
    file = tmp_path / "students.csv"
    file.write_text("id\nann\n../../etc\n")
    arguments = ["run", "backprop", "--submissions", str(tmp_path), "--students", str(file)]
    assert cli.main(arguments) == 2
    assert "line 3: the id '../../etc' is not safe" in capsys.readouterr().err
    assert safe_id("Ada Lovelace_12") == "Ada Lovelace_12"
    for name in ("..", "../x", "a/b", "=cmd()", "a\nb", "[ab]*", "", "x" * 300, "a "):
        made = safe_id(name)
        assert made == safe_id(made), name
        assert made.replace("-", "").isalnum(), name


def test_two_rounds_at_once(small):
    fcntl = pytest.importorskip("fcntl")
    small.hand_in("ann")
    small.state.mkdir()
    with (small.state / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = subprocess.run(small.command(), env=small.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "another round is writing" in done.stderr


def test_cells_that_reach_out(small):
    """Files beside the notebook are not there; a cell that cannot be interrupted costs itself alone."""
    files = "import os\nassert os.environ['OMP_NUM_THREADS'] == '1' and not os.listdir()\nimport numpy"
    small.hand_in("files", own=files)
    (small.submissions / "files" / "numpy.py").write_text("raise SystemExit")
    stubborn = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"
    small.hand_in("stubborn", own=stubborn)
    small.run("--time-limit", "1")
    rows = small.rows()
    assert [float(row["total"]) for row in rows.values()] == [5, 5]
    assert "AssertionError" not in (small.state / "feedback/files/small/small.html").read_text()
    assert "ran too long and was stopped: cell `import time`" in rows["stubborn"]["remarks"]
