"""A term: what may happen to a state, what is said of it, and that no student, no point and no comment vanishes.

One class is graded once; each fault happens to a copy of its state.
"""

import csv
import errno
import json
import logging
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from small_course import Small, read_csv

from grading import __main__ as cli
from grading import doctor
from grading.intake import find
from grading.intake.archive import Entry
from grading.intake.platforms import Label
from grading.intake.repair import MAX_ID
from grading.keep import copies, gradebook
from grading.keep import round as rounds
from grading.keep.journal import Journal
from grading.keep.round import UsageError, read_students
from grading.record import Status
from grading.run import pool

SEED = 7
STUDENTS = ("ada", "ben", "cyd", "dan")
BY_HAND = 0.5  # points that a person gave ada, with a comment


@pytest.fixture(scope="module")
def graded(sandboxed, tmp_path_factory, lasting):
    """Four students, of whom ada was read: then the state as it is after the second round."""
    small = Small(tmp_path_factory.mktemp("term"), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "processes", lambda _: pool.Workers(lasting.make, 4))
        patch.setenv("NNCOURSE_ROOT", str(small.root))
        (small.root / "_config.yml").touch()
        for student in STUDENTS:
            small.hand_in(student, double="return x * x" if student == "ben" else "return 2 * x")
        assert cli.main(small.command()[3:]) == 0
        read(small.state, "ada")
        assert cli.main(small.command()[3:]) == 0
    return small


@pytest.fixture
def term(graded, tmp_path, monkeypatch, capsys, lasting):
    """The graded class in a place of its own, and commands as an instructor gives them."""
    root = tmp_path / "course"
    shutil.copytree(graded.root, root)
    monkeypatch.setattr(pool, "processes", lambda _: pool.Workers(lasting.make, 4))
    monkeypatch.setenv("NNCOURSE_ROOT", str(root))
    small = Small.__new__(Small)
    small.capsys, small.root, small.submissions, small.state = capsys, root, root / "submissions", root / "state"
    small.source = root / "solutions" / "small" / "small.ipynb"
    small.book, small.journal = small.state / "gradebook.db", small.state / "small.jsonl"

    def give(command, *more, rc=0):
        capsys.readouterr()
        named = ["small"] * (command not in ("archive", "restore"))
        where = ["--submissions", str(small.submissions)] * (command == "run")
        came = cli.main([command, *named, *where, "--state", str(small.state), *more])
        out, err = capsys.readouterr()
        assert came == rc, out + err
        assert "Traceback" not in out + err
        return SimpleNamespace(out=out, err=err, said=out + err)

    small.give = give
    give("run")  # the submissions lie elsewhere now
    return small


def read(state, student, points=BY_HAND, comment="Well said."):
    """What a person does in formgrader."""
    with Gradebook(f"sqlite:///{state / 'gradebook.db'}") as book:
        grade = book.find_grade("why", "small", "small", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("why", "small", "small", student).manual_comment = comment
        book.db.commit()


def totals(small):
    """For each student the total on the page, in the CSV and in the gradebook."""
    found = {}
    with Gradebook(f"sqlite:///{small.state / 'gradebook.db'}") as book:
        for student, row in read_csv(small.state / "small.csv").items():
            page = (small.state / "feedback" / student / "small" / "small.html").read_text()
            shown = float(re.search(r'class="total"><strong>([\d.]+)</strong>', page)[1])
            found[student] = (shown, float(row["total"]), book.find_submission("small", student).score)
    return found


def agree(small):
    together = totals(small)
    assert all(page == table == pytest.approx(book) for page, table, book in together.values()), together
    return {student: page for student, (page, _, _) in together.items()}


def page(small, student):
    return (small.state / "feedback" / student / "small" / "small.html").read_text()


def lines(small):
    return small.journal.read_text().splitlines()


def edit(small, change):
    """Rewrite the journal, a line at a time."""
    made = [change(line) for line in lines(small)]
    small.journal.write_text("\n".join(line for line in made if line is not None) + "\n")


def of(student, change):
    """What is done to the lines of one student alone."""
    return lambda line: change(line) if f'"student": "{student}"' in line else line


WHOLE = {"ada": 5.5, "ben": 3, "cyd": 5, "dan": 5}

TORN = {
    "a newer version's field": of("ben", lambda line: json.dumps({**json.loads(line), "mood": "good"})),
    "a cut": of("ben", lambda line: line[: len(line) // 2]),
    "a cut before the name": of("ben", lambda line: line[:6]),
    "deleted by hand": of("ben", lambda line: None),
    "a quotation mark by hand": of("ben", lambda line: line.replace('"graded"', 'graded"')),
    "another name by hand": of("ben", lambda line: line.replace('"student": "ben"', '"student": "bob"')),
    "everybody": lambda line: line[:40] if '"student"' in line else line,
}


@pytest.mark.parametrize("kind", TORN)
def test_nobody_vanishes_where_the_journal_cannot_be_read(term, kind):
    """Who is lost is named and stays in the table; nothing is exported until the next round, which heals it."""
    edit(term, TORN[kind])
    lost = STUDENTS if kind == "everybody" else ("ben",)
    status = term.give("status")
    for student in STUDENTS:
        assert re.search(rf"^{student} ", status.out, re.MULTILINE)
    assert "journal and gradebook do not say the same" in status.err
    assert all(student in status.said for student in lost)
    out = term.root / "grades.csv"
    refused = term.give("export", "--output", str(out), rc=2)
    assert "nothing is exported" in refused.err
    assert "run" in refused.err
    assert not out.exists()
    term.give("run", "--student", "cyd")  # which must not make the table shorter
    assert set(read_csv(term.state / "small.csv")) >= set(STUDENTS)
    term.give("run")
    assert agree(term) == WHOLE
    assert "Well said." in page(term, "ada")
    assert len(term.give("export").out.splitlines()) == 1 + len(STUDENTS)


def test_a_part_of_the_class_is_graded_and_nobody_else_is_lost(term):
    """Two folders, a journal that has lost all of the other's lines, and its submissions are no longer there."""
    shutil.rmtree(term.submissions / "ben")
    edit(term, of("ben", lambda line: None))
    assert "ben" in term.give("run").err  # of the copy that an earlier round kept
    assert agree(term) == WHOLE


def test_the_journal_says_its_form(term):
    """A newer one is refused with a sentence, an older one is taken over, and its first line is written again."""
    first, *rest = lines(term)
    form = json.loads(first)["journal"]
    edit(term, lambda line: json.dumps({**json.loads(line), "journal": form + 1}) if line == first else line)
    for command in ("run", "status", "export"):
        assert "a newer version of grading wrote" in term.give(command, rc=2).err
    term.journal.write_text("\n".join(rest) + "\n")
    term.give("status")
    assert "an older version's" in term.give("run").err
    assert json.loads(lines(term)[0])["journal"] == form
    assert agree(term) == WHOLE
    assert "an older version's" not in term.give("run").err
    edit(term, lambda line: json.dumps({**json.loads(line), "assignment": "other"}) if "journal" in line else line)
    assert "is the journal of 'other'" in term.give("status", rc=2).err


def test_a_journal_that_an_editor_has_saved(term):
    """With a mark at its beginning, other ends of lines, and empty lines: it says the same."""
    text = "\n\n".join(lines(term))
    term.journal.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert "journal and gradebook" not in term.give("status").said
    assert len(term.give("export").out.splitlines()) == 1 + len(STUDENTS)
    term.give("run")
    assert agree(term) == WHOLE


def test_what_ends_a_line_elsewhere_ends_none_in_the_journal(term):
    """A student's code raises an exception with such a sign: its row is one line, left alone by the next round."""
    term.hand_in("eve", double="raise ValueError('a\u2028b\x85c')")
    term.give("run")
    before = lines(term)
    assert "eve" in Journal(term.journal).rows
    term.give("run")
    assert lines(term) == before


# ---------------------------------------------------------------------------------------------- the pages


def test_page_table_and_gradebook_say_the_same_after_any_commands(term):
    """The law, for twelve random commands; what a person gave ada is in her page all the time."""
    rng = random.Random(SEED)
    acts = {
        "run": lambda: term.give("run"),
        "fresh": lambda: term.give("run", "--student", rng.choice(STUDENTS), "--fresh"),
        "new": lambda: term.hand_in(rng.choice(STUDENTS[1:]), double=rng.choice(["return 2 * x", "return x"])),
        "again": lambda: term.hand_in("ada", own=f"a = {rng.random()}"),
        "read": lambda: read(term.state, rng.choice(STUDENTS[1:]), rng.choice([0.0, 0.25, 1.0])),
        "report": lambda: term.give("report"),
        "feedback": lambda: (term.give("feedback"), term.give("report")),
    }
    done = []
    for _ in range(3):
        done += [rng.choice([*acts]) for _ in range(4)]
        for name in done[-4:]:
            acts[name]()
        done.append("run")
        term.give("run")
        assert agree(term)["ada"] == 5.5, done
        assert "Well said." in page(term, "ada"), done


def test_what_a_person_gave_outlives_grading_again(term):
    """A fresh round changes nothing; a new submission keeps points and words, and asks to look again."""
    before = page(term, "ada")
    assert "more when a person" not in before
    term.give("run", "--student", "ada", "--fresh")
    assert page(term, "ada") == before
    assert read_csv(term.state / "small.csv")["ada"]["waiting"] == ""
    term.hand_in("ada", triple="return x")
    term.give("run")
    assert agree(term)["ada"] == 2.5
    assert "Well said." in page(term, "ada")
    assert "a person will look again" in page(term, "ada")
    assert read_csv(term.state / "small.csv")["ada"]["waiting"] == "why"


def test_our_own_fault_takes_nothing_that_a_person_gave(term, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    def fails(task):
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr("grading.keep.round.grade_one", fails)
        patch.setattr(pool, "processes", lambda _: pool.Workers(lambda: ThreadPoolExecutor(1), 1))
        term.give("run", "--student", "ada", "--fresh")
    assert agree(term)["ada"] == BY_HAND
    term.give("run")
    assert agree(term) == WHOLE
    assert "Well said." in page(term, "ada")


def test_pages_that_are_older_than_the_gradebook_are_named_and_never_released(term):
    read(term.state, "ben", 1.0, "Good.")
    for command in ("status", "export"):
        said = term.give(command).err
        assert "feedback is older than the gradebook" in said
        assert "ben" in said
    exchange = term.root / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    (term.state / "feedback/ben/small/submission_secret.txt").write_text("0123456789abcdef" * 4)
    (term.state / "feedback/ben/small/timestamp.txt").write_text("2026-03-01 12:00:00.000000 UTC")
    for student in {*STUDENTS} - {"ben"}:
        for step in ("autograded", "feedback"):
            shutil.rmtree(term.state / step / student)  # they handed in elsewhere
    release = [sys.executable, "-m", "nbgrader", "release_feedback", "small", "--course", "nn"]
    release += [f"--Exchange.root={exchange}", f"--CourseDirectory.feedback_directory={term.state / 'feedback'}"]
    release += ["--ExchangeFactory.release_feedback=grading.formgrader.exchange.ReleaseFeedback"]
    done = subprocess.run(release, cwd=term.root, env=term.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search("written again, as points have changed since: .*ben", done.stderr)
    (released,) = (exchange / "nn" / "feedback").iterdir()
    assert "4</strong> of 6" in released.read_text()
    assert "older than the gradebook" not in term.give("status").err


# ---------------------------------------------------------------------------------------------- the gradebook


def delete_grades(path):
    with sqlite3.connect(path) as book:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment"):
            book.execute(f"DELETE FROM {table}")


def make_new(path):
    path.unlink()
    Gradebook(f"sqlite:///{path}").close()


LOST = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "no grades": delete_grades,
    "another one": make_new,
    "no gradebook": lambda path: path.write_bytes(b"grades " * 5000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    "overwritten": lambda path: path.write_bytes(path.read_bytes()[:4096] + random.Random(SEED).randbytes(90_000)),
}


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_gradebook_is_not_made_anew(term, kind):
    """It is said in one sentence, with the way back; the way leads back to every point and comment."""
    term.give("feedback")  # which takes a copy, as a round does
    LOST[kind](term.book)
    found = term.book.read_bytes() if term.book.exists() else None
    for command in ("run", "status", "export"):
        said = term.give(command, rc=2).err
        assert said.startswith("grading: the gradebook"), said
        assert "restore" in said
        assert said.count("\n") == 1
    assert (term.book.read_bytes() if term.book.exists() else None) == found
    listed = term.give("restore").out.splitlines()
    assert re.match(
        r"1  gradebook-\S+\.db  as it was at \d{4}-\d\d-\d\d \d\d:\d\d: small: 4 students, 1 points", listed[0]
    )
    term.give("restore", "1")
    term.give("run")
    assert agree(term) == WHOLE
    assert "Well said." in page(term, "ada")
    assert term.book.stat().st_mode & 0o077 == 0


def test_a_new_gradebook_where_it_is_wanted(term):
    term.book.unlink()
    term.give("run", "--new-gradebook")
    assert agree(term) == {**WHOLE, "ada": 5}


def test_the_last_five_are_kept(term):
    """A round that finds nothing changed since the last copy makes none, so that none pushes out a better one."""
    for number in range(7):
        read(term.state, "ben", 0.1 + number / 100)
        term.give("run")
        term.give("run")
    there = copies.copies(term.state)
    assert len(there) == 5
    assert all(path.stat().st_mode & 0o077 == 0 for path in there)
    given = []
    for path in there:
        with sqlite3.connect(path) as book:
            given.append(book.execute("SELECT MAX(manual_score) FROM grade WHERE manual_score < 0.5").fetchone()[0])
    assert given[0] == pytest.approx(0.16)
    assert given == sorted(given, reverse=True)


def test_a_clock_that_is_set_back_makes_no_copy_older(term, monkeypatch):
    for number in range(3):
        monkeypatch.setattr(copies.time, "strftime", lambda _, day=9 - number: f"2026010{day}-120000")
        read(term.state, "ben", 0.1 + number / 100)
        copies.keep(term.state, term.state / "gradebook.db")
    with sqlite3.connect(copies.copies(term.state)[0]) as book:
        found = book.execute("SELECT MAX(manual_score) FROM grade WHERE manual_score < 0.5").fetchone()[0]
    assert found == pytest.approx(0.12)


def test_an_older_copy_is_put_back(term):
    """What was graded since is in doubt, named, and graded again; what is put aside can be found again."""
    term.hand_in("ben")
    term.hand_in("eve")
    term.give("run")
    assert "for some students (small: 2)" in term.give("restore", "1").out
    status = term.give("status")
    assert "2 students: ben, eve" in status.err
    assert "nothing is exported" in term.give("export", rc=2).err
    assert list((term.state / copies.FOLDER).glob("replaced-*.db"))
    term.give("run")
    assert agree(term) == {**WHOLE, "ben": 5, "eve": 5}
    assert "there is gradebook-" in term.give("restore", "nosuch", rc=2).err


# ---------------------------------------------------------------------------------------------- over a term


def changes(small):
    with (small.state / "small.changes.csv").open(newline="") as file:
        return [(row["student"], row["item"], row["old"], row["new"], row["why"]) for row in csv.DictReader(file)]


def test_a_round_says_whose_points_changed_and_why(term):
    """Tried first, which changes nothing; then done, printed and stored; and each row says by which checks."""
    first = read_csv(term.state / "small.csv")["ben"]["checks"]
    checks = term.source.with_name("checks.py")
    checks.write_text(checks.read_text().replace('"numbers", 3', '"numbers", 2.5'))
    term.source.write_text(term.source.read_text().replace('"points": 3', '"points": 2.5'))
    term.hand_in("ben", double="return x")
    before = {path: path.read_bytes() for path in term.state.rglob("*") if path.is_file()}
    tried = term.give("run", "--dry-run")
    assert before == {path: path.read_bytes() for path in term.state.rglob("*") if path.is_file()}
    done = term.give("run")
    for said in (tried.out, done.out):
        assert "ada: triple 3 → 2.5, total 5.5 → 5 (checks changed)" in said
        assert "ben: triple 3 → 2.5, total 3 → 2.5 (new submission; checks changed)" in said
    stored = changes(term)
    assert ("ada", "triple", "3", "2.5", "checks changed") in stored
    assert ("ada", "total", "5.5", "5", "checks changed") in stored
    assert any(row[0] == "ben" and row[4] == "new submission; checks changed" for row in stored)
    assert "→" not in term.give("run").out  # nothing changed
    assert changes(term) == stored
    second = read_csv(term.state / "small.csv")["ben"]["checks"]
    assert re.fullmatch(r"1 \(\d{4}-\d\d-\d\d \d\d:\d\d\)", first)
    assert re.fullmatch(r"2 \(\d{4}-\d\d-\d\d \d\d:\d\d\)", second)
    term.hand_in("cyd", own="import time\ntime.sleep(0)")
    term.path("dan").write_text("{")
    term.give("run", "--memory", "1024")
    assert ("dan", "total", "4.5", "0", "new submission; limits changed") in changes(term)


def test_the_whole_state_as_one_file_and_back(term):
    """Elsewhere too; nothing newer is overwritten without a word, and what is replaced is moved aside."""
    file = term.root / "term.tar.gz"
    term.give("archive", str(file))
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as packed:
        names = packed.getnames()
    assert {"secret", "gradebook.db", "small.jsonl", "feedback/ada/small/small.html"} <= {*names}
    assert "would lie in the state" in term.give("archive", str(term.state / "a.tar.gz"), rc=2).err
    secret = (term.state / "secret").read_text()
    time.sleep(0.01)
    read(term.state, "ben", 1.0)
    os.utime(term.book, (time.time() + 60,) * 2)  # clocks of files are coarse
    assert "--replace" in term.give("restore", str(file), rc=2).err
    term.give("restore", str(file), "--replace")
    (aside,) = term.root.glob("state-before-*")
    term.give("run")
    assert agree(term) == WHOLE
    shutil.rmtree(term.state)
    shutil.rmtree(aside)
    term.give("restore", str(file))
    assert (term.state / "secret").read_text() == secret
    assert all(path.stat().st_mode & 0o077 == 0 for path in [term.state, *term.state.iterdir()])
    assert "journal and gradebook" not in term.give("status").said
    assert agree(term) == WHOLE
    file.write_bytes(file.read_bytes()[:3000])
    assert "no archive of a state, or a damaged one" in term.give("restore", str(file), rc=2).err
    assert agree(term) == WHOLE
    assert not list(term.root.glob(".*state*"))


def test_two_write_to_one_file(term):
    """A reader gives points and comments while a round grades everybody again: neither loses anything."""
    wrote, failed = [], []

    def reader():
        for number in range(30):
            try:
                read(term.state, STUDENTS[1 + number % 3], number / 100, f"said {number}")
                wrote.append(number)
            except Exception as error:
                failed.append(error)

    thread = threading.Thread(target=reader)
    thread.start()
    while thread.is_alive():
        term.give("run", "--fresh")
    thread.join()
    assert not failed
    term.give("run")
    together = agree(term)
    assert together["cyd"] == 5 + 28 / 100
    assert "said 29" in page(term, "dan")
    assert "said 28" in page(term, "cyd")


def test_a_gradebook_that_is_busy_for_a_moment_is_waited_for(term, monkeypatch):
    """SQLite says "locked" at once where waiting could not help; to begin again does."""
    book = gradebook.Grades(f"sqlite:///{term.book}", term.state, "small")
    from sqlalchemy.exc import OperationalError

    tries = []

    def busy():
        tries.append(1)
        if len(tries) < 8:
            raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))
        return "done"

    monkeypatch.setattr(gradebook.time, "sleep", lambda _: None)
    assert book._tried(busy) == "done"
    book.close()


# ---------------------------------------------------------------------------------------------- around it


def test_reading_needs_no_writing(term):
    """From a medium that is read-only, status and export say what they say elsewhere."""
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap makes a folder read-only here")
    whole = {name: term.give(name).out for name in ("status", "export")}
    with term.journal.open("a") as file:
        file.write('{"student": "fay", "sta')  # and a round was killed there
    for mode in (0o700, 0o755):
        term.state.chmod(mode)
        for command, out in whole.items():
            asked = [sys.executable, "-m", "grading", command, "small", "--state", str(term.state)]
            fixed = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(term.root), str(term.root)]
            done = subprocess.run([*fixed, *asked], env=term.environment, capture_output=True, text=True, check=False)
            if command == "status":
                assert done.returncode == 0, done.stderr
                assert all(line in done.stdout for line in out.splitlines() if line.startswith(STUDENTS))
            else:
                assert "fay" in done.stderr
            assert "Traceback" not in done.stderr
    term.state.chmod(0o700)


def test_a_full_disk_is_one_sentence(term, monkeypatch):
    """Wherever it is noticed first: in a file, the gradebook, nbgrader's log."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    for place in ("grading.keep.copies.snapshot", "grading.keep.round.replace_file"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            read(term.state, "ben", round(random.Random(place).random(), 2))
            said = term.give("run", "--fresh", "--student", "ben", rc=2).err
            assert "No space left on device" in said.splitlines()[-1]
    log = gradebook._log(term.state / "nbgrader.log")
    log.setStream(SimpleNamespace(write=full, flush=lambda: None))
    log.handle(logging.makeLogRecord({"msg": "of nbgrader"}))
    assert term.capsys.readouterr().err == ""
    term.give("run")
    agree(term)


def test_ended_from_outside(term):
    """SIGTERM is obeyed like Ctrl-C: one sentence, no warning of what was left, and the next round does the rest."""
    for number in range(4):
        term.hand_in(f"e{number}", own="import time\ntime.sleep(1)")
    running = subprocess.Popen(term.command(), env=term.environment, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and '"student": "e0"' not in term.journal.read_text():
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 143, said
    assert "stopped; the same command goes on where it was" in said
    assert "resource_tracker" not in said
    assert "Traceback" not in said
    term.give("run")
    assert len(agree(term)) == 8


def test_the_right_notebook_beside_ten_thousand_files(tmp_path):
    """Also in a folder that comes last in the alphabet."""
    for student, inside in (("ann", "."), ("ben", "small")):
        (tmp_path / student / inside).mkdir(parents=True)
        for number in range(10_050):
            (tmp_path / student / f"a{number}").touch()
        (tmp_path / student / inside / "small.ipynb").write_text("{}")
        found = find.Place(student, "small", {Entry(tmp_path / student): Label(student)}).load(["small"])
        assert found.status is Status.GRADED
        assert found.data == b"{}"


def test_a_long_id_says_how_long(tmp_path):
    name = "x" * 120
    (tmp_path / "list.csv").write_text(f"id\n{name}\n")
    with pytest.raises(UsageError, match=rf"has 120 bytes; {MAX_ID} are allowed"):
        read_students(tmp_path / "list.csv")
    (tmp_path / "in" / name).mkdir(parents=True)
    (tmp_path / "in" / name / "small.ipynb").touch()
    assert f"120 bytes, {MAX_ID} are allowed" in str(find.submissions(tmp_path / "in", "small")[1])


def test_a_course_without_exercises_is_not_bad(term):
    found = {words: good for good, words in doctor.findings(term.root, term.state)}
    assert found["assignment small"] is True


def test_a_state_that_was_copied_to_another_place(term):
    """All that is in it is found from there."""
    other = term.root / "elsewhere"
    shutil.copytree(term.state, other)
    shutil.rmtree(term.state)
    term.state = other
    assert "journal and gradebook" not in term.give("status").said
    term.give("run")
    assert agree(term) == WHOLE
    assert rounds.rows_of(rounds.Course(term.root, "small", other))[0]
