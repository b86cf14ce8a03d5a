"""Student code reaches nothing of the course, and the verdict is not made where it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fair
import nbformat
import pytest

from grading import engine
from grading.run import sandbox
from grading.run.execution import Execution, Limits
from grading.student.wire import Peer
from grading.tell import words

ROOT = Path(__file__).resolve().parents[2]


def test_there_is_no_network(ran):
    assert "unreachable" in ran("import socket\nsocket.create_connection(('192.0.2.1', 80), 2)")
    assert ran("import socket\n[name for _, name in socket.if_nameindex()]") == "['lo']"


def test_nothing_of_the_course_or_of_whoever_grades_can_be_seen(ran, root, tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setenv("SECRET", "secret")
    places = [
        root / "solutions",
        root / "nnlib",
        root / "grading",
        root / ".git",
        tmp_path,
        Path.home() / ".bashrc",
        "/etc/passwd",
    ]
    asked = f"import os\n[place for place in {[str(place) for place in places]!r} if os.path.exists(place)]"
    assert ran(asked) == "[]"
    assert (
        ran("import os\n'SECRET' in os.environ, [name for name in os.environ if name.startswith('NNCOURSE')]")
        == "(False, [])"
    )
    assert ran("import os\n[name for name in os.listdir('/proc') if name.isdigit() and int(name) > 100]") == "[]"


def test_nothing_outside_its_folder_can_be_written(ran):
    for place in f"{sys.prefix}/new", "/usr/new":
        assert "Read-only file system" in ran(f"open({place!r}, 'w')")
    assert ran("open('new', 'w').write('mine')") == "4"


@pytest.mark.parametrize("name", ["torch", "sklearn", "scipy"])
def test_a_library_says_why_it_is_not_there(ran, name):
    tried = (
        f"try:\n    import {name}\nexcept ImportError as error:\n    kind, said = type(error).__name__, str(error)\n"
    )
    assert ran(f"{tried}kind, said") == f"('NotThere', {name!r})"


def test_of_nnlib_there_are_the_checks_and_the_data(ran):
    assert ran("from nnlib import checks, data\ndata.mnist().X_train.shape") == "(6000, 784)"
    assert "nnlib.activations is not here" in ran("import nnlib\nnnlib.activations")


def test_no_trick_gives_points_for_a_wrong_answer(small, each_attack):
    body = "return ask('double') if 'ask' in globals() else Same(9.0) if 'Same' in globals() else 9.0"
    small.hand_in("eve", double=body, own=each_attack)
    small.hand_in("ann")
    small.run()
    rows = small.rows()
    assert float(rows["eve"]["double"]) == 0
    assert float(rows["ann"]["total"]) == 5


def test_the_verdict_is_in_the_feedback_all_the_same(small):
    small.hand_in("ben", double="return x * x")
    small.run()
    page = (small.state / "feedback/ben/small/small.html").read_text()
    assert "known mistake" in page
    assert "squared" in page


def test_a_later_function_is_no_help(small):
    """Only what stands before an item is put in: its answer must not come from a right version of a later one."""
    small.hand_in("eve", double="return triple(x) * 2 / 3", triple="return 1.5 * double(x)")
    small.run()
    rows = small.rows()
    assert float(rows["eve"]["double"]) == 0
    assert "triple" in rows["eve"]["remarks"]
    assert float(rows["eve"]["triple"]) == 3  # the function before it is a right one


def test_a_submission_leaves_nothing_for_the_next(ran):
    """The same prepared process serves all: files, names, and shared memory must not."""
    leave = "import os, numpy\nnumpy.left = 1\nfor place in ('/student', '/student/work', '/tmp', '/dev/shm'):\n"
    leave += "    if os.access(place, os.W_OK):\n        open(f'{place}/left', 'w').write('1')\n1"
    seen = "import os, numpy\n[place for place in ('/student', '/student/work', '/tmp', '/dev/shm')"
    seen += " if os.path.exists(f'{place}/left')], hasattr(numpy, 'left')"
    assert ran(leave) == "1"
    assert ran(seen) == "([], False)"


LOOK = """
import os
found, mine = [], os.readlink("/proc/self")
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("mem", "environ"):
        if pid != mine:
            try:
                open(f"/proc/{pid}/{name}", "rb").read(1)
            except OSError:
                continue
            found.append((pid, name))
found"""


def test_student_code_cannot_look_into_the_process_that_made_it(ran):
    assert ran(LOOK) == "[]"


def test_where_namespaces_cannot_be_nested_each_has_a_sandbox_of_its_own(sandboxed):
    with sandbox.Sandbox() as alone:
        servers = []
        for _ in range(2):
            alone.nested = False
            place = alone.place(1, 1 << 30)
            servers.append(alone._server.pid)
            assert Peer(place.socket, lambda _: None).call("%run", ("1",), {})[0]["data"]["text/plain"] == "1"
            place.end()
    assert servers[0] != servers[1]


def test_the_journal_of_an_attack_is_one_line_of_json(small, attack):
    small.hand_in("eve", own=attack("words on the grader's channel"))
    small.run()
    (line,) = [json.loads(line) for line in (small.state / "small.jsonl").read_text().splitlines()[-1:]]
    assert line["student"] == "eve"


@pytest.mark.parametrize("assignment", fair.COURSE)
def test_a_right_notebook_has_full_marks_across_the_wire(box, assignment):
    """What the items need crosses: functions and callbacks, arrays of each type, tuples, dictionaries."""
    notebook = nbformat.read(ROOT / "solutions" / assignment / f"{assignment}.ipynb", as_version=4)
    execution = Execution(notebook, box, assignment, ROOT, 7, Limits(60.0, 300.0))
    execution.run()
    points = {name: verdict.points for name, verdict in execution.ran.verdicts.items()}
    assert points == {item.id: item.max_points for item in engine.load_items(assignment, ROOT)}


CLASS = """class Layer:
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        return self.w * x"""
CLASSES = {
    "twice": ("return Layer(2.0).forward(x)", 3.0, ""),
    "another factor": ("return Layer(3.0).forward(x)", 0.0, ""),
    "an object": ("return Layer(2.0)", 0.0, "returned a value of type Layer where numbers were expected"),
    "objects": ("return [Layer(2.0)]", 0.0, "returned a value of type Layer where numbers were expected"),
}


@pytest.mark.parametrize("answer", CLASSES)
def test_a_class_before_an_item_is_a_students_own(box, tmp_path, answer):
    """The same points and the same sentence in the sandbox and in a student's own notebook."""
    body, points, said = CLASSES[answer]
    nb = nbformat.v4
    twice = "def twice(x):\n    ### BEGIN SOLUTION\n    {}\n    ### END SOLUTION"
    solution = {"nbgrader": {"solution": True, "grade": False}}
    graded = {"nbgrader": {"grade_id": "twice", "grade": True, "solution": False, "locked": True, "points": 3}}
    cells = [
        nb.new_code_cell(f"{CLASS}\n\n    ### BEGIN SOLUTION\n    ### END SOLUTION", metadata=solution),
        nb.new_code_cell(twice.format("return Layer(2.0).forward(x)"), metadata=solution),
        nb.new_code_cell("# graded", metadata=graded),
    ]
    folder = tmp_path / "solutions" / "classes"
    folder.mkdir(parents=True)
    checks = "from grading.engine import Case, Group, Item\n"
    checks += 'ITEMS = (Item("twice", "twice", (Group("a", 3, lambda rng: [Case((rng.normal(),))]),)),)'
    (folder / "checks.py").write_text(checks)
    nbformat.write(nb.new_notebook(cells=cells), folder / "classes.ipynb")
    cells[1].source = twice.format(body)
    execution = Execution(nb.new_notebook(cells=cells), box, "classes", tmp_path, 1, Limits())
    execution.run()
    names = {}
    for cell in cells:
        exec(cell.source, names)
    (item,), right = engine.load_items("classes", tmp_path), engine.reference("classes", tmp_path)
    with engine.predecessors(names, item, right):
        here = engine.check(item, engine.caller(names), right, 1)
    for verdict in (execution.ran.verdicts["twice"], here):
        assert verdict.points == points
        assert said in words.text(verdict)


def test_python_may_be_called_by_a_path_from_somewhere_else(sandboxed, tmp_path):
    """The sandbox has not the folder from which the path leads."""
    python = os.path.relpath(sys.executable, tmp_path)
    code = "import sys; from grading.run.sandbox import obstacle; print('..' in sys.executable, repr(obstacle()))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("True ''\n", "")
