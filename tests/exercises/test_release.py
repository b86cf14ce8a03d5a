"""What students get: made from the source, up to date, and without the answers."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fair
import pytest

from grading import engine, new

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def release(root):
    spec = importlib.util.spec_from_file_location("release", root / "scripts" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=fair.COURSE)
def assignment(request):
    """One of the course's own, of which more is asked than of others."""
    return request.param


@pytest.fixture(scope="module")
def pairs(root, assignment):
    """(source cell, released cell) for all cells."""
    both = [
        json.loads((root / folder / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))["cells"]
        for folder in ("solutions", "exercises")
    ]
    return list(zip(*both, strict=True))


def plain_lines(assignment):
    """Lines of solutions that say nothing, because they stand in given code too."""
    path = Path(__file__).parent / "answers" / f"{assignment.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location("answers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PLAIN


def lines(cell):
    return "".join(cell["source"]).splitlines()


def region(cell, what):
    """The lines between BEGIN and END of a kind."""
    found, inside = [], False
    for line in lines(cell):
        if line.strip() == f"### END {what}":
            inside = False
        if inside and line.strip():
            found.append(line.strip())
        if line.strip() == f"### BEGIN {what}":
            inside = True
    return found


@pytest.mark.parametrize("assignment", fair.ASSIGNMENTS)
def test_the_release_is_what_the_source_gives_byte_for_byte(release, root, tmp_path, assignment):
    made = release.generate(assignment, tmp_path)
    kept = root / "exercises" / assignment
    names = sorted(path.name for path in made.iterdir())
    assert names == sorted(path.name for path in kept.iterdir())
    assert names == [f"{assignment}.ipynb"] or assignment not in fair.COURSE
    for name in names:
        assert (made / name).read_bytes() == (kept / name).read_bytes(), "python scripts/release.py"


@pytest.fixture
def tenth(release, tmp_path, monkeypatch):
    """A course of one assignment, as `grading new` makes it; nbgrader, which takes seconds, is not asked."""

    def generate(assignment, folder):
        shutil.copytree(tmp_path / "solutions" / assignment, folder / assignment, ignore=lambda *_: ["guide.md"])
        return folder / assignment

    for module in release, fair:
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(release, "STAMPS", tmp_path / "_build" / "released")
    monkeypatch.setattr(fair, "WRITTEN", tmp_path / "tests" / "exercises")
    monkeypatch.setattr(release, "generate", generate)
    (tmp_path / "solutions").mkdir()
    new.make(tmp_path, "tenth")
    return tmp_path


CHANGES = {
    **dict.fromkeys(["solutions/tenth/tenth.ipynb", "exercises/tenth/tenth.ipynb"], ("leaky unit", "leaking unit")),
    "solutions/tenth/checks.py": ("both signs", "two signs"),
    "solutions/tenth/mistakes.toml": ("With which slope", "Which slope"),
    "solutions/tenth/guide.md": ("| ReLU |", "| Relu |"),
    "exercises/tenth/checks.py": ("both signs", "two signs"),
    **dict.fromkeys(["solutions/mistakes.toml", "tests/exercises/students/tenth.py", "nnlib/checks/a.py"], ("", "#")),
    **dict.fromkeys(["grading/judge/draw.py", "grading/record.py", "nnlib/data/mnist.npz"], ("", "#")),
    **dict.fromkeys(["solutions/tenth/data.csv", "nbgrader_config.py", "grading/tell/words.py"], ("", "#")),
}


@pytest.mark.parametrize("file", CHANGES)
def test_what_has_changed_under_a_release_or_in_it_makes_it_old(release, tenth, file):
    path, (old, now) = tenth / file, CHANGES[file]
    if not old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert not release.fresh("tenth", release.under_all())
    assert release.make("tenth", release.under_all()) == []
    assert release.fresh("tenth", release.under_all())
    before = path.read_text()
    path.write_text(before.replace(old, now) if old else now)
    assert path.read_text() != before
    assert not release.fresh("tenth", release.under_all())


def test_what_is_deleted_is_made_again_and_prose_of_a_guide_is_left_alone(release, tenth):
    assert release.make("tenth", release.under_all()) == []
    guide = tenth / "solutions" / "tenth" / "guide.md"
    guide.write_text(guide.read_text().replace("About ten minutes.", "Nine."))
    assert release.fresh("tenth", release.under_all())
    (tenth / "exercises" / "tenth" / "tenth.ipynb").unlink()
    assert not release.fresh("tenth", release.under_all())


def test_what_changes_while_it_is_made_is_not_taken_for_made(release, tenth, monkeypatch):
    def generate(*those, generate=release.generate):
        made = generate(*those)
        (tenth / "solutions" / "tenth" / "checks.py").open("a").write("# more\n")
        return made

    monkeypatch.setattr(release, "generate", generate)
    assert release.make("tenth", release.under_all()) == []
    assert not release.fresh("tenth", release.under_all())


def test_an_assignment_whose_solution_has_not_full_marks_is_not_released(release, tenth):
    path = tenth / "solutions" / "tenth" / "tenth.ipynb"
    path.write_text(path.read_text().replace("return np.where(a > 0, a, 0.01 * a)", "return np.were(a)"))
    (said,) = release.make("tenth", release.under_all())
    assert "the solution of 'tenth-leaky-relu' has 0 of 3 points" in said
    assert not (tenth / "exercises").exists()
    assert not release.fresh("tenth", release.under_all())


def test_the_digest_has_all_modules_that_make_a_table(root):
    code = "import sys; sys.path.insert(0, 'scripts'); import release, grading.judge.draw; "
    code += "print(*(m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    ours = {Path(file) for file in done.stdout.splitlines() if Path(file).is_relative_to(root)}
    ours = {file for file in ours if not {".venv", "site-packages"} & set(file.parts)}
    spec = importlib.util.spec_from_file_location("release", root / "scripts" / "release.py")
    release = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(release)
    assert len(ours) > 20
    assert ours <= {file for pattern in release.UNDER_ALL for file in root.glob(pattern)}


def test_the_tables_of_a_guide_are_computed(release, root):
    """The one that takes least; test_assignments.py compares them all with the verdicts that it has."""
    text = (root / "solutions" / "backprop" / "guide.md").read_text(encoding="utf-8")
    assert release.with_tables(text.replace("| yes |", "| no |"), "backprop") == text


def test_the_guide_tells_an_instructor_what_it_takes(root, assignment):
    text = (root / "solutions" / assignment / "guide.md").read_text(encoding="utf-8")
    for heading in "## What it is for", "## Items and points", "## Known mistakes", "## Teaching from the mistakes":
        assert heading in text
    assert "**Time.**" in text


def test_no_line_of_a_solution_or_a_hidden_test_is_released(pairs, assignment):
    released = "\n".join("".join(cell["source"]) for _, cell in pairs)
    secret = {line for cell, _ in pairs for what in ("SOLUTION", "HIDDEN TESTS") for line in region(cell, what)}
    secret -= plain_lines(assignment)
    assert len(secret) > 15
    assert [line for line in secret if re.search(rf"^\s*{re.escape(line)}\s*$", released, re.MULTILINE)] == []
    for word in ("SOLUTION", "HIDDEN", "grading", "score("):
        assert word not in released


def test_every_marker_is_written_as_nbgrader_reads_it(pairs):
    for cell, _ in pairs:
        marks = [line.strip() for line in lines(cell) if re.search(r"(?i)\b(begin|end)\b.*(solu|hidden|test)", line)]
        for begin, end in zip(marks[::2], marks[1::2], strict=True):
            assert begin in ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")
            assert end == begin.replace("BEGIN", "END")
        nbgrader = cell["metadata"]["nbgrader"]
        assert bool(region(cell, "SOLUTION")) == nbgrader["solution"]
        assert bool(region(cell, "HIDDEN TESTS")) == (nbgrader["grade"] and not nbgrader["solution"])


def test_a_stub_is_a_subset_of_its_solution(pairs):
    for source, released in pairs:
        rest = iter(lines(source))
        for line in lines(released):
            if line.strip() not in ("raise NotImplementedError", "YOUR ANSWER HERE"):
                assert line in rest, (source["id"], line)  # each line occurs, and in the same order


def test_every_stub_says_what_to_write(pairs):
    for source, released in pairs:
        if source["id"].startswith("solve-"):
            (function,) = ast.parse("".join(released["source"])).body
            assert "Returns" in ast.get_docstring(function)
            assert [type(node) for node in function.body] == [ast.Expr, ast.Raise]


def test_a_student_needs_numpy_and_the_visible_helpers_alone(pairs):
    for _, released in pairs:
        if released["cell_type"] == "code":
            for node in ast.walk(ast.parse("".join(released["source"]))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    text = ast.unparse(node)
                    plain = ("import math", "import itertools", "import numpy as np", "import matplotlib.pyplot as plt")
                    assert text in (*plain, "from nnlib import checks") or text.startswith("from nnlib.data import ")


def test_the_release_holds_no_outputs_and_all_that_is_not_an_answer_is_locked(pairs):
    for source, released in pairs:
        assert not released.get("outputs")
        nbgrader = released["metadata"]["nbgrader"]
        assert nbgrader["locked"] != nbgrader["solution"]
        assert released["id"] == source["id"] == nbgrader["grade_id"]


def test_the_times_and_points_of_the_title_are_those_of_the_parts(pairs, root, assignment):
    title = "".join(pairs[0][0]["source"])
    rows = re.findall(r"^\| (\d+) \| `(\w+)`.*\| (\d+) min \| (\d+)", title, re.MULTILINE)
    items = engine.load_items(assignment, root)
    assert [(name, float(points)) for _, name, _, points in rows] == [
        (item.function, item.max_points) for item in items
    ]
    assert [number for number, *_ in rows] == [str(number) for number in range(1, len(items) + 1)]
    read = [cell["metadata"]["nbgrader"] for cell, _ in pairs]
    by_person = sum(cell["points"] for cell in read if cell["grade"] and cell["solution"])
    assert 20 <= sum(item.max_points for item in items) + by_person <= 40
    minutes = sum(int(time) for *_, time, _ in rows)
    assert 60 <= minutes <= (190 if assignment == "backprop" else 120)
