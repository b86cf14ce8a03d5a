"""A grade depends on what was handed in, and what a check asks stays with the check."""

import json
import re

import nbformat
import pytest

from grading import __main__ as cli
from grading.run import sandbox
from grading.run.execution import MOST_CELL, _length, _outputs
from grading.run.work import seed_of

JUDGED = """
import numpy as np
from grading.engine import Case, Group, Item, Mistake

def every(value, case, reference):
    return None if sum(1 for _ in value) == 3 else "not three"

def numbers(rng):
    return [Case((float(x),)) for x in rng.normal(size=3)]

ITEMS = (
    Item("double", "double", (Group("values", 2, numbers, judge=every),)),
    Item("triple", "triple", (Group("numbers", 3, numbers),)),
)
"""


def cells(small, student):
    return nbformat.read(small.state / "autograded" / student / "small" / "small.ipynb", as_version=4).cells


def asked(small, student):
    """What the check of `double` asked: its inputs come back as complaints of a function that raises them."""
    return re.findall(r"-?\d+\.\d{6,}", small.rows()[student]["remarks"])


@pytest.fixture
def judged(small):
    """A course whose first item is looked at by a judge, which runs through what is returned."""
    (small.source.parent / "checks.py").write_text(JUDGED)
    source = nbformat.read(small.source, as_version=4)
    for cell in source.cells:
        cell.source = cell.source.replace("return 2 * x", "return [x, x, x]")
    nbformat.write(source, small.source)
    return small


def test_a_result_without_end_costs_its_item_alone(judged):
    judged.hand_in("eve", double="return (x for _ in iter(int, 1))")
    judged.hand_in("ann", double="return [x] * 3")
    judged.run("--time-limit", "1")
    rows = judged.rows()
    assert (float(rows["eve"]["double"]), float(rows["eve"]["triple"])) == (0, 3), rows["eve"]["remarks"]
    assert (float(rows["ann"]["double"]), float(rows["ann"]["triple"])) == (2, 3)
    assert "double: values: not three" in rows["eve"]["remarks"]


@pytest.mark.parametrize("parts", ["[np.zeros(0)] * 400_000", "[[[x]] * 200_000] * 3"])
def test_a_result_of_too_many_parts_is_not_looked_at_for_ever(small, parts):
    small.hand_in("eve", own="import numpy as np", double=f"return {parts}")
    small.run()
    assert (float(small.rows()["eve"]["double"]), float(small.rows()["eve"]["triple"])) == (0, 3)
    assert small.rows()["eve"]["status"] != "not graded"


def test_nothing_that_a_check_asked_comes_back(small):
    """A function that records its inputs, and cells that show them: printed, and from a file."""
    top = "import time\nseen = []\nopen('seen', 'w').close()"
    record = "seen.append(x)\n    open('seen', 'a').write(str(x))\n    print(x)\n    return {} * x"
    last = "print('seen', len(seen), repr(open('seen').read()))\ntime.sleep(0.3)\nseen"
    small.hand_in(
        "eve", double=record.format(2), triple=record.format("(double(x) - double(x)) or 3"), own=top, last=last
    )
    small.run()
    assert float(small.rows()["eve"]["total"]) == 5
    shown = [out for cell in cells(small, "eve") for out in cell.get("outputs", []) if "in the check" not in str(out)]
    text = json.dumps(shown)
    assert "seen 4 '1111'" in text  # by the visible checks, and by nobody else
    assert not re.findall(r"\d\.\d{6,}", text)


def test_the_same_bytes_are_asked_the_same_and_other_bytes_something_else(small):
    """Not the name decides, nor the round; a comment more, or another course, and everything is asked anew."""
    shout = "raise ValueError(repr(x))"
    small.hand_in("ann", double=shout)
    small.path("ben").parent.mkdir()
    small.path("ben").write_bytes(small.path("ann").read_bytes())
    small.hand_in("eve", double=shout + "  # again")
    small.run()
    ann, ben, eve = (asked(small, name) for name in ("ann", "ben", "eve"))
    assert ann == ben != eve
    assert ann
    small.run("--fresh")
    assert asked(small, "ann") == ann
    lines = map(json.loads, (small.state / "small.jsonl").read_text().splitlines())
    seeds = {line["student"]: line["seed"] for line in lines if "seed" in line}
    secret = (small.state / "secret").read_text()
    assert seeds["ann"] == seed_of(small.path("ann").read_bytes(), secret)  # so that a grade can be reproduced
    assert (small.state / "secret").stat().st_mode & 0o077 == 0
    (small.state / "secret").unlink()
    small.run("--fresh")
    assert asked(small, "ann") != ann


def test_student_code_does_not_know_the_seed(small):
    """NumPy's own generator there has a seed of its own: its state is no way to the inputs."""
    small.hand_in("eve", own="import numpy as np\nprint('state', np.random.get_state()[1][:4].tolist())")
    small.run()
    line = next(line for line in (small.state / "small.jsonl").read_text().splitlines() if '"seed"' in line)
    seed = json.loads(line)["seed"]
    shown = "".join(out.get("text", "") for cell in cells(small, "eve") for out in cell.get("outputs", []))
    states = json.loads(re.search(r"state (\[.*?\])", shown).group(1))
    import numpy as np

    for candidate in (seed, seed & 0xFFFFFFFF, seed >> 32):
        assert np.random.RandomState(candidate & 0xFFFFFFFF).get_state()[1][:4].tolist() != states


@pytest.mark.parametrize("does", ["fill", "keep"])
def test_memory_that_an_item_keeps_costs_no_other_item(small, attack, does):
    """And at each grading the same."""
    body = f"{does}()\n    return 2 * x"
    small.hand_in("eve", own=attack("memory"), double=body, triple="take()\n    return 3 * x")
    points = set()
    for _ in range(3):
        small.run("--memory", "256", "--fresh")
        row = small.rows()["eve"]
        points.add((float(row["double"]), float(row["triple"])))
    assert points == {(0, 3)}


def test_outputs_are_counted_where_student_code_does_not_count_them():
    """Whatever its process says, a cell gets so many characters and no more."""
    big = [{"output_type": "stream", "name": "stdout", "text": "x" * 4_000_000}] * 50
    big += [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["y" * 1_000_000] * 50}] * 5
    kept = _outputs(big, 1, MOST_CELL)
    assert sum(map(_length, kept)) <= MOST_CELL + 100
    assert "left out" in kept[-1].text
    assert _outputs(big, 1, 0)[-1].text.startswith("... more")


def test_a_notebook_stays_small_however_many_cells_grow_it(small):
    grow = "get_ipython().outputs.extend([{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 3_000_000}] * 30)"
    small.hand_in("eve", own=grow, last=grow)
    small.run()
    assert (small.state / "autograded/eve/small/small.ipynb").stat().st_size < 25_000_000
    assert float(small.rows()["eve"]["total"]) == 5


# ---------------------------------------------------------------------------------------------- without a sandbox


def test_without_a_sandbox_nothing_is_run(unprotected):
    small = unprotected
    small.hand_in("ann", own=f"open({str(small.root / 'ran')!r}, 'w').write('x')")
    assert cli.main(small.command()[3:]) == 2
    said = small.capsys.readouterr().err
    assert "bubblewrap is not installed: sudo apt install bubblewrap" in said
    assert "--allow-unisolated" in said
    assert not (small.root / "ran").exists()
    assert not small.state.exists()


def test_the_risk_is_accepted_for_one_round_and_told_of_each_row(unprotected, monkeypatch):
    """In the journal, the table, the CSV file and the report, also with a sandbox later; not to the student."""
    small = unprotected
    small.hand_in("ann")
    small.hand_in("ben", double=None)
    assert "not isolated" in small.run("--allow-unisolated")
    monkeypatch.undo()
    sandbox.obstacle.cache_clear()
    monkeypatch.setattr(cli, "find_course", lambda _: small.root)
    assert cli.main(["report", "small", "--state", str(small.state)]) == 0
    rows = small.rows()
    assert [row["isolation"] for row in rows.values()] == ["none", "none"]
    assert all("not isolated" in row["remarks"] for row in rows.values())
    assert "not isolated" in (small.state / "small.txt").read_text()
    assert "Not isolated: the code of everybody" in (small.state / "small.html").read_text()
    assert "not isolated" not in (small.state / "feedback/ann/small/small.html").read_text()
    assert (small.state / "small.jsonl").read_text().count('"isolation": "none"') == 2


def test_what_was_not_isolated_is_graded_again_where_it_can_be(sandboxed, unprotected, monkeypatch):
    small = unprotected
    small.hand_in("ann")
    small.run("--allow-unisolated")
    monkeypatch.undo()
    sandbox.obstacle.cache_clear()
    monkeypatch.setattr(cli, "find_course", lambda _: small.root)
    small.run("--allow-unisolated")
    assert small.rows()["ann"]["isolation"] == "none"  # it was accepted, and nothing has changed
    small.run()
    assert small.rows()["ann"]["isolation"] == "bubblewrap"
    assert "not isolated" not in (small.state / "small.html").read_text()
