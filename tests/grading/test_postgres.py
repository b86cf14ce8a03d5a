"""The gradebook in PostgreSQL: a real server that the test starts itself, and several graders that write at once."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from small_course import LEASHED

from grading.keep.gradebook import Grades
from grading.keep.round import Course, rows_of

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
    """Four commands, each with students of its own, into one new gradebook: no grade is lost."""
    graders = []
    for grader in range(4):
        folder = small.root / f"part-{grader}"
        small.submissions = folder
        for number in range(5):
            small.hand_in(f"g{grader}s{number}", double="return x * x" if number == 0 else "return 2 * x")
        command = [sys.executable, "-m", "grading", "run", "small", "--submissions", str(folder), "--jobs", "1"]
        command += ["--state", str(small.root / f"state-{grader}"), "--gradebook", database]
        graders.append(subprocess.Popen(command, env=small.environment, stdout=-3, stderr=subprocess.PIPE, text=True))
    for grader in graders:
        _, said = grader.communicate(timeout=300)
        assert grader.returncode == 0, said
    book = Grades(database, small.root / "state-0", "small")
    grades = book.grades()
    book.close()
    assert len(grades) == 20
    for student, grade in grades.items():
        assert sum(each.score for each in grade.values()) == (3 if student.endswith("s0") else 5)


def test_nbgrader_itself_reads_it(small, database):
    """formgrader and nbgrader's own export see the same points."""
    small.hand_in("ann")
    small.run("--gradebook", database)
    export = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={database}", "--to", "grades.csv"]
    subprocess.run(export, cwd=small.root, check=True, capture_output=True)
    (line,) = (small.root / "grades.csv").read_text().splitlines()[1:]
    assert ",ann," in line
    assert ",5.0," in line
