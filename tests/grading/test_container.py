"""A container isolates as bubblewrap does; the laws of test_sandbox.py are tried on it, and some of its own."""

import os
import subprocess
import sys
import time

import nbformat
import pytest
import test_sandbox
from test_sandbox import (  # noqa: F401
    test_a_submission_leaves_nothing_for_the_next,
    test_nothing_of_the_course_or_of_whoever_grades_can_be_seen,
    test_nothing_outside_its_folder_can_be_written,
    test_student_code_cannot_look_into_the_process_that_made_it,
    test_there_is_no_network,
)

from grading.run import container
from grading.run.container import ContainerSandbox
from grading.run.execution import Execution, Limits
from grading.run.sandbox import SandboxError
from grading.student.wire import Closed, Late, Peer

MEMORY = 1 << 28


@pytest.fixture(scope="module")
def box():
    if why := container.obstacle():
        pytest.skip(f"no container can be started here: {why}")
    with ContainerSandbox() as made:
        yield made
        assert not left(os.getpid())


def test_a_right_submission_has_full_marks(box):
    test_sandbox.test_a_right_notebook_has_full_marks_across_the_wire(box, "backprop")


def left(pid):
    """Names of the containers that a process has not ended."""
    shown = ["podman", "ps", "--all", "--filter", f"name=grading-{pid}-", "--format", "{{.Names}}"]
    return subprocess.run(shown, capture_output=True, text=True, check=True).stdout.split()


def tried(box, code, seconds=30):
    """What a cell says, the name of an exception if the process is gone or late, and what was used."""
    place = box.place(1, MEMORY)
    peer = Peer(place.socket, lambda _: None)
    peer.until = time.monotonic() + seconds
    try:
        (output,) = peer.call("%run", (code,), {})
        said = output.get("evalue") or output["data"]["text/plain"]
    except (Closed, Late) as error:
        said = type(error).__name__
    return said, place.end()


@pytest.mark.parametrize("where", ["memory in files", "memory of many processes"])
def test_memory_is_counted_together(box, attack, where):
    said, use = tried(box, attack(where))
    assert (said, use.ended) == ("Closed", "it used more than 256 MB")
    assert MEMORY >> 20 < use.memory < (MEMORY + container.ROOM) >> 20


@pytest.mark.parametrize(
    ("name", "expected"),
    [("memory of no process", "(-1, -1)"), ("a namespace of its own", "-1"), ("fewer than 65 processes", "True")],
)
def test_what_is_refused(box, attack, name, expected):
    assert tried(box, attack(name))[0] == expected


def test_an_endless_loop_is_interrupted_and_the_process_goes_on(box):
    place = box.place(1, MEMORY)
    peer = Peer(place.socket, lambda _: None)
    peer.call("%run", ("kept = 3",), {})
    before, peer.until = place.cpu(), time.monotonic() + 1
    with pytest.raises(Late):
        peer.call("%run", ("while True:\n    pass",), {})
    place.interrupt()
    peer.until = time.monotonic() + 30
    assert peer.settle()[-1]["ename"] == "KeyboardInterrupt"
    assert peer.call("%run", ("kept",), {})[0]["data"]["text/plain"] == "3"
    assert place.cpu() - before > 0.1
    assert place.end().cpu > 0.1


@pytest.mark.parametrize("flood", ["a flood of memory", "memory of many processes"])
def test_a_flood_costs_its_item_alone(box, small, attack, flood):
    body = "\n    ".join(attack(flood).split("\n"))
    small.hand_in("eve", double=f"{body}\n    return 0.0")
    notebook = nbformat.read(small.path("eve"), as_version=4)
    execution = Execution(notebook, box, "small", small.root, 1, Limits(20.0, 200.0, MEMORY >> 20))
    execution.run()
    assert [verdict.points for verdict in execution.ran.verdicts.values()] == [0.0, 3.0]


RUNNER = """
import os
from grading.run.container import ContainerSandbox
from grading.student.wire import Peer

place = ContainerSandbox().place(1, 1 << 28)
print(os.getpid(), flush=True)
Peer(place.socket, lambda _: None).call("%run", ("import os\\nos.fork()\\nwhile True:\\n    pass",), {})
"""


def test_a_container_ends_with_whoever_started_it(box, root):
    """Killed, and without a chance to clean up."""
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER], env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE
    )
    pid = int(runner.stdout.readline())
    assert left(pid)
    runner.kill()
    runner.wait()
    runner.stdout.close()
    until = time.monotonic() + 30
    while (still := left(pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not still


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """A podman that does as told, and no docker."""

    def pretend(script):
        if script:
            (tmp_path / "podman").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "podman").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        container.engine.cache_clear()

    yield pretend
    container.engine.cache_clear()


LINE = '{"clock": 0, "cpu": 0, "waited": {}, "memory": 0, "short": false, "limits": %s}'


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a container needs an image")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "podman is not installed"),
        ("echo 'Error: newuidmap is missing' >&2; exit 125", "podman does not start a container: Error: newuidmap"),
        (f"echo '{LINE % '[null, 65]'}' >&2; /bin/cat", "podman cannot limit memory and processes here"),
        (f"echo '{LINE % [1 << 30, 4096]}' >&2; /bin/cat", "podman cannot limit memory and processes here"),
        (f"echo '{LINE % [1 << 30, 65]}' >&2; /bin/cat", ""),
    ],
)
def test_what_is_in_the_way_is_said(pretended, script, words):
    pretended(script)
    assert words in container.obstacle()
    if words:
        with pytest.raises(SandboxError, match=words):
            ContainerSandbox()
    else:
        assert ContainerSandbox().way == "podman"


def test_with_an_image_docker_is_asked_too(pretended):
    pretended("")
    assert container.obstacle("course-sandbox") == "podman is not installed; docker is not installed"
