"""Intake: whatever is in the file, a notebook comes out that can be graded, and no output is misread."""

import json

import nbformat
import psutil
import pytest
from conftest import small_source
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_output
from nbgrader import utils

from grading import intake, kernel
from grading.intake import Handed, Source, Status
from grading.run import Row, _settled


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    notebook = small_source()
    path = tmp_path_factory.mktemp("source") / "small.ipynb"
    nbformat.write(notebook, path)
    return Source.load(path, path)


def cell(kind, text, name=None):
    return {"type": kind, "text": text, "id": name}


def repaired(source, *cells):
    notebook, notes = intake.repair(Handed("ann", Status.OK, cells=cells), source)
    nbformat.validate(notebook)
    return notebook, " ".join(notes)


def ids(notebook):
    return [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]


def test_locked_cells_come_from_the_source(source):
    notebook, notes = repaired(source, cell("code", "score = lambda *_: 2.0", "double"), cell("code", "x", "title"))
    assert ids(notebook) == list(source.cells)
    for found in notebook.cells:
        about = found.metadata.get("nbgrader", {})
        if about.get("locked"):
            assert found.source == source.cells[about.grade_id].source
    assert "locked cells were deleted" in notes


def test_own_cells_stay_where_they_stood(source):
    """Also where the cells of the assignment were moved or copied."""
    notebook, notes = repaired(
        source,
        cell("code", "first"),
        cell("code", "triple 1", "solve-triple"),
        cell("code", "after triple"),
        cell("code", "double", "solve-double"),
        cell("code", "after double"),
        cell("code", "triple 2", "solve-triple"),
        cell("code", "last"),
    )
    texts = [c.source for c in notebook.cells]
    order = ["first", "double", "after double", "last", "triple 1", "triple 2", "after triple"]
    assert [text for text in texts if text in order] == order
    last = next(c for c in notebook.cells if c.source == "triple 2")
    assert last.metadata.nbgrader.grade_id == "solve-triple"
    assert "the answer solve-triple is there 2 times, the last counts" in notes


def test_answer_in_a_cell_of_the_wrong_kind(source):
    notebook, notes = repaired(source, cell("markdown", "def double(x): ...", "solve-double"))
    found = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "solve-double")
    assert found.cell_type == "code"
    assert "was a markdown cell, read as code" in notes


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", Status.UNREADABLE, "is empty"),
        (b'{"cells": [', Status.UNREADABLE, "is cut off"),
        (b'{"cells": [{"source": "def', Status.UNREADABLE, "is cut off"),
        (b'{"cells": []\n nonsense}\n\n\n', Status.UNREADABLE, "is damaged in line 2"),
        (b"PK\x03\x04\xff\xfe", Status.UNREADABLE, "it is not text"),
        (b"[1, 2]", Status.UNREADABLE, "has no list of cells"),
        (b"[" * 100_000, Status.UNREADABLE, "is not a notebook"),
        (b" " * (intake.MAX_BYTES + 1), Status.TOO_LARGE, "allowed are 10"),
        (b'\xef\xbb\xbf{"cells": [1, null, {"cell_type": "code", "source": ["a", 2]}]}', Status.OK, ""),
    ],
)
def test_damaged_files(data, status, said, tmp_path):
    (tmp_path / "small.ipynb").write_bytes(data)
    handed = intake.read("ann", tmp_path, "small")
    assert handed.status == status
    assert said in " ".join(handed.notes)


def test_which_file(tmp_path):
    def look():
        handed = intake.read("ann", tmp_path, "small")
        return handed.status, " ".join(handed.notes)

    assert look() == (Status.MISSING, "there is no small.ipynb")
    (tmp_path / "a.ipynb").write_text('{"cells": []}')
    assert look() == (Status.RENAMED, "a.ipynb was taken for small.ipynb")
    (tmp_path / "b.ipynb").write_text('{"cells": []}')
    assert look() == (Status.SEVERAL, "2 notebooks (a.ipynb, b.ipynb), none is called small.ipynb")
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "small.ipynb").write_text('{"cells": []}')
    assert look() == (Status.OK, "")
    (tmp_path / "small" / "small.ipynb").unlink()
    (tmp_path / "small" / "small.ipynb").symlink_to(tmp_path / "a.ipynb")
    assert look()[0] == Status.SEVERAL  # a link could lead to anyone's file


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=5,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": st.text() | st.lists(st.text()) | JSON,
        "id": st.sampled_from(["double", "solve-double", "title"]) | JSON,
        "metadata": JSON
        | st.fixed_dictionaries(
            {"nbgrader": JSON | st.fixed_dictionaries({"grade_id": st.sampled_from(["solve-triple", "why"]) | JSON})}
        ),
    },
)


@given(cells=st.lists(CELL | JSON, max_size=6), rest=JSON)
def test_anything_becomes_a_notebook(cells, rest, source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    (folder / "small.ipynb").write_text(json.dumps({"cells": cells, "metadata": rest, "nbformat": rest}))
    handed = intake.read("ann", folder, "small")
    assert handed.status == Status.OK
    notebook, _ = intake.repair(handed, source)
    assert ids(notebook) == list(source.cells)
    nbformat.write(notebook, folder / "out.ipynb")
    nbformat.validate(nbformat.read(folder / "out.ipynb", as_version=4))


def number(text):
    return new_output("execute_result", {"text/plain": text})


@pytest.mark.parametrize(
    ("outputs", "points", "reason"),
    [
        ([number("2.0")], 2, None),
        ([number("0.5")], 0.5, "does not say why"),
        ([new_output("stream", name="stderr", text="RuntimeWarning"), number("2.0")], 2, None),
        ([], 0, "the check gave no points"),  # nbgrader alone: full marks
        ([number("'full marks'")], 0, "the check gave no points"),  # the same
        ([number("7.0")], 0, "the check gave 7 points of 2"),  # nbgrader alone: the batch stops
        ([number("-1.0")], 0, "the check gave -1 points of 2"),  # nbgrader alone: full marks
        ([number("nan")], 0, "the check gave nan points"),
        ([number("2.0"), new_output("error", ename="E", evalue="late", traceback=["secret"])], 0, "E: late"),
        ([kernel.fault("KernelDied", "it ended Python")], 0, "it ended Python"),
    ],
)
def test_outputs_and_points(outputs, points, reason, source):
    """What the row says is what nbgrader reads from the same cell."""
    notebook, _ = intake.repair(Handed("ann", Status.OK), source)
    graded = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "double")
    graded.outputs = outputs
    row = _settled(Row("ann", Status.OK, {}, {}, [], "", ""), notebook, source)
    assert row.items["double"] == points
    assert utils.determine_grade(graded)[0] == points
    assert (reason is None) == ("double" not in row.reasons)
    assert (reason or "") in row.reasons.get("double", "")
    assert "secret" not in str(graded.outputs)


def test_all_cells_together_take_too_long():
    """What was run keeps its output; the rest says that it was not run."""
    cells = [nbformat.v4.new_code_cell(text) for text in ("1", "import time; time.sleep(60)", "2")]
    with kernel.Worker() as worker:
        done = worker.execute(nbformat.v4.new_notebook(cells=cells), {}, kernel.Limits(cell=60, total=3))
    assert done.cells[0].outputs[0].data["text/plain"] == "1"
    assert [out.ename for out in done.cells[1].outputs] == ["TimeLimit"]
    assert [out.ename for out in done.cells[2].outputs] == ["NotRun"]


def test_background_processes_end_with_their_submission():
    """Also one that detached itself, and while the worker lives on."""
    start = "import subprocess\nprocess = subprocess.Popen(['sleep', '300.25'], start_new_session=True)\nprocess.poll()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(start)])
    with kernel.Worker() as worker:
        done = worker.execute(notebook, {}, kernel.Limits())
        assert done.cells[0].outputs == []  # it ran
        left = [p for p in psutil.process_iter(["cmdline", "status"]) if "300.25" in (p.info["cmdline"] or [])]
        assert [p for p in left if p.info["status"] != psutil.STATUS_ZOMBIE] == []
