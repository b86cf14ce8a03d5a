"""The gradebook in PostgreSQL: a real server that the test starts itself, and several graders that write at once."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest
from small_course import LEASHED
from test_killed import graded_before

from grading.keep.gradebook import Grades
from grading.keep.round import Course, grade, rows_of
from grading.run.execution import Limits

pytest.importorskip("psycopg", reason='the driver is not installed: pip install "psycopg[binary]"')

PATIENCE = 90  # seconds for a server to start, on a machine with much else to do


def program(name):
    """PostgreSQL's own programs are not in the path of Debian."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(found[0]) if found else shutil.which(name)


@pytest.fixture(scope="module")
def server():
    """A server of this test alone, with a socket in a folder and no port; its address without a database."""
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    # not pytest's folder, which is closed to the user that the server runs as
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        folder, become = Path(name), LEASHED
        if os.getuid() == 0:  # the server refuses to run as root
            become = [*LEASHED[:-1], "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
            shutil.chown(folder, "postgres")
        data, socket = folder / "data", folder / "s"

        def run(name, *arguments):
            subprocess.run([*become, program(name), *arguments], check=True, capture_output=True, cwd=folder)

        run("initdb", "-D", str(data), "-A", "trust", "-U", "course")
        subprocess.run([*become, "mkdir", str(socket)], check=True)
        settings = ("listen_addresses=", f"unix_socket_directories={socket}", "fsync=off")
        settings = [word for setting in settings for word in ("-c", setting)]
        with (folder / "log").open("w") as log:
            running = subprocess.Popen(
                [*become, program("postgres"), "-D", str(data), *settings], cwd=folder, stdout=log, stderr=log
            )
        address, end = f"postgresql+psycopg://course@/{{}}?host={socket}", time.monotonic() + PATIENCE
        try:
            while not answers(address):
                assert running.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.1)
            yield address
        finally:
            running.send_signal(signal.SIGINT)  # it throws its clients out
            running.wait(PATIENCE)


def connected(address):
    import psycopg

    return psycopg.connect(address.format("postgres").replace("+psycopg", ""), autocommit=True)


def answers(address):
    import psycopg

    try:
        connected(address).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def database(server, request):
    """An empty database."""
    name = request.node.name.split("[")[0]
    with connected(server) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.format(name)


def test_a_round_writes_to_postgres(small, database):
    small.hand_in("ann")
    small.hand_in("ben", double="return x * x")
    small.run("--gradebook", database)
    assert [float(row["total"]) for row in small.rows().values()] == [5, 3]
    assert not (small.state / "gradebook.db").exists()
    small.path("ann").write_text("")
    small.run("--gradebook", database)
    course = Course(small.root, "small", small.state, database)
    rows, _ = rows_of(course)
    assert [row.total for row in rows] == [0, 3]


def test_several_graders_write_at_once(small, database):
    """Each writes what was graded before, of students of its own, into one new gradebook: no grade is lost."""
    rounds, graders = [], []
    for grader in range(4):
        small.submissions = small.root / f"part-{grader}"
        for number in range(3):
            small.hand_in(f"g{grader}s{number}", double="return x * x" if number == 0 else "return 2 * x")
        before = Course(small.root, "small", small.root / f"before-{grader}")
        _, workers = graded_before(before, small.submissions)
        state = small.root / f"state-{grader}"
        state.mkdir()
        (state / "secret").write_text((before.state / "secret").read_text())  # so that they are asked the same
        rounds.append((Course(small.root, "small", state, database), small.submissions, workers))
    for course, submissions, workers in rounds:
        if not (pid := os.fork()):
            try:
                grade(course, submissions, workers=workers, limits=Limits(5, 20))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        graders.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in graders] == [0] * 4
    book = Grades(database, small.root / "state-0", "small")
    grades = book.grades()
    book.close()
    assert len(grades) == 12
    for student, points in grades.items():
        assert sum(each.score for each in points.values()) == (3 if student.endswith("s0") else 5)


def test_nbgrader_itself_reads_it(small, database):
    """formgrader and nbgrader's own export see the same points."""
    small.hand_in("ann")
    small.run("--gradebook", database)
    export = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={database}", "--to", "grades.csv"]
    subprocess.run(export, cwd=small.root, check=True, capture_output=True)
    (line,) = (small.root / "grades.csv").read_text().splitlines()[1:]
    assert ",ann," in line
    assert ",5.0," in line
