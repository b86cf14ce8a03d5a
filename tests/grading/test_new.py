"""A lecturer's own assignment: what `new` makes is whole, and what is wrong with one is said in a sentence, early."""

import json
import re
import shutil

import pytest

from grading import __main__ as cli
from grading import assignment, engine

ID = "slopes-leaky-relu"


class Slopes:
    """A course with the assignment that `new` makes, and its files to be spoiled."""

    def __init__(self, root):
        self.root, self.folder = root, root / "solutions" / "slopes"

    def text(self, name, change):
        path = self.folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    def put(self, name, old, new):
        before = (self.folder / name).read_text(encoding="utf-8")
        assert before.count(old) == 1, old
        self.text(name, lambda text: text.replace(old, new))

    def cells(self, change):
        path = self.folder / "slopes.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        change({cell["id"]: cell for cell in notebook["cells"]}, notebook["cells"])
        path.write_text(json.dumps(notebook), encoding="utf-8")

    def source(self, name, old, new):
        def change(cells, _):
            text = "".join(cells[name]["source"])
            assert text.count(old) == 1, text
            cells[name]["source"] = text.replace(old, new)

        self.cells(change)

    def about(self, name, **more):
        self.cells(lambda cells, _: cells[name]["metadata"]["nbgrader"].update(more))

    def said(self):
        return [words for good, words in assignment.findings("slopes", self.root) if good is False]


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "solutions").mkdir()
    (root / "_config.yml").write_text("title: A course\n")
    assert cli.main(["new", "slopes", "--title", "Slopes", "--course", str(root)]) == 0
    return root


@pytest.fixture
def slopes(pattern, tmp_path):
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    return Slopes(tmp_path)


def test_what_new_makes_is_whole(slopes, capsys):
    found = list(assignment.findings("slopes", slopes.root))
    assert [words for good, words in found if good is False] == []
    assert [words for good, words in found if good] == [
        f"the solution has full marks and the stub none: {ID} 3",
        f"{ID}: 2 of 2 ways to be wrong cost points and are named",
    ]
    assert cli.main(["doctor", "slopes", "--course", str(slopes.root)]) == 0
    assert "exercises/slopes is missing" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["two words", "Übung", "a/b", "..", "", "-x", "slopes", "Slopes"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_left_behind(slopes, name, capsys):
    before = sorted(slopes.root.rglob("*"))
    assert cli.main(["new", "--course", str(slopes.root), "--", name]) == 2
    assert re.match(r"grading: .*(choose another name|use letters, digits)", capsys.readouterr().err)
    assert sorted(slopes.root.rglob("*")) == before


# what a lecturer does, and what is said of it: once, and nothing else
SPOILED = {
    "no tag provided": (
        lambda s: s.cells(lambda cells, _: cells["setup"]["metadata"].pop("tags")),
        rf"the solution of '{ID}' has 0 of 3 points: .*name 'np' is not defined; cell 'setup' makes np: .*`provided`",
    ),
    "no tag, and the name is needed at once": (
        lambda s: (
            s.cells(lambda cells, _: cells["setup"]["metadata"].pop("tags")),
            s.source("solve-leaky_relu", "(a):", "(a=np.zeros(3)):"),
        ),
        r"cell 'solve-leaky_relu', line 1: NameError: .*; cell 'setup' makes np: .*`provided`",
    ),
    "a judge that the solution does not satisfy": (
        lambda s: s.put("checks.py", "uniform(0.5, 2))", "uniform(0.5, 2), judge=lambda *_: 'too small')"),
        rf"the solution of '{ID}' has 2 of 3 points: above 0: too small",
    ),
    "the reference raises": (
        lambda s: s.source("solve-leaky_relu", "return np.where", "return np.were"),
        rf"the solution of '{ID}' has 0 of 3 points: .*AttributeError",
    ),
    "no Python in the solution": (
        lambda s: s.source("solve-leaky_relu", "return np.where(", "return np.where(("),
        r"slopes.ipynb, cell 'solve-leaky_relu', line \d+: '\(' was never closed",
    ),
    "a stub that earns": (
        lambda s: (
            s.source("solve-leaky_relu", "    ### BEGIN", "    if np.ndim(a):\n        return leaky(a)\n    ### BEGIN")
            or s.source(
                "setup", "import numpy as np", "import numpy as np\n\nleaky = lambda a: np.where(a > 0, a, 0.01 * a)"
            )
        ),
        rf"the stub of '{ID}' has 1 of 3 points, for both signs: is the answer outside of the markers\?",
    ),
    "points in the cell": (
        lambda s: s.about(ID, points=5),
        rf"cell '{ID}' has 5 points, and its groups in checks.py 3$",
    ),
    "points that are words": (
        lambda s: s.about(ID, points="three"),
        rf"cell '{ID}' has 'three' points; give it a number",
    ),
    "an id in checks.py alone": (
        lambda s: s.put("checks.py", f'"{ID}"', '"other"') or s.put("mistakes.toml", f"[{ID}]", "[other]"),
        rf"declares the item 'other', and no autograded cell has this id; there is {ID}",
        rf"""cell '{ID}' calls score\("{ID}"\), and checks.py declares no such item""",
    ),
    "another id in score": (
        lambda s: s.source(ID, f'"{ID}"', '"softmax"'),
        rf"""cell '{ID}' calls score\("softmax"\): the id is that of the cell""",
    ),
    "no hidden tests": (
        lambda s: (s.source(ID, "### BEGIN HIDDEN TESTS\n", ""), s.source(ID, "\n### END HIDDEN TESTS", "")),
        rf"cell '{ID}' calls score and has no ### BEGIN HIDDEN TESTS",
    ),
    "hidden tests without points": (
        lambda s: s.source(
            "check-leaky_relu", "with checks", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\nwith checks"
        ),
        r"cell 'check-leaky_relu' has ### BEGIN HIDDEN TESTS and is no grade cell",
    ),
    "no end of the solution": (
        lambda s: s.source("solve-leaky_relu", "\n    ### END SOLUTION", ""),
        r"cell 'solve-leaky_relu': ### BEGIN SOLUTION and ### END SOLUTION do not come in pairs",
    ),
    "a marker in other letters": (
        lambda s: (
            s.source("solve-leaky_relu", "### BEGIN SOLUTION", "### begin solution"),
            s.source("solve-leaky_relu", "### END SOLUTION", "### end solution"),
            s.text("mistakes.toml", lambda text: "page = ''\n"),
        ),
        r"nbgrader does not read '### begin solution'",
    ),
    "no function of that name": (
        lambda s: s.put("checks.py", "leaky_relu=", "leaky_rely="),
        r"checks.py asks for the function leaky_rely, and no solution cell defines it",
    ),
    "a grade id twice": (
        lambda s: s.about("part-1", grade_id="title"),
        r"2 cells have the grade id 'title'; give each its own",
    ),
    "an id twice": (
        lambda s: s.cells(lambda cells, _: cells["part-1"].update(id="title")),
        r"2 cells have the id 'title'; give each its own",
    ),
    "checks.py is no Python": (
        lambda s: s.put("checks.py", "ITEMS = items(", "ITEMS = items(("),
        r"slopes/checks.py, line \d+: '\(' was never closed",
    ),
    "checks.py raises": (
        lambda s: s.put("checks.py", "100 * normal(5)", "100 * norm(5)"),
        r"slopes/checks.py, line \d+: NameError: name 'norm' is not defined",
    ),
    "no checks.py": (
        lambda s: (s.folder / "checks.py").unlink(),
        rf"""cell '{ID}' calls score\("{ID}"\), and checks.py declares no such item""",
    ),
    "nothing": (lambda s: shutil.rmtree(s.folder), "there is no notebook in solutions/slopes; there is none"),
    "no ITEMS": (lambda s: s.put("checks.py", "ITEMS =", "Items ="), r"slopes/checks.py declares no ITEMS: write"),
    "an item twice": (
        lambda s: s.text("checks.py", lambda text: text + "ITEMS = ITEMS * 2\n"),
        rf"slopes/checks.py: 2 items have the id '{ID}'",
    ),
    "points of a group": (
        lambda s: s.put("checks.py", "uniform(0.5, 2))", "uniform(0.5, 2), points='1')"),
        rf"slopes/checks.py, item '{ID}': the group 'above 0' has '1' points",
    ),
    "a pattern that does not occur": (
        lambda s: s.put("mistakes.toml", "'a > 0'", "'a >= 0'"),
        rf"item '{ID}', mistake 'sides exchanged': 'a >= 0' occurs 0 times in the solution",
    ),
    "a mistake that costs nothing": (
        lambda s: s.put("mistakes.toml", "'0.0 * a'", "'a * 0.01'"),
        rf"mistake 'ReLU' of '{ID}' costs nothing: add a case that shows it, or take it out",
    ),
    "two mistakes that are alike": (
        lambda s: s.put("mistakes.toml", "'a > 0', 'a < 0'", "'0.01 * a', 'a * 0.0'"),
        rf"mistake 'sides exchanged' of '{ID}' is not named; what is said is: ReLU",
    ),
    "an edit that is no Python": (
        lambda s: s.put("mistakes.toml", "'a < 0'", "'a <'"),
        rf"item '{ID}' with 'sides exchanged', line \d+: invalid syntax",
    ),
    "mistakes.toml is no TOML": (
        lambda s: s.put("mistakes.toml", 'page = ""', "page = "),
        r"slopes/mistakes.toml is no TOML: ",
    ),
    "mistakes in Latin-1": (
        lambda s: (s.folder / "mistakes.toml").write_bytes("page = 'für'".encode("latin-1")),
        r"slopes/mistakes.toml is not in UTF-8, at byte 9: save it in UTF-8",
    ),
    "no notebook": (
        lambda s: (s.folder / "slopes.ipynb").rename(s.folder / "other.ipynb"),
        r"slopes/slopes.ipynb is missing: the notebook has the name of its folder",
    ),
    "a notebook of version 3": (
        lambda s: (s.folder / "slopes.ipynb").write_text('{"nbformat": 3, "worksheets": [{"cells": []}]}'),
        r"slopes.ipynb is a notebook of version 3: open and save it in Jupyter",
    ),
    "a merge": (
        lambda s: s.text("slopes.ipynb", lambda text: "<<<<<<< HEAD\n" + text),
        r"slopes.ipynb: a merge with git was not finished",
    ),
    "half a notebook": (
        lambda s: s.text("slopes.ipynb", lambda text: text[:300]),
        r"slopes.ipynb is no notebook: ",
    ),
    "half a guide": (
        lambda s: s.put("guide.md", "<!-- end of items -->", ""),
        r"guide.md: the table of items stands between <!-- items --> and <!-- end of items -->",
    ),
    "a page that is not there": (
        lambda s: ((s.root / "book").mkdir(), s.put("mistakes.toml", 'page = ""', 'page = "chapters/99-more#x"')),
        r"mistakes.toml: there is no page chapters/99-more in book/",
    ),
    "a label that is not there": (
        lambda s: (
            (s.root / "book").mkdir(),
            (s.root / "book" / "one.md").write_text("(here)=\n# One\n"),
            s.put("mistakes.toml", 'page = ""', 'page = "one#there"'),
        ),
        r"mistakes.toml: the page one has no section there: no line of it is \(there\)=",
    ),
    "an equation without code": (
        lambda s: (
            (s.root / "book").mkdir(),
            (s.root / "book" / "equations.yml").write_text(f"- {{id: {ID}, name: a, page: b, latex: c}}\n"),
        ),
        rf"equations.yml: the equation {ID} has no code",
    ),
    "an answer in other words that is wrong": (
        lambda s: (
            (s.root / "tests" / "exercises" / "answers").mkdir(parents=True),
            (s.root / "tests/exercises/answers/slopes.py").write_text(
                "RIGHT = {'leaky_relu': ['def leaky_relu(a):\\n    return a']}\n"
            ),
        ),
        r"RIGHT answer 1 of leaky_relu: 1 of 3 points, ",
    ),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_what_is_wrong_is_said_in_one_sentence(slopes, fault):
    spoil, *expected = SPOILED[fault]
    spoil(slopes)
    said = slopes.said()
    assert len(said) == len(expected), said
    for sentence, wanted in zip(said, expected, strict=True):
        assert re.search(wanted, sentence), said
        assert "\n" not in sentence


UNHARMED = {
    "lines end as on Windows": lambda s: [
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")) for path in s.folder.iterdir()
    ],
    "an editor's mark at the beginning": lambda s: [
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes()) for path in s.folder.glob("*.[tp]*[ly]")
    ],
    "no guide": lambda s: (s.folder / "guide.md").unlink(),
    "no mistakes": lambda s: (s.folder / "mistakes.toml").unlink(),
    "a comment about an end": lambda s: s.source(
        "check-leaky_relu", "with checks", "# at the end of the tests\nwith checks"
    ),
    "tests of its own, and several notebooks": lambda s: (
        (s.folder / "checks.py").unlink(),
        s.cells(lambda cells, _: cells[ID].update(source="assert leaky_relu(1) == 1")),
        (s.folder / "slopes.ipynb").rename(s.folder / "one.ipynb"),
        shutil.copy(s.folder / "one.ipynb", s.folder / "two.ipynb"),
    ),
    "a cell that has tests of its own": lambda s: s.cells(
        lambda cells, all_of_them: all_of_them.append(
            {
                **cells[ID],
                "id": "own",
                "source": "assert leaky_relu(1) == 1",
                "metadata": {"nbgrader": {**cells[ID]["metadata"]["nbgrader"], "grade_id": "own"}},
            }
        )
    ),
}


@pytest.mark.parametrize("change", UNHARMED)
def test_what_is_no_fault_is_none(slopes, change):
    UNHARMED[change](slopes)
    assert slopes.said() == []


@pytest.mark.parametrize("fault", ["no tag provided", "half a notebook"])
def test_a_round_stops_before_the_first_student(slopes, fault, sandboxed, capsys):
    """With one sentence, and nothing is written of anybody."""
    handed = slopes.root / "handed" / "ann"
    handed.mkdir(parents=True)
    shutil.copy(slopes.folder / "slopes.ipynb", handed)
    SPOILED[fault][0](slopes)
    command = ["run", "slopes", "--course", str(slopes.root), "--submissions", str(handed.parent)]
    assert cli.main([*command, "--state", str(slopes.root / "state")]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("grading: nobody was graded, the assignment has a fault: ")
    assert re.search(SPOILED[fault][1].removesuffix("$"), said)
    assert not [*(slopes.root / "state").rglob("*ann*")]


def test_what_was_tried_is_not_tried_again_until_something_changes(slopes, monkeypatch):
    stamp, tried = slopes.root / "tried", []
    monkeypatch.setattr(engine, "check", lambda *those, check=engine.check: tried.append(those) or check(*those))

    def again():
        tried.clear()
        return assignment.checked_before("slopes", slopes.root, stamp)

    assert again() == []
    assert tried
    assert again() == []
    assert not tried
    slopes.source("solve-leaky_relu", "0.01 * a)", "0.01 * a + b)")
    assert re.search("name 'b' is not defined", again()[0])
    assert again(), "a fault is no less one the second time"


def test_a_file_that_changes_is_read_again_in_the_same_process(slopes):
    assert slopes.said() == []
    slopes.put("checks.py", '"above 0"', '"below 0"')
    assert [group.name for group in engine.load_items("slopes", slopes.root)[0].groups][1] == "below 0"
