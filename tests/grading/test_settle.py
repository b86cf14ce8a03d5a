"""From what is known of a submission to its row, and to the notebook that nbgrader reads: branch by branch."""

import json
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader import utils
from small_course import small_source

from grading.intake.repair import Handed, Source, repair
from grading.record import GroupVerdict, Hint, Reason, Row, Status, Stop, Verdict
from grading.run.execution import Ran
from grading.run.sandbox import Use
from grading.run.work import settle
from grading.tell import notebook as rendering
from grading.tell import words

RAISED = Reason.RAISED(error="ValueError", words="no (line 2)")
LATE = Reason.TIME_LIMIT(seconds=20.0)
ENDED = Reason.ENDED()


@pytest.fixture(scope="module")
def source():
    text = nbformat.writes(small_source())
    return Source.parse(text, text)


def right(item, most):
    return Verdict(item, most, most, item, (GroupVerdict("numbers", most, most),))


def wrong(item, most, points=0.0, why=None, *names):
    groups = (GroupVerdict("easy", points, points), GroupVerdict("hard", 0.0, most - points, why or Reason.FORM()))
    return Verdict(item, points, most, item, groups, tuple(Hint(name, "?", "page") for name in names))


RIGHT = {"double": right("double", 2.0), "triple": right("triple", 3.0)}


def stop(why, name="", cell="own-1", line="x = 1"):
    return Stop(cell, name, line, why)


@pytest.fixture
def settled(source):
    def make(
        status=Status.GRADED, verdicts=(), stops=(), faults=(), blank=(), notes=(), late=0.0, isolation="", **more
    ):
        ran = Ran({**RIGHT, **dict(verdicts)}, list(stops), set(faults), Use(1.23456, 70), isolation)
        for name in more.get("without", ()):
            del ran.verdicts[name]
        return settle(Row("ann", status, notes=list(notes), late=late), source, ran, blank)

    return make


def deleted(name):
    return Reason.DELETED(answer=name)


def test_settle_gives_what_the_checks_give(settled):
    row = settled(verdicts={"double": wrong("double", 2.0, 0.5, None, "squared")})
    assert row.items == {"double": 0.5, "triple": 3.0, "why": 0.0}
    assert row.status is Status.GRADED
    assert (row.lost.keys(), row.mistakes) == ({"double"}, {"double": ["squared"]})
    assert (row.waiting, row.unsolved, row.notes) == (["why"], [], [])
    assert (row.cpu, row.memory) == (1.235, 70)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (None, Reason.NO_POINTS),
        (Verdict("double", why=Reason.GONE()), Reason.GONE),
        (right("double", 7.0), Reason.OUT_OF_RANGE),  # nbgrader alone: the batch stops
        (right("double", -1.0), Reason.OUT_OF_RANGE),  # nbgrader alone: full marks
        (right("double", float("nan")), Reason.OUT_OF_RANGE),
    ],
    ids=["none", "why there is none", "too many points", "less than nothing", "no number"],
)
def test_settle_without_a_verdict_gives_nothing_and_says_so(settled, verdict, reason):
    row = settled(verdicts={"double": verdict})
    assert (row.items["double"], row.items["triple"]) == (0.0, 3.0)
    assert (row.verdicts["double"].points, row.verdicts["double"].reason) == (None, reason)
    assert row.status is Status.PARTLY
    assert row.notes == [Reason.NO_VERDICT(items=["double"])]


def test_settle_counts_what_the_notebook_counts(settled):
    """If checks.py gives fewer points than the notebook has, some are missing."""
    row = settled(verdicts={"triple": right("triple", 2.0)})
    assert (row.items["triple"], row.verdicts["triple"].max_points) == (2.0, 3.0)
    assert row.lost.keys() == {"triple"}


@pytest.mark.parametrize("answered", [True, False])
def test_settle_leaves_what_a_person_reads_to_a_person(settled, answered):
    row = settled(blank=() if answered else ("why",))
    assert row.waiting == ["why"] * answered
    assert row.unsolved == ["why"] * (not answered)
    assert ("why" in row.verdicts) is not answered
    assert row.items["why"] == 0


@pytest.mark.parametrize("reason", [Reason.UNSOLVED, Reason.FORM])
def test_settle_knows_what_was_not_begun(settled, reason):
    row = settled(verdicts={"double": wrong("double", 2.0, 0.0, reason())})
    assert row.unsolved == ["double"] * (reason is Reason.UNSOLVED)


# ---------------------------------------------------------------------------------------------- answers that stop


@pytest.mark.parametrize("why", [RAISED, LATE, ENDED, Reason.CELLS_LATE()], ids=lambda why: str(why.reason))
def test_settle_blames_the_answer_that_raised(settled, why):
    """Where the points are missing; what the grader stopped is told of the cell, and not again of the item."""
    row = settled(verdicts={"double": wrong("double", 2.0)}, stops=[stop(why, "solve-double", "solve-double")])
    assert row.verdicts["double"].reason is (Reason.ANSWER_RAISED if why is RAISED else Reason.FORM)
    assert words.line(row.verdicts["double"]).startswith("the answer stopped with ValueError") == (why is RAISED)
    assert row.verdicts["triple"].reason is Reason.RIGHT


def test_settle_takes_the_first_stop_of_an_answer(settled):
    stops = [stop(LATE, "solve-double"), stop(RAISED, "solve-double")]
    row = settled(verdicts={"double": wrong("double", 2.0)}, stops=stops)
    assert row.verdicts["double"].reason is Reason.FORM


def test_settle_forgives_an_answer_that_raised_and_is_right(settled):
    row = settled(stops=[stop(RAISED, "solve-double")])
    assert (row.items["double"], row.lost, row.status) == (2.0, {}, Status.GRADED)


def test_settle_says_once_that_an_answer_was_deleted(settled):
    """Of the item if it lost points; else, as when the answer is in another cell, of the submission."""
    notes = [Reason.NOTED(words="first"), deleted("solve-double"), deleted("solve-triple"), Reason.NOTED(words="last")]
    row = settled(verdicts={"double": wrong("double", 2.0)}, notes=notes)
    assert row.verdicts["double"].reason is Reason.ANSWER_DELETED
    assert row.verdicts["triple"].reason is Reason.RIGHT
    assert row.notes == [notes[0], notes[2], notes[3], Reason.NO_VERDICT(items=["double"])]
    assert row.status is Status.PARTLY


def test_settle_names_an_item_once(settled):
    row = settled(without=["double"], notes=[deleted("solve-double")])
    assert row.notes == [Reason.NO_VERDICT(items=["double"])]


# ---------------------------------------------------------------------------------------------- the submission


@pytest.mark.parametrize("status", [status for status in Status if not status.readable])
def test_settle_has_one_reason_for_all_where_nothing_ran(source, status):
    row = settle(Row("ann", status, late=7200.0), source)
    assert (row.status, row.total, row.waiting, row.notes) == (status, 0.0, [], [])
    assert {verdict.reason for verdict in row.verdicts.values()} == {Reason.STATUS}
    assert row.verdicts.keys() == source.points.keys()


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({}, Status.GRADED),
        ({"late": 7200.0}, Status.LATE),
        ({"late": 7200.0, "status": Status.RENAMED}, Status.RENAMED),
        ({"without": ["double"], "late": 7200.0}, Status.PARTLY),
        ({"stops": [stop(RAISED)]}, Status.GRADED),
        ({"stops": [stop(Reason.CELLS_LATE())]}, Status.GRADED),
        ({"stops": [stop(LATE)], "without": ["double"]}, Status.TIMED_OUT),
        ({"stops": [stop(Reason.UNSTOPPABLE())]}, Status.TIMED_OUT),
        ({"faults": [Reason.TIME_LIMIT]}, Status.TIMED_OUT),
        ({"stops": [stop(LATE), stop(ENDED)]}, Status.CRASHED),
        ({"stops": [stop(Reason.OVER_LIMIT(words="it used more than 2 MB"))]}, Status.CRASHED),
        ({"stops": [stop(Reason.BROKEN(error="KeyError"))]}, Status.CRASHED),
        ({"faults": [Reason.GARBLED, Reason.TIME_LIMIT]}, Status.CRASHED),
    ],
)
def test_settle_finds_the_worst_status(settled, about, status):
    assert settled(**about).status is status


def test_settle_tells_of_the_submission_in_order(settled):
    stops = [stop(ENDED, line="import os"), stop(LATE, "check-double"), stop(ENDED, line="exit()")]
    row = settled(notes=[Reason.NOTED(words="first")], stops=stops, late=5400.0, isolation="none", without=["triple"])
    assert [words.said(note) for note in row.notes] == [
        "first",
        "not isolated: the code ran without a sandbox on the machine that graded",
        "ran too long and was stopped: cell check-double",
        "ended Python and was left out: cell `import os`, cell `exit()`",
        "no verdict on triple",
        "handed in 1.5 hours after the due date",
    ]


def test_settle_changes_nothing_that_it_is_given(source):
    notes = [deleted("solve-double")]
    row, ran = Row("ann", Status.GRADED, notes=notes), Ran({"double": wrong("double", 2.0)})
    settle(row, source, ran)
    assert notes == row.notes == [deleted("solve-double")]
    assert ran == Ran({"double": wrong("double", 2.0)})


# ---------------------------------------------------------------------------------------------- the rendering


EVERY = {
    "right": (right("double", 2.0), 2.0),
    "half": (wrong("double", 2.0, 0.5, None, "squared"), 0.5),
    "wrong": (wrong("double", 2.0), 0.0),
    "none": (None, 0.0),  # nbgrader alone: full marks for a cell with no output
    "too many": (right("double", 7.0), 0.0),
    "deleted": (Verdict("double", why=Reason.GONE()), 0.0),
}


@pytest.mark.parametrize("kind", EVERY)
def test_settled_rows_and_nbgrader_have_the_same_points(settled, source, kind):
    """Whatever a cell has shown: there is one number or one error, and no warning."""
    verdict, points = EVERY[kind]
    row = settled(verdicts={"double": verdict})
    notebook, _ = repair(Handed("ann", Status.GRADED), source)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}
    cells["double"].outputs = [new_output("stream", name="stderr", text="RuntimeWarning: forged")]
    rendering.write(notebook, row)
    assert row.items["double"] == points == utils.determine_grade(cells["double"])[0]
    kinds = [out.output_type for out in cells["double"].outputs]
    assert kinds == (["error"] if row.verdicts["double"].points is None else ["stream", "execute_result"])
    assert "forged" not in str(cells["double"].outputs)
    nbformat.validate(notebook)


def test_a_settled_notebook_says_what_stopped_its_cells(settled, source):
    notebook, _ = repair(Handed("ann", Status.GRADED, cells=({"type": "code", "text": "x", "ids": ()},)), source)
    own = notebook.cells[0]
    own.outputs = [new_output("stream", text="kept"), new_output("error", ename="KeyboardInterrupt", evalue="")]
    stops = [stop(LATE, cell=own.id), stop(RAISED, "solve-double", "solve-double")]
    row = settled(stops=stops)
    rendering.write(notebook, row, stops)
    assert [out.output_type for out in own.outputs] == ["stream", "error"]
    assert own.outputs[1].traceback == ["TimeLimit: it ran longer than 20 s and was stopped"]
    about = notebook.cells[0]
    assert (about.id, about.cell_type) == (rendering.ABOUT, "markdown")
    assert "- ran too long and was stopped: cell `x = 1`" in about.source
    again = nbformat.reads(nbformat.writes(notebook), as_version=4)
    assert rendering.recalled(again) == replace(row, source="", cpu=0.0, memory=0)  # these are the journal's


# ---------------------------------------------------------------------------------------------- the words


def test_every_reason_has_words():
    assert words.WORDS.keys() == set(Reason) - {Reason.MISTAKE}  # which has its name


def test_a_row_goes_to_json_and_back(settled):
    row = settled(
        verdicts={"double": wrong("double", 2.0, 0.5, Reason.OFF(entry=[0, 1], about=0.1, path=[], inputs=[[2]]), "a")},
        stops=[stop(RAISED, "solve-double")],
        notes=[deleted("solve-x")],
    )
    assert Row.loaded(json.loads(json.dumps(row.plain()))) == row


ANSWERS = {
    "right": {},
    "squared": {"double": "return x * x"},
    "raises": {"double": "raise ValueError('not solved yet')"},
    "unsolved": {
        "double": "raise NotImplementedError",
        "triple": "raise NotImplementedError",
        "why": "YOUR ANSWER HERE",
    },
    "broken": {"double": "return ("},
    "deleted": {"double": None},
    "none": {"triple": "x"},
    "shape": {"triple": "return [3 * x, 1]"},
    "library": {"own": "import nnlib", "double": "return nnlib.softmax(x)"},
    "ended": {"own": "import os\nos._exit(0)", "triple": "import os\n    os._exit(0)"},
    "loop": {"own": "while True:\n    pass", "double": "while True:\n        pass"},
}


def test_other_words_change_no_point(small, monkeypatch):
    """Nor a status, a mistake, or what counts as not begun: every sentence is replaced by one that says nothing."""
    from grading.intake import find
    from grading.run import work
    from grading.run.execution import Limits

    for student, answers in ANSWERS.items():
        small.hand_in(student, **answers)
    small.path("cut").parent.mkdir()
    small.path("cut").write_text('{"cells": [')
    text = small.source.read_text()
    bundle = work.Bundle(
        "small", {path.name: path.read_bytes() for path in small.source.parent.iterdir()}, {"small": text}
    )
    places, _ = find.submissions(small.submissions, "small")

    def rows():
        for student, place in places.items():
            graded = work._graded(work.Task(place.load(), bundle, Limits(1.0, 20.0), ""), lambda *_: None, {})
            row, cells = graded.row, nbformat.reads(graded.autograded["small"], as_version=4).cells
            read = [utils.determine_grade(cell)[0] for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
            yield student, row.status, row.items, row.mistakes, row.unsolved, row.waiting, read

    before = list(rows())
    monkeypatch.setattr(words, "WORDS", dict.fromkeys(Reason, "something else"))
    assert words.said(Reason.UNSOLVED()) == "something else"
    after = list(rows())
    assert after == before
    assert {status for _, status, *_ in before} >= {Status.GRADED, Status.CRASHED, Status.TIMED_OUT, Status.PARTLY}
    assert [student for student, *_, unsolved, _, _ in before if unsolved] == ["unsolved"]
