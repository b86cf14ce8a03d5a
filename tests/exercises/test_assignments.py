"""Each assignment proves itself: solution full, stub zero, every known mistake costs points and is named.

That holds for all. Of the course's own (`fair.COURSE`) more is asked, which is their standard and no condition.
`answers/<assignment>.py` holds what a student might borrow from a library, and right values by another way. What it has
of right and wrong solutions in other words, test_students.py tries.
"""

import contextlib
import copy
import dataclasses
import functools
import importlib
import io
import itertools
import json
import random
import re
import tomllib
import warnings
from collections import Counter
from pathlib import Path

import fair
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from grading import assignment as whole
from grading import engine
from grading.judge import compare
from grading.judge.call import attempt
from grading.judge.seen import Seen
from grading.record import Reason
from grading.tell import words
from nnlib.checks import Failed, Unsolved

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = fair.ASSIGNMENTS
ALL = [(name, item) for name in ASSIGNMENTS for item in engine.load_items(name, ROOT)]
OURS = [(name, item) for name, item in ALL if name in fair.COURSE]
SLOW = {("cnn-train", "all rows in place of the batch")}  # 15 s of computing, as long as 500 others: one seed has to do
PAIRS = 30  # of an item
HIDDEN = {("rest in the last fold", "train in pieces")}  # the form of train hides the sizes, which differ in the first


def usual(item):
    """The first way of each mistake."""
    return list({mistake.name: mistake for mistake in reversed(item.mistakes)}.values())


each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)
each_of_ours = pytest.mark.parametrize("assignment", fair.COURSE)


def items_of(known):
    return pytest.mark.parametrize(
        ("assignment", "item"), [pytest.param(name, item, id=f"{name}: {item.id}") for name, item in known]
    )


each_item, each_item_of_ours = items_of(ALL), items_of(OURS)
each_mistake_of_ours = pytest.mark.parametrize(
    ("assignment", "item", "mistake"),
    [
        pytest.param(name, item, mistake, id=f"{name}: {item.id}: {mistake.name}")
        for name, item in OURS
        for mistake in item.mistakes
    ],
)


answers = fair.written  # what tests/exercises/answers/<assignment>.py holds


def written(kind):
    """The answers of a kind, BORROWED or DETOURS: assignment, function, source."""
    return [
        pytest.param(name, function, source, id=f"{name}: {function} {number}")
        for name in ASSIGNMENTS
        for function, sources in getattr(answers(name), kind, {}).items()
        for number, source in enumerate(sources, start=1)
    ]


@pytest.fixture
def right(assignment):
    """The solution."""
    return engine.reference(assignment, ROOT)


@pytest.fixture
def cells(assignment):
    """The text of each cell of the source, by the cell's id."""
    return texts(assignment)


@functools.cache
def texts(assignment):
    notebook = json.loads((ROOT / "solutions" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}


def stub(item):
    def unsolved(*_, **__):
        raise NotImplementedError

    return unsolved


def planted(item, right, *mistakes):
    """A namespace with a wrong function, which was defined there as a student's is."""
    call = engine.variant(item, right, *mistakes)
    namespace = {**right.functions, "variant": call}
    exec(f"def {item.function}(*args, **kwargs):\n    return variant({item.function!r}, args, kwargs)", namespace)
    return namespace


class Recorded:
    """A call, and all that it gave."""

    def __init__(self, call):
        self.call, self.gave = call, []

    def within(self, seconds):
        call = self.call.within(seconds)

        def recorded(*about):
            try:
                self.gave.append(copy.deepcopy(value := call(*about)))
            except BaseException as error:
                self.gave.append(error)
                raise
            return value

        return recorded


@functools.cache
def verdict(assignment, item, mistake, seed):
    """What the checks say of a known mistake, and what its calls gave."""
    right = engine.reference(assignment, ROOT)
    call = Recorded(engine.variant(item, right, mistake))
    return engine.check(item, call, right, seed), call.gave


# ------------------------------------------------------------------------------------------------------- graded


@pytest.mark.parametrize("seed", [0, 1, 2, 2**32])
@each_item
def test_the_solution_has_full_marks(assignment, item, right, seed):
    result = engine.check(item, engine.caller(right.functions), right, seed)
    assert (result.points, result.mistakes, result.reason) == (item.max_points, (), Reason.RIGHT)


def test_the_doctor_finds_nothing_wrong_with_the_others():
    found = {name: list(whole.findings(name, ROOT)) for name in ASSIGNMENTS if name not in fair.COURSE}
    assert {name: said for name, all_of_it in found.items() for good, said in all_of_it if good is False} == {}


@each_item
def test_the_stub_has_no_points_and_is_called_unsolved(assignment, item, right):
    result = engine.check(item, engine.caller({item.function: stub(item)}), right)
    assert (result.points, result.mistakes) == (0, ())
    assert all(group.why.reason is Reason.UNSOLVED for group in result.groups)


@pytest.mark.parametrize(
    ("assignment", "item", "mistake", "seed"),
    [
        pytest.param(name, item, mistake, seed, id=f"{name}: {item.id}: {mistake.name}-{seed}")
        for name, item in ALL
        for mistake in item.mistakes
        for seed in ((0, 11) if mistake in usual(item) and (item.id, mistake.name) not in SLOW else (0,))
    ],
)
def test_a_known_mistake_costs_points_and_is_named(assignment, item, mistake, seed):
    result, _ = verdict(assignment, item, mistake, seed)
    assert result.points < item.max_points
    assert [each.name for each in result.mistakes] == [mistake.name]
    assert mistake.hint in words.text(result)


@each_item_of_ours
def test_some_mistake_of_each_item_keeps_some_points(assignment, item):
    points = [verdict(assignment, item, mistake, 0)[0].points for mistake in item.mistakes]
    assert any(0 < each < item.max_points for each in points) != (item.id in answers(assignment).ALL_OR_NOTHING)


@each_item_of_ours
def test_two_mistakes_at_once_are_named_as_these_two_or_as_what_gives_the_same(assignment, item, right):
    """A sample of all pairs, each mistake made in its first way."""
    item = dataclasses.replace(item, groups=tuple(group for group in item.groups if not group.judge))
    pairs = list(itertools.combinations(usual(item), 2))
    for pair in random.Random(item.id).sample(pairs, min(PAIRS, len(pairs))):
        try:
            call = engine.variant(item, right, *pair)
        except (ValueError, SyntaxError):
            continue  # they exclude each other
        result = engine.check(item, call, right)
        if not result.mistakes:
            assert says_too_little(item, right, call, pair, result), [mistake.name for mistake in pair]
            continue
        ways = [[mistake for mistake in item.mistakes if mistake.name == each.name] for each in result.mistakes]
        alike = [as_these(item, right, call, chosen) for chosen in itertools.product(*ways)]
        one_hides = {mistake.name for mistake in result.mistakes} < {mistake.name for mistake in pair}
        hidden = tuple(sorted(mistake.name for mistake in pair)) in HIDDEN
        assert any(alike) or one_hides or hidden, [mistake.name for mistake in (*pair, *result.mistakes)]


def says_too_little(item, right, call, pair, result):
    """Whether nothing can be named: the two cancel somewhere, or nothing came but zeros, or but exceptions."""
    plain = dataclasses.replace(item, mistakes=())
    alone = [engine.check(plain, engine.variant(item, right, one), right) for one in pair]
    passed = [not group.why for group in result.groups]
    cancel = any(ok and group.why for each in alone for ok, group in zip(passed, each.groups, strict=True))
    cases = [case for group in item.groups for case in group.cases(np.random.default_rng(99))]
    gave = [attempt(call, item.function, case, 5.0) for case in cases]
    zeros = not any(np.any(array) for each in gave for array in compare.arrays(each.value))
    raised = all(group.why.reason is Reason.RAISED for group in result.groups if group.why)
    return cancel or zeros or raised


def as_these(item, right, call, mistakes):
    """Whether a call gives what these mistakes give, on inputs that the diagnosis has not seen."""
    try:
        same = engine.variant(item, right, *mistakes)
    except (ValueError, SyntaxError):
        return False
    return all(
        compare.same(*(Seen(group).parted(attempt(each, item.function, case, 5.0)) for each in (call, same)), case)
        for group in item.groups
        for case in group.cases(np.random.default_rng(99))
    )


@each_assignment
def test_the_tables_of_the_guide_are_what_the_checks_give(assignment, monkeypatch):
    """With the verdicts from above; test_release.py computes one of them anew."""
    all_of_it = [(item, mistake) for item in engine.load_items(assignment, ROOT) for mistake in item.mistakes]
    known = {each: verdict(assignment, *each, 0)[0] for each in all_of_it}
    monkeypatch.setattr(engine, "variant", lambda item, right, mistake: mistake)
    check = engine.check  # of what students wrote
    monkeypatch.setattr(engine, "check", lambda item, by, right: known.get((item, by)) or check(item, by, right))
    guide = ROOT / "solutions" / assignment / "guide.md"
    text = guide.read_text(encoding="utf-8") if guide.is_file() else ""
    assert importlib.import_module("release").with_tables(text, assignment) == text, "python scripts/release.py"
    named = {(item.id, mistake.name, known[item, mistake].points) for item, mistake in all_of_it}
    if assignment in fair.COURSE:
        assert text.count("| yes |") == len(named), "each is named, and the ways of one that cost the same have one row"


def cast(value, dtype):
    if isinstance(value, list | tuple):
        return type(value)(cast(part, dtype) for part in value)
    return np.asarray(value).astype(dtype) if np.asarray(value).dtype.kind == "f" else value


@pytest.mark.parametrize(
    ("assignment", "item", "mistake"),
    [
        pytest.param(name, item, mistake, id=f"{name}: {item.id}: {mistake.name}")
        for name, item in OURS
        for mistake in usual(item)
    ],
)
def test_no_mistake_earns_more_by_a_cast_of_its_result(assignment, item, mistake, right):
    """In the groups that are compared: a judge has no tolerance that a cast could widen."""
    plain, gave = verdict(assignment, item, mistake, 0)
    compared = [not group.judge for group in item.groups]
    groups = [dataclasses.replace(group, judge=group.judge and (lambda *_: "")) for group in item.groups]
    item = dataclasses.replace(item, groups=tuple(groups), mistakes=())
    for dtype in np.float32, np.float16, np.longdouble:
        told = iter(gave)  # called for the same inputs, a mistake gives the same

        def again(*_, told=told, dtype=dtype):
            if isinstance(gave := next(told), BaseException):
                raise gave
            return cast(gave, dtype)

        rounded = engine.check(item, again, right)
        changed = [group.why is not None and group.why.reason is Reason.CHANGED for group in plain.groups]
        told_alone = zip(rounded.groups, plain.groups, compared, changed, strict=True)  # what is told changes nothing
        earned, before = map(
            sum, zip(*((a.points, b.points) for a, b, counts, no in told_alone if counts and not no), strict=True)
        )
        assert earned <= before, words.text(rounded)


@pytest.mark.parametrize(("assignment", "function", "source"), written("BORROWED"))
def test_a_library_in_the_place_of_an_answer_has_no_points_and_is_named(assignment, function, source, right):
    item = next(item for item in engine.load_items(assignment, ROOT) if item.function == function)
    namespace = dict(right.functions)
    exec(source, namespace)
    result = engine.check(item, engine.caller(namespace), right)
    assert (result.points, result.mistakes) == (0, ())
    assert re.search(r"it calls \w+.*your own code, with NumPy alone", words.text(result))


@pytest.mark.parametrize(("assignment", "function", "detour"), written("DETOURS"))
def test_right_values_by_another_way_have_no_points_and_the_way_is_named(assignment, function, detour, right):
    said, source, *left = detour
    item = next(item for item in engine.load_items(assignment, ROOT) if item.function == function)
    namespace = dict(right.functions)
    exec(source, namespace)
    with engine.predecessors(namespace, item, right):
        result = engine.check(item, engine.caller(namespace), right)
    assert re.search(said, words.text(result)), words.text(result)
    assert (result.points, result.mistakes) == (left[0] if left else 0, ())


@each_of_ours
def test_there_are_other_words_and_something_to_borrow(assignment):
    names = {item.function for item in engine.load_items(assignment, ROOT)}
    right, borrowed = answers(assignment).RIGHT, answers(assignment).BORROWED
    assert right.keys() | borrowed.keys() <= names
    assert sum(len(sources) for sources in right.values()) >= 8
    assert borrowed


def test_a_mistake_that_nobody_declared_is_not_named():
    right = engine.reference("backprop", ROOT)
    item = engine.load_items("backprop", ROOT)[0]
    result = engine.check(item, engine.caller({"softmax": lambda a: np.abs(a)}), right)
    assert (result.points, result.mistakes) == (0, ())


@each_item_of_ours
def test_every_mistake_teaches(assignment, item):
    assert len({mistake.name for mistake in item.mistakes}) >= 2
    assert len({mistake.edits for mistake in item.mistakes}) == len(item.mistakes)
    assert sum(group.points for group in item.groups) == item.max_points
    for mistake in item.mistakes:
        assert mistake.hint.endswith((".", "?"))
        assert mistake.page.startswith("chapters/")


def test_the_catalogue_is_large():
    count = Counter(name for name, *_ in {(name, item.id, each.name) for name, item in ALL for each in item.mistakes})
    assert count["backprop"] >= 30
    assert sum(count.values()) >= 500


def test_what_assignments_share_is_of_several_items():
    shared = tomllib.loads((ROOT / "solutions" / "mistakes.toml").read_text(encoding="utf-8"))
    count = Counter(name for _, item in ALL for name in {mistake.name for mistake in item.mistakes})
    assert [name for name in shared if count[name] < 2] == []


def test_an_id_names_one_item():
    ids = [item.id for _, item in ALL]
    assert len(set(ids)) == len(ids)


def test_a_mistakes_page_is_a_section_of_the_book(root):
    pages = {mistake.page for _, item in OURS for mistake in item.mistakes}
    toc = (root / "book" / "_toc.yml").read_text(encoding="utf-8")
    for page, _, section in (page.partition("#") for page in pages):
        assert re.search(rf"file: {page}\b", toc)
        cells = json.loads((root / "book" / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
        assert any(re.search(rf"^\({section}\)=$", "".join(cell["source"]), re.MULTILINE) for cell in cells), section


# ------------------------------------------------------------------------------------------------- visible checks


def run_check(cells, item, namespace):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(cells[f"check-{item.function}"], namespace)
    return out.getvalue()


@each_item_of_ours
def test_the_solution_passes_the_visible_checks(assignment, item, right, cells):
    assert f"✓ {item.function}: all visible checks pass" in run_check(cells, item, dict(right.functions))


@each_item_of_ours
def test_a_visible_check_says_which_function_is_not_solved(assignment, item, right, cells):
    with pytest.raises(Unsolved, match=f"unsolved|{item.function} is not solved yet"):
        run_check(cells, item, {**right.functions, item.function: stub(item)})


@each_item_of_ours
def test_a_function_without_return_is_asked_for_it(assignment, item, right, cells):
    with pytest.raises(Failed, match="did the function forget its return"):
        run_check(cells, item, {**right.functions, item.function: lambda *_, **__: None})


@each_mistake_of_ours
def test_a_known_mistake_fails_a_visible_check_with_a_question(assignment, item, mistake, right, cells):
    with pytest.raises(Failed) as failed:
        run_check(cells, item, planted(item, right, mistake))
    if "parts, expected" not in str(failed.value):
        assert str(failed.value).endswith("?")


# --------------------------------------------------------------------------------------------- the whole notebook


def executed(path, monkeypatch, **names):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    return notebook


def outputs(notebook, kind):
    return [(cell.id, out) for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == kind]


@each_assignment
def test_the_source_runs_from_top_to_bottom_and_scores_full_marks(assignment, monkeypatch):
    names = {"NNCOURSE_ROOT": str(ROOT), "NNCOURSE_ASSIGNMENT": assignment, "NNCOURSE_SEED": "5"}
    notebook = executed(ROOT / "solutions" / assignment / f"{assignment}.ipynb", monkeypatch, **names)
    items = engine.load_items(assignment, ROOT)
    assert outputs(notebook, "error") == []
    points = {cell: out.data["text/plain"] for cell, out in outputs(notebook, "execute_result")}
    assert {item.id: float(points[item.id]) for item in items} == {item.id: item.max_points for item in items}
    assert assignment not in fair.COURSE or not [out for _, out in outputs(notebook, "stream") if out.name == "stderr"]


@each_of_ours
def test_the_students_notebook_runs_to_the_end_and_only_says_what_is_not_solved(assignment, monkeypatch):
    notebook = executed(ROOT / "exercises" / assignment / f"{assignment}.ipynb", monkeypatch)
    errors = outputs(notebook, "error")
    checks = [cell.id for cell in notebook.cells if cell.id.startswith("check-")]
    assert [cell for cell, _ in errors] == checks
    for _, error in errors:
        assert error.ename == "Unsolved"
        assert "is not solved yet" in error.traceback[0]  # one sentence, no traceback
        assert len(error.traceback) == 1


@each_of_ours
def test_items_and_graded_cells_belong_together(assignment):
    path = ROOT / "solutions" / assignment / f"{assignment}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    graded = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in notebook["cells"]
        if cell["metadata"]["nbgrader"]["grade"] and cell["cell_type"] == "code"
    }
    assert graded == {item.id: item.max_points for item in engine.load_items(assignment, ROOT)}
