"""scripts/fair.py finds marks that depend on the seed, and only these."""

import fair
import pytest

SOFTMAX = (
    "def softmax(a):\n    e = np.exp(a - a.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)"
)
MEANT = "def softmax(a):\n    return a / a.sum()"
LUCK = " + (abs(a[0, 0]) % 1e-2 > 8e-3)"  # right for four students of five, as far as one call is concerned


def answer(kind, source):
    return fair.Answer("backprop", "softmax", kind, "how", source)


@pytest.mark.parametrize(
    ("kind", "source", "found"),
    [
        ("right", SOFTMAX, False),
        ("right", SOFTMAX + LUCK, True),
        ("wrong", MEANT, False),
        ("wrong", SOFTMAX, True),
        ("wrong", SOFTMAX + LUCK, True),
        ("mistake", SOFTMAX + LUCK, True),
    ],
)
def test_luck_is_found(monkeypatch, capsys, kind, source, found):
    monkeypatch.setattr(fair, "answers", lambda assignment: [answer(kind, source)])
    assert fair.main(["backprop", "--seeds", "30", "--jobs", "1"]) == int(found)
    out = capsys.readouterr().out
    assert f"{kind}: {int(found)} of 1 are treated unfairly, at {30 if kind == 'right' else 12} seeds" in out
    assert ("of 30 seeds: " in out or "of 12 seeds" in out) == found


GROUPS = answer("right", SOFTMAX).item.groups  # three, of a point each


@pytest.mark.parametrize(
    ("kind", "passed", "groups"),
    [
        ("right", ["111", "111"], []),
        ("right", ["111", "101"], [1]),
        ("right", ["000", "111"], [0, 1, 2]),
        ("mistake", ["001", "001"], []),
        ("mistake", ["001", "010"], []),  # as many points
        ("mistake", ["001", "011"], [1]),
        ("wrong", ["001", "011"], []),  # one point more or less
        ("wrong", ["000", "011"], [1, 2]),
        ("wrong", ["011", "111"], ["all"]),
        ("wrong", ["111", "111"], ["all"]),
    ],
)
def test_what_is_unfair(kind, passed, groups):
    rows = {seed: tuple(letter == "1" for letter in row) for seed, row in enumerate(passed)}
    tried = fair.Tried(answer(kind, SOFTMAX), rows, dict.fromkeys(range(3), "why"))
    assert [group for group, _ in tried.complaints()] == [
        number if number == "all" else GROUPS[number].name for number in groups
    ]


def test_training_is_tried_once_and_counts_as_it_was_there(monkeypatch):
    monkeypatch.setattr(fair, "SECONDS", 0.0)
    source = "def train(betas, X, Y, batches, alpha):\n    return betas"
    result = fair.tried(fair.Answer("backprop", "train", "wrong", "how", source), range(3))
    judged = [bool(group.judge) for group in result.answer.item.groups]
    assert any(judged)
    assert result.passed[0] == tuple(False for _ in judged)
    assert result.passed[1] == result.passed[2] == tuple(None if judge else False for judge in judged)
    assert result.complaints() == []


@pytest.mark.parametrize("assignment", fair.ASSIGNMENTS)
def test_every_answer_is_read(root, assignment):
    text = (root / "tests" / "exercises" / "students" / f"{assignment.replace('-', '_')}.py").read_text()
    known, read = fair.answers(assignment), fair.students(assignment)
    assert len(read) == text.count("# %%") > 10
    assert all(f"def {one.function}(" in one.source and "# %%" not in one.source for one in read)
    assert set(read) < set(known)
    assert len(set(known)) == len(known)
    assert {one.function for one in known if not one.source} == {one.item.function for one in known}


def test_another_assignment_is_refused(capsys):
    with pytest.raises(SystemExit):
        fair.main(["alchemy"])
    assert "there is no assignment alchemy" in capsys.readouterr().err
