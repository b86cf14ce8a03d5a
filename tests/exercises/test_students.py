"""Answers as people write them, right and wrong, are graded and named as a good assistant would.

``answers/<assignment>.py`` has RIGHT and WRONG ones beside the solution. Those in ``students/<assignment>.py`` were
written before anybody looked at the catalogue of mistakes. Each begins with a head:

    # %% FUNCTION, right: how it is right            or   # %% FUNCTION, wrong: what is wrong
    # named: NAME; changes X; NAME                   mistakes of the catalogue that are true of it, arguments it changes
    # open LAW: WHY                                  does not hold yet; the laws are marks, name, false and visible

Who makes an open law hold takes its line out: the test asks for it. ``make fair`` tries the marks at many more seeds.
"""

import contextlib
import functools
import io
import json
import warnings

import fair
import pytest

from grading import engine
from grading.record import Reason

SEEDS = 0, 5, 11
NAMED_AT = 0, 7  # to look for a name takes longer
OPEN = {}  # of RIGHT and WRONG, as (law, assignment, function, "RIGHT 1"): why


def each(law, kind, known=fair.answers):
    """The answers of a kind, for the test of a law."""
    cases = []
    for answer in (one for name in fair.ASSIGNMENTS for one in known(name) if one.source and one.kind == kind):
        why = answer.open.get(law) or OPEN.get((law, answer.assignment, answer.function, answer.what))
        marks = [pytest.mark.xfail(strict=True, reason=why)] if why else []
        cases.append(pytest.param(answer, id=f"{answer.assignment}: {answer.function}: {answer.what}", marks=marks))
    return pytest.mark.parametrize("answer", cases)


@each("marks", "right")
def test_a_right_answer_has_full_marks_whatever_the_seed(answer):
    assert fair.tried(answer, SEEDS).complaints() == []


@each("marks", "wrong")
def test_a_wrong_answer_loses_points_whatever_the_seed_and_about_the_same(answer):
    assert fair.tried(answer, SEEDS).complaints() == []


@pytest.mark.parametrize("assignment", fair.COURSE)
def test_a_mistake_of_the_catalogue_costs_the_same_whatever_the_seed(assignment):
    """But for training, which has the night."""
    known = fair.answers(assignment, "mistake")
    quick = [one for one in known if all(group.deadline <= engine.Group.deadline for group in one.item.groups)]
    found = {(one.function, one.what): fair.tried(one, SEEDS).complaints() for one in quick}
    assert {mistake: complaints for mistake, complaints in found.items() if complaints} == {}


@functools.cache
def names(answer):
    """What is told of an answer at some seeds: the mistakes, and which argument it changes."""
    right = engine.reference(answer.assignment, fair.ROOT)
    with answer.call(answer.item) as call:
        found = [engine.check(answer.item, call, right, seed) for seed in NAMED_AT]
    whys = [[group.why for group in verdict.groups if group.why] for verdict in found]
    changed = [{f"changes {why.data['name']}" for why in each if why.reason is Reason.CHANGED} for each in whys]
    return [{mistake.name for mistake in verdict.mistakes} | more for verdict, more in zip(found, changed, strict=True)]


@each("name", "wrong", fair.students)
def test_a_wrong_answer_is_named(answer):
    assert all(names(answer))


@each("false", "wrong", fair.students)
def test_nothing_false_is_said_of_a_wrong_answer(answer):
    assert set().union(*names(answer)) <= answer.named


@pytest.mark.parametrize("assignment", fair.COURSE)
def test_a_name_that_is_true_of_an_answer_is_in_the_catalogue(assignment):
    for answer in fair.students(assignment):
        mistakes = {mistake.name for mistake in answer.item.mistakes}
        assert {name for name in answer.named if not name.startswith("changes ")} <= mistakes, answer.what
        assert not answer.open.keys() - {"marks", "name", "false", "visible"}


# ------------------------------------------------------------------------------------------------- visible checks


@functools.cache
def cells(assignment):
    """The text of each cell of the source, by the cell's id."""
    path = fair.ROOT / "solutions" / assignment / f"{assignment}.ipynb"
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def handed_in(answer):
    """What the visible check of an answer prints, in a notebook in which everything else is right."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(cells(answer.assignment)[f"check-{answer.function}"], answer.namespace())
    return out.getvalue()


@each("visible", "right")
def test_a_right_answer_passes_its_visible_check(answer):
    assert f"✓ {answer.function}: all visible checks pass" in handed_in(answer)


@each("visible", "wrong")
def test_a_wrong_answer_is_caught_before_it_is_handed_in(answer):
    with pytest.raises(Exception):  # noqa: B017, PT011 - Failed, or what Python says in the student's own line
        handed_in(answer)
