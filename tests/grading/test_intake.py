"""Intake: whatever is in the file, a notebook comes out that can be graded, and no output is misread."""

import copy
import json
import time
import tracemalloc

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_course import small_source

from grading.intake import lean, repair
from grading.intake.repair import Found, Handed, Source
from grading.record import Status
from grading.tell import words

law = settings(max_examples=80, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    notebook = small_source()
    path = tmp_path_factory.mktemp("source") / "small.ipynb"
    nbformat.write(notebook, path)
    return Source.load(path, path)


def parse(data):
    return repair.parse(Found("ann", Status.GRADED, "small.ipynb", data), "small")


def cell(kind, text, name=None):
    return {"type": kind, "text": text, "ids": (name,) if name else ()}


def repaired(source, *cells):
    notebook, notes = repair.repair(Handed("ann", Status.GRADED, cells=cells), source)
    nbformat.validate(notebook)
    return notebook, " ".join(map(words.said, notes))


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
        (b'{\n<<<<<<< HEAD\n"cells": []\n=======\n', Status.UNREADABLE, "in line 2: a merge with git"),
        (b"\x00\x01\xff\xfe" * 9, Status.UNREADABLE, "it is not text"),
        (b"PK\x03\x04\x14\x00\xff", Status.UNREADABLE, "a zip file with another name"),
        (b"%PDF-1.7\n\xe2\xe3", Status.UNREADABLE, "is not a notebook but a PDF"),
        (b"<!DOCTYPE html><html>", Status.UNREADABLE, "is not a notebook but a web page"),
        (b"---\njupyter:\n  jupytext:\n", Status.UNREADABLE, "is not a notebook but text for Jupytext"),
        (b"# %%\nimport numpy\n", Status.UNREADABLE, "is not a notebook but text or a Python script"),
        (b"[1, 2]", Status.UNREADABLE, "has no list of cells"),
        (b'{"cells": {"0": []}}', Status.UNREADABLE, "has no list of cells"),
        (b'{"cells": [], "cells": null}', Status.UNREADABLE, "has no list of cells"),  # the last counts, as in JSON
        (b"[" * 100_000, Status.UNREADABLE, "is nested too deeply"),
        (b'{"a":' * 100_000, Status.UNREADABLE, "is nested too deeply"),
        (b'{"cells": [' + b'{"cell_type": "raw"},' * 2000 + b'{"cell_type": "raw"}]}', Status.TOO_LARGE, "2001 cells"),
        (b'{"nbformat": ' + b"9" * 6000 + b', "cells": []}', Status.GRADED, ""),  # int() refuses so many digits
        (b'{"n": [NaN, -Infinity, 1e999999], "cells": []}', Status.GRADED, ""),
        (b'\xef\xbb\xbf{"cells": [1, null, {"cell_type": "code", "source": ["a", 2]}]}', Status.GRADED, ""),
        ('{"cells": []}'.encode("utf-16"), Status.GRADED, ""),  # PowerShell's ">"
        (b'{"cells": [{"cell_type": "code", "source": "# gr\xfc\xdfe"}]}', Status.GRADED, "2 characters"),
    ],
)
def test_damaged_files(data, status, said, source):
    handed = parse(data)
    assert handed.status == status
    assert said in " ".join(handed.notes)
    assert bool(handed.notes) == bool(said)
    notebook, notes = repair.repair(handed, source)
    assert tuple(map(words.said, notes[: len(handed.notes)])) == handed.notes
    nbformat.validate(notebook)


def test_what_has_no_notebook_is_not_read():
    found = Found("ann", Status.TOO_LARGE, "small.ipynb", b"{", ("it is too large",), "digest")
    assert repair.parse(found, "small") == Handed("ann", Status.TOO_LARGE, ("it is too large",), "digest")


def test_a_cell_with_megabytes_is_emptied(source):
    long = {"cell_type": "code", "source": ["x = 1\n" * 1000] * 1500, "id": "solve-double"}
    short = {"cell_type": "code", "source": "def triple(x): ...", "id": "solve-triple"}
    handed = parse(json.dumps({"cells": [long, short]}).encode())
    assert [each["text"] for each in handed.cells] == ["", "def triple(x): ..."]
    assert "1 cells with more than 1,000,000 characters" in " ".join(handed.notes)


def test_notebook_of_the_third_version(source):
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Small"]},
        {"cell_type": "code", "language": "python", "input": ["def double(x):\n", "    return 2 * x"], "outputs": []},
    ]
    data = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}, 3, {}]}).encode()
    notebook, _ = repair.repair(parse(data), source)
    assert [c.source for c in notebook.cells if c.id == "solve-double"] == ["def double(x):\n    return 2 * x"]
    assert "Small" in [c.source for c in notebook.cells]


@pytest.mark.parametrize("keep", ["nbgrader", "id", "colab", "nothing"])
def test_answers_are_known_by_whatever_mark_is_left(keep, source):
    """Editors drop nbgrader's metadata, ids or both; Colab moves the id. A junk mark beside a good one does no harm."""
    given = json.loads(nbformat.writes(small_source()))
    for number, each in enumerate(given["cells"]):
        name, about = each.pop("id"), each["metadata"].pop("nbgrader")
        each["metadata"] = {
            "nbgrader": {"nbgrader": about, "tags": []},
            "id": {"nbgrader": {"grade_id": "cell-1234"}},
            "colab": {"id": name},
            "nothing": {},
        }[keep]
        if keep != "nothing":
            each["id"] = name if keep == "id" else f"other-{number}"
        if name == "solve-double":
            each["source"] = "import math\n\n\ndef double(x):\n    return x + x"
        if name == "why":
            each["source"] = "Why?\n\nSince it is so."
    notebook, notes = repair.repair(parse(json.dumps(given).encode()), source)
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    assert "return x + x" in cells["solve-double"].source
    assert "Since it is so." in cells["why"].source
    assert ids(notebook) == list(source.cells)
    assert "deleted" not in " ".join(map(words.said, notes))
    said = "the marks of solve-double, solve-triple, why were lost; recognized by what is in the cells"
    assert (said in map(words.said, notes)) == (keep == "nothing")
    assert sum(c.source == "# Small" for c in notebook.cells) == 1


def test_a_marked_answer_is_not_replaced_by_a_cell_that_looks_like_it(source):
    notebook, notes = repaired(
        source, cell("code", "def double(x): return 2", "solve-double"), cell("code", "def double(x): return 3")
    )
    found = next(c for c in notebook.cells if c.id == "solve-double")
    assert found.source == "def double(x): return 2"
    assert "recognised" not in notes


def test_source_from_text_or_file(source, tmp_path):
    text = nbformat.writes(small_source())
    assert Source.parse(text, text) == source
    assert source.answers == {"double": ["solve-double"], "triple": ["solve-triple"], "why": ["why"]}


def test_ten_megabytes_of_small_cells_are_refused_in_seconds():
    part = b'{"cell_type":"code","source":"x"},'
    start = time.process_time()
    assert parse(b'{"cells":[' + part * (lean.MAX_BYTES // len(part)) + b"0]}").status is Status.TOO_LARGE
    assert time.process_time() - start < 15


def large(outputs, text="x = 1", **more):
    cells = [{"cell_type": "code", "source": text, "outputs": outputs, "metadata": {}, "id": "own", **more}]
    return json.dumps({"cells": cells, "metadata": {"widgets": {"state": {"a": "b" * 100}}}}).encode()


PLOT = {"output_type": "display_data", "data": {"image/png": "A" * 1_000_000, "text/plain": ['"outputs": [', "]\\"]}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_outputs_are_dropped_from_a_large_notebook(encoding):
    """Only what is left counts: all else is there as it was."""
    data = large([PLOT] * 60, 'print("\\"outputs\\": [")').decode().encode(encoding)
    left = lean.lean(data)
    (cell,) = json.loads(left)["cells"]
    assert (cell["outputs"], cell["source"], cell["id"]) == ([], 'print("\\"outputs\\": [")', "own")
    assert json.loads(left)["metadata"] == {"widgets": {}}
    assert len(left) < 1000
    small = large([PLOT])
    assert lean.lean(small) is small


def test_what_is_left_is_bounded():
    """Text and pictures each have a limit of their own."""
    photos = {f"{number}.jpg": {"image/jpeg": "A" * 3_000_000} for number in range(9)}
    assert lean.lean(large([PLOT] * 9, attachments=photos)) is not None
    assert lean.lean(large([], "x" * (lean.MAX_BYTES + 1))) is None
    many = {f"{number}.jpg": {"image/jpeg": "A" * 3_000_000} for number in range(15)}
    assert lean.lean(large([], attachments=many)) is None


HOSTILE = {
    "brackets": b"[",
    "quotes": b'"',
    "quotes that are escaped": b'\\"',
    "backslashes in a text": b"\\",
    "outputs in outputs": b'"outputs":[',
    "brackets that close": b"]",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_large_file_costs_no_more_than_its_bytes(kind, monkeypatch):
    """Of what is made to be slow: twice as much takes about twice as long, and no list is made of it."""
    monkeypatch.setattr(lean, "MAX_BYTES", 1000)
    data = b'{"' + HOSTILE[kind] * 200_000
    start = time.process_time()
    lean.lean(data)
    assert time.process_time() - start < 10  # a search that began anew at each place would take hours
    tracemalloc.start()
    try:
        lean.lean(data[:20_000])
        assert tracemalloc.get_traced_memory()[1] < 3 * 20_000 + 10_000
    finally:
        tracemalloc.stop()


def test_a_file_with_millions_of_parts_is_refused(monkeypatch):
    monkeypatch.setattr(lean, "MAX_BYTES", 300)
    monkeypatch.setattr(lean, "MOST_PARTS", 300)
    assert lean.lean(large([[]] * 100)) is not None
    assert lean.lean(large([[]] * 300)) is None


# ---------------------------------------------------------------------------------------------- anything

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=5,
)


def graded_as_far_as_it_can_be(data, source):
    handed = parse(data)
    assert handed.status in (Status.GRADED, Status.UNREADABLE, Status.TOO_LARGE)
    assert handed.notes or handed.status is Status.GRADED
    notebook, _ = repair.repair(handed, source)
    assert ids(notebook) == list(source.cells)
    nbformat.validate(nbformat.reads(nbformat.writes(notebook), as_version=4))
    return handed


@law
@given(data=st.binary() | st.text().map(str.encode))
def test_any_bytes(data, source):
    graded_as_far_as_it_can_be(data, source)


def places(value, path=()):
    """Every place in a piece of JSON."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


@st.composite
def mutated(draw):
    """A right notebook with parts dropped, doubled, retyped or moved somewhere else."""
    notebook = {"root": json.loads(nbformat.writes(small_source()))}
    for _ in range(draw(st.integers(1, 6))):
        every = [path for path in places(notebook) if len(path) > 1]
        if not every:
            break
        *path, key = draw(st.sampled_from(every))
        parent = notebook
        for step in path:
            parent = parent[step]
        action = draw(st.sampled_from(["drop", "double", "retype", "move"]))
        if action == "drop":
            del parent[key]
        elif action == "double" and isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        elif action == "double":
            parent[draw(st.text(max_size=5))] = copy.deepcopy(parent[key])
        elif action == "retype":
            parent[key] = draw(JSON)
        else:
            value = notebook
            for step in draw(st.sampled_from(list(places(notebook)))):
                value = value[step]
            parent[key] = copy.deepcopy(value)
    return notebook["root"]


@law
@given(notebook=mutated())
@example(notebook={"cells": [{"cell_type": "code", "source": "\ud800", "id": "\udfff", "metadata": {"id": []}}]})
def test_any_mutated_notebook(notebook, source):
    handed = graded_as_far_as_it_can_be(json.dumps(notebook).encode(), source)
    listed = isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)
    assert handed.status.readable or not listed  # where there are cells, they are graded


@law
@given(data=st.data())
def test_any_cut_or_flipped_byte(data, source):
    whole = bytearray(nbformat.writes(small_source()).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    graded_as_far_as_it_can_be(bytes(whole[: data.draw(st.integers(0, len(whole)))]), source)
