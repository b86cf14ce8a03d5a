"""On a machine where students have accounts: grades, submissions and feedback are the grader's alone."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from small_course import ROOT, Small
from traitlets.config import PyFileConfigLoader

from grading import __main__ as cli
from grading import doctor
from grading.formgrader.exchange import Collect
from grading.keep import journal, private
from grading.keep.journal import replace_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no such modes here")
ANN, BEN = 64001, 64002  # accounts that exist nowhere
as_root = pytest.mark.skipif(os.name == "posix" and os.getuid() != 0, reason="only root can be several accounts")


@pytest.fixture
def careless():
    """Whoever grades lets everybody read and write what is new."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.fixture
def seen(monkeypatch, capsys, lasting):
    """A course in a place that every account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="course-"))
    folder.chmod(0o755)
    monkeypatch.setattr(cli, "find_course", lambda _: folder)
    small = Small(folder, capsys)
    small.state = folder / "grading" / "state"
    small.state.parent.mkdir(0o755)
    yield small
    shutil.rmtree(folder)


def open_to_others(folder):
    return [path for path in [folder, *folder.rglob("*")] if path.lstat().st_mode & 0o077 and not path.is_symlink()]


def complaints(small):
    """What ``run`` says beside its table."""
    small.capsys.readouterr()
    code = cli.main(small.command()[3:])
    return code, small.capsys.readouterr().err


def act_as(uid, code, *arguments):
    """What another account prints."""
    drop = f"import os; os.setgroups([]); os.setresgid({uid}, {uid}, {uid}); os.setresuid({uid}, {uid}, {uid})\n"
    command = [sys.executable, "-I", "-S", "-c", drop + code, *map(str, arguments)]
    done = subprocess.run(command, cwd="/", text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# reads every file it can, and replaces every notebook
BURGLAR = """
import os, sys
for top in sys.argv[1:]:
    for path in [top, *(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names)]:
        try:
            open(path, "rb").read(1)
            print("read", os.path.basename(path), sep=":")
        except OSError:
            pass
        for act in (lambda: open(path, "ab").close(), lambda: os.rename(path, path + "~"), lambda: os.unlink(path)):
            try:
                act()
                print("changed", os.path.basename(path), sep=":")
            except OSError:
                pass
"""


# ---------------------------------------------------------------------------------------------- the state


def test_what_a_round_makes_is_closed_whatever_the_umask_is(small, careless):
    small.hand_in("ann")
    small.run()
    assert stat.S_IMODE(small.state.stat().st_mode) == 0o700
    release = small.state / "release"  # students have it anyway
    assert [path for path in open_to_others(small.state) if release not in (path, *path.parents)] == []


def test_an_open_state_is_closed_and_said(small):
    small.hand_in("ann")
    small.run()
    handed = small.state / "submitted" / "ann" / "small" / "small.ipynb"
    inode = handed.stat().st_ino
    for path in (small.state, handed.parent, handed):
        path.chmod(0o777)
    with handed.open("ab") as held:
        code, said = complaints(small)
        assert code == 0
        held.write(b"swapped")  # by an account that had it open all the time
    assert "was open to other accounts (mode 777); now it is closed (700)" in said
    assert "could be written by other accounts" in said
    assert "submitted/ann/small/small.ipynb" in said
    assert open_to_others(small.state) == []
    assert handed.stat().st_ino != inode
    assert b"swapped" not in handed.read_bytes()
    assert "open" not in complaints(small)[1]


@as_root
@pytest.mark.parametrize(
    "what", ["submitted/ann/small/small.ipynb", "small.jsonl", "feedback/ann", "feedback/ann/link"]
)
def test_what_somebody_else_put_there_stops_the_round(small, what):
    small.hand_in("ann")
    small.run()
    path = small.state / what
    if path.name == "link":
        path.symlink_to(small.root)
    os.chown(path, BEN, BEN, follow_symlinks=False)
    before = (small.state / "small.csv").read_bytes()
    small.hand_in("ann", double="return x * x")
    code, said = complaints(small)
    assert code == 2
    assert f"{path} belongs to the account {BEN}" in said
    assert "take it over with chown" in said
    assert (small.state / "small.csv").read_bytes() == before
    os.chown(path, 0, 0, follow_symlinks=False)
    assert complaints(small)[0] == 0


@as_root
def test_a_state_of_somebody_else_is_refused(small):
    small.hand_in("ann")
    small.state.mkdir()
    os.chown(small.state, BEN, BEN)
    assert f"belongs to the account {BEN}" in complaints(small)[1]


def test_a_folder_that_all_share_is_no_state(small):
    small.hand_in("ann")
    small.state.mkdir()
    small.state.chmod(0o1777)
    code, said = complaints(small)
    assert (code, small.state.stat().st_mode & 0o1777) == (2, 0o1777)
    assert "all accounts share the folder" in said


def test_other_folders_in_it_are_left_alone(small):
    small.hand_in("ann")
    own = small.state / "own"
    own.mkdir(0o755, parents=True)
    own.chmod(0o755)
    small.run()
    assert stat.S_IMODE(own.stat().st_mode) == 0o755


def test_no_planted_link_is_written_through(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ".page.html.new").symlink_to(tmp_path / "mine")
    (tmp_path / "page.html").symlink_to(tmp_path / "mine")
    replace_file(tmp_path / "page.html", "new")
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "page.html").read_text() == "new"
    assert not (tmp_path / "page.html").is_symlink()


# ---------------------------------------------------------------------------------------------- the exchange


def collect(small, **settings):
    """What ``nbgrader collect small`` and formgrader's button do, with the project's configuration."""
    shutil.copy(ROOT / "nbgrader_config.py", small.root)
    (small.root / "_config.yml").write_text("repository: {url: 'https://github.com/a/b'}\n")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(small.root)).load_config()
    assert config.ExchangeFactory.collect == "grading.formgrader.exchange.Collect"
    config.CourseDirectory.update(course_id="nn", root=str(small.root), assignment_id="small")
    config.Exchange.root = str(small.root / "exchange")
    config.ExchangeCollect.update(settings)
    Collect(coursedir=CourseDirectory(config=config), config=config).start()
    return small.root / "grading" / "state" / "submitted"


def submit(small, student, uid, when="2026-03-01 12:00:00.000000 UTC", **answers):
    """As ``nbgrader submit`` leaves it: everybody may write the folder, so that it can be deleted."""
    inbound = small.root / "exchange" / "nn" / "inbound"
    if not inbound.is_dir():
        inbound.mkdir(parents=True)
        inbound.chmod(0o733)
        inbound.parents[1].chmod(0o777)
    small.hand_in(student, **answers)
    there = inbound / f"{student}+small+{when}+x"
    shutil.copytree(small.path(student).parent, there)
    shutil.rmtree(small.path(student).parent)
    (there / "timestamp.txt").write_text(when)
    (there / "submission_secret.txt").write_text("0123456789abcdef" * 8)
    for path in (there, *there.iterdir()):
        if os.getuid() == 0:
            os.chown(path, uid, uid)
        path.chmod(0o777 if path is there else 0o644)
    return there


@pytest.fixture
def accounts(monkeypatch):
    """Who has which account."""
    names = {ANN: "ann", BEN: "ben", os.getuid(): "ann" if os.getuid() else "root"}
    monkeypatch.setattr(private, "owner", lambda uid: names.get(uid, str(uid)))


@as_root
def test_nobody_reads_or_swaps_what_was_collected(seen, careless, accounts):
    """The whole way: collect, grade, read; then one of the students looks around."""
    seen.state.mkdir()
    seen.state.chmod(0o777)  # as nbgrader makes it with this umask
    submit(seen, "ann", ANN)
    submit(seen, "ben", BEN, double="return x * x")
    seen.submissions = collect(seen)
    assert act_as(BEN, BURGLAR, seen.state) == []
    seen.run()
    assert act_as(BEN, BURGLAR, seen.state) == []
    rows = {name: float(row["total"]) for name, row in seen.rows().items()}
    assert rows == {"ann": 5, "ben": 3}


@as_root
def test_the_burglar_finds_an_open_door(tmp_path, seen):
    """The test above would see it."""
    seen.state.mkdir(0o777)
    seen.state.chmod(0o777)
    (seen.state / "small.csv").write_text("grades")
    assert {"read:small.csv", "changed:small.csv"} <= set(act_as(BEN, BURGLAR, seen.state))


def test_the_collected_is_closed(small, careless, accounts):
    submit(small, "ann", ANN)
    submitted = collect(small)
    assert (submitted / "ann" / "small" / "small.ipynb").is_file()
    assert (submitted / "ann" / "small" / "submission_secret.txt").is_file()
    assert open_to_others(submitted / "ann" / "small") == []
    assert stat.S_IMODE(submitted.parent.stat().st_mode) == 0o700


@as_root
def test_what_one_hands_in_for_another_is_not_collected(small, accounts, caplog):
    """Neither a folder of one's own under that name, nor a link to the other's, nor a file in the other's folder."""
    true = submit(small, "ann", ANN)
    submit(small, "ann", BEN, when="2026-03-02 12:00:00.000000 UTC", double="return x * x")
    (true.parent / "ben+small+2026-03-01 12:00:00.000000 UTC+x").symlink_to(true)
    (true / "more.txt").write_text("from ben")
    os.chown(true / "more.txt", BEN, BEN)
    submitted = collect(small)
    assert sorted(path.name for path in submitted.iterdir()) == ["ann"]
    assert "return 2 * x" in (submitted / "ann" / "small" / "small.ipynb").read_text()
    assert not (submitted / "ann" / "small" / "more.txt").exists()


def test_links_lead_nowhere(small, accounts):
    """What they lead to would be the student's, and come back as feedback."""
    (small.root / "secret").mkdir()
    (small.root / "secret" / "grades.html").write_text("secret")
    there = submit(small, "ann", ANN)
    (there / "file.html").symlink_to(small.root / "secret" / "grades.html")
    (there / "folder").symlink_to(small.root / "secret")
    os.mkfifo(there / "pipe")
    deep = there.joinpath(*("d" * 30))
    deep.mkdir(parents=True)
    for path in (there / "file.html", there / "folder", there / "pipe", *there.rglob("d")):
        os.chown(path, there.stat().st_uid, -1, follow_symlinks=False)
    submitted = collect(small)
    found = {path.name for path in (submitted / "ann" / "small").rglob("*")}
    assert found == {"small.ipynb", "timestamp.txt", "submission_secret.txt", "d"}


def test_a_name_is_a_safe_id_or_not_collected(small, accounts):
    there = submit(small, "ann", ANN)
    for name in ("<img src=x onerror=alert(1)>", "..", "=1+1"):
        shutil.copytree(there, there.with_name(f"{name}+small+2026-03-01 12:00:00.000000 UTC+x"))
    submitted = collect(small, check_owner=False)
    assert sorted(path.name for path in submitted.iterdir()) == ["ann"]


@as_root
def test_nothing_is_collected_into_what_is_somebody_elses(small, accounts):
    submit(small, "ann", ANN)
    collect(small)
    os.chown(small.root / "grading" / "state" / "submitted" / "ann", BEN, BEN)
    with pytest.raises(ExchangeError, match="belongs to"):
        collect(small)


# ---------------------------------------------------------------------------------------------- doctor


def look(small):
    return {words: good for good, words in doctor._closed(small.root, small.state)}


def test_doctor_names_what_is_open_and_the_command(seen, monkeypatch):
    small = seen
    monkeypatch.setattr(doctor, "__file__", str(small.root / "grading" / "doctor.py"))  # where grading is installed
    small.hand_in("ann")
    small.run()
    for path in (small.root / "solutions", small.state):
        path.chmod(0o755)
    checks = small.root / "solutions" / "small" / "checks.py"
    checks.chmod(0o666)
    said = look(small)
    assert said[f"the gradebook is closed to other accounts: chmod 700 {small.state}"] is False
    assert said[f"other accounts can change what decides about grades: chmod -R go-w {checks}"] is False
    answers = f"other accounts of this machine can read the right answers: chmod 700 {small.root / 'solutions'}"
    assert said[answers] is None
    deciding = small.root / "grading" / "judge" / "check.py"
    deciding.parent.mkdir(parents=True, exist_ok=True)
    deciding.touch()
    deciding.chmod(0o666)
    assert any(good is False and str(deciding) in words for words, good in look(small).items())
    deciding.unlink()
    (small.root / "solutions").chmod(0o700)  # keeps others from what lies in it
    small.state.chmod(0o700)
    assert look(small) == {"the gradebook is closed to other accounts": True}


def test_doctor_knows_a_folder_above_that_keeps_others_out(seen):
    seen.root.chmod(0o700)
    seen.state.mkdir(0o755)
    assert look(seen) == {"the gradebook is closed to other accounts": True}


@as_root
def test_doctor_names_what_somebody_else_put_there(seen):
    seen.state.mkdir(0o700)
    (seen.state / "small.jsonl").touch()
    os.chown(seen.state / "small.jsonl", BEN, BEN)
    assert any(good is False and "small.jsonl" in words for words, good in look(seen).items())


@pytest.mark.parametrize("half", ["", "0123", "\xff" * 64])
def test_a_secret_that_was_not_written_to_its_end_is_none(tmp_path, half):
    """With an empty one, what a submission is asked could be computed by whoever wrote it."""
    (tmp_path / "secret").write_text(half, encoding="latin-1")
    with pytest.raises(OSError, match="delete it"):
        journal.secret_of(tmp_path)
    (tmp_path / "secret").unlink()
    assert journal.secret_of(tmp_path) == journal.secret_of(tmp_path)
