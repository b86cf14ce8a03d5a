"""Who copied is found whatever a copier changes at no cost; who thought for themselves is left in peace."""

import ast
import builtins
import functools
import importlib.util
import itertools
import json
import random
from pathlib import Path

import fair
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.tell import similar
from grading.tell.similar import given, handed_in, pairs, table

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = fair.COURSE  # of others nobody has written right answers in other words
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)


@functools.cache
def right_answers(assignment):
    """For each answer's cell all right versions that the repository knows: the solution, and those in other words."""
    path = ROOT / "tests/exercises/answers" / f"{assignment.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(f"similar_{path.stem}", path)
    others = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(others)
    found = {}
    for cell in json.loads((ROOT / "solutions" / assignment / f"{assignment}.ipynb").read_text())["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and about.get("solution"):
            text = "".join(line for line in cell["source"] if "### " not in line)
            found[about["grade_id"]] = [
                text,
                *(more for name in others.RIGHT if f"def {name}(" in text for more in others.RIGHT[name]),
            ]
    return found


def template(assignment):
    return given(ROOT / "exercises" / assignment, [assignment])


# ---------------------------------------------------------------------------------------------- people


class Author(ast.NodeTransformer):
    """Somebody who thinks for themselves: of several ways to write the same, each time one by chance."""

    def __init__(self, rng, changes):
        self.rng, self.changes, self.names = rng, changes, (f"t{number}" for number in itertools.count())

    def chance(self):
        return self.rng.random() < self.changes

    def write(self, code):
        return ast.unparse(ast.fix_missing_locations(self.visit(ast.parse(code))))

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.body = self.block(node.body)
        return node

    def block(self, body):
        """Subexpressions get a name, tuples are taken apart, += is written out, a loop counts."""
        found = []
        for line in body:
            if isinstance(line, ast.For):
                line.body = self.block(line.body)
                if isinstance(line.iter, ast.Name) and isinstance(line.target, ast.Name) and self.chance():
                    name = next(self.names)
                    line.body.insert(0, ast.parse(f"{line.target.id} = {line.iter.id}[{name}]").body[0])
                    line.target, line.iter = ast.Name(name), ast.parse(f"range(len({line.iter.id}))").body[0].value
            elif isinstance(line, ast.AugAssign) and self.chance():
                old = ast.parse(ast.unparse(line.target)).body[0].value
                line = ast.Assign([line.target], ast.BinOp(old, line.op, line.value))
            elif isinstance(line, ast.Assign | ast.Return) and line.value:
                places = [(line, "value")]
                if isinstance(line.value, ast.BinOp):
                    places += [(line.value, "left"), (line.value, "right")]
                for node, place in places[::-1]:
                    part = getattr(node, place)
                    if isinstance(part, ast.BinOp | ast.Call | ast.Subscript) and self.rng.random() < self.changes / 2:
                        name = next(self.names)
                        found.append(ast.Assign([ast.Name(name)], part))
                        setattr(node, place, ast.Name(name))
            found.append(line)
        return found

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult) and self.chance():
            return ast.Call(
                ast.parse(self.rng.choice(["np.dot", "np.matmul"])).body[0].value, [node.left, node.right], []
            )
        if isinstance(node.op, ast.Mult | ast.Add) and self.chance():
            return ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "2" and self.chance():
            return self.rng.choice(
                [
                    ast.BinOp(node.left, ast.Mult(), node.left),
                    ast.parse(f"np.square({ast.unparse(node.left)})").body[0].value,
                ]
            )
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name in ("max", "sum", "mean", "copy", "ravel") and isinstance(node.func, ast.Attribute) and self.chance():
            if ast.unparse(node.func.value) != "np":
                return ast.Call(ast.parse(f"np.{name}").body[0].value, [node.func.value, *node.args], node.keywords)
        elif name == "len" and self.chance():
            return ast.parse(f"({ast.unparse(node.args[0])}).shape[0]").body[0].value
        return node


class Copier(ast.NodeTransformer):
    """New names, other numbers, prints: all that the machine can be fooled with at no cost."""

    def __init__(self, rng):
        self.rng, self.names, self.depth = rng, {}, 0

    def copy(self, answers):
        found = [(name, self.disguise(code)) for name, code in answers.items()]
        self.rng.shuffle(found)
        return dict(found)

    def disguise(self, code):
        lines = ast.unparse(ast.fix_missing_locations(self.visit(ast.parse(code)))).replace(" = ", "=").splitlines()
        return "\n\n".join(f"{line}  # {self.rng.random()}" for line in lines)

    def new(self, name):
        fixed = hasattr(builtins, name) or name in ("np", "h")
        return name if fixed else self.names.setdefault(name, f"my_{len(self.names)}")

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.body.insert(self.rng.randrange(len(node.body)), ast.parse("print('here', 1)").body[0])
        return node

    def visit_Name(self, node):
        return ast.Name(self.new(node.id))

    def visit_arg(self, node):
        return ast.arg(self.new(node.arg))

    def visit_Constant(self, node):
        return ast.Constant(node.value + 0.5 if isinstance(node.value, float) else node.value)


def classroom(assignment, size, copies, seed, changes=0.3, sources=None):
    """Authors who start from different right answers, from so many at most, and disguised copies of some of them."""
    rng, known = random.Random(seed), right_answers(assignment)
    known = {cell: texts[:sources] for cell, texts in known.items()}
    authors = [f"s{number:03d}" for number in range(size)]
    codes = {
        name: {cell: Author(rng, changes).write(rng.choice(texts)) for cell, texts in known.items()} for name in authors
    }
    planted = {(name, f"t{number:03d}") for number, name in enumerate(rng.sample(authors, copies))}
    for name, copy in planted:
        codes[copy] = Copier(rng).copy(codes[name])
    return codes, planted


# ---------------------------------------------------------------------------------------------- found and not found


@each_assignment
def test_copies_are_found_and_nobody_else(assignment):
    """In a class of 24 all six disguised copies, and no two authors."""
    codes, planted = classroom(assignment, 18, 6, seed=1)
    found = pairs(codes, template(assignment))
    assert {(pair.one, pair.other) for pair in found} == planted
    assert all(pair.share > 0.95 and pair.usual < 0.75 for pair in found)


@each_assignment
def test_right_answers_in_other_words_are_no_copies(assignment):
    """The solution and the other right answers of the tests have little in common, though all compute the same."""
    known = right_answers(assignment)
    most = max(map(len, known.values()))
    people = {f"p{n}": {cell: texts[n] for cell, texts in known.items() if len(texts) > n} for n in range(most)}
    assert pairs(people, template(assignment), least=0.6) == []


SOLVED = {
    "solve-a": """
def f(x, rows):
    total = [0.0]
    for i, row in enumerate(rows):
        total.append(np.log(row[i] + 1) * x[i:].sum(axis=0) ** 3 / len(rows))
    return np.cumsum(total)[::-1]
""",
    "solve-b": """
def g(w, steps):
    while np.linalg.norm(w) > 1e-3 and steps:
        w, steps = w - 0.1 * np.tanh(w @ w.T), steps - 1
        if not steps % 7:
            w[np.isnan(w)] = 0
    return {'w': w, 'left': steps}
""",
}
CHANGES = {
    "names": lambda code: code.replace("total", "résultat").replace("row", "zeile").replace("steps", "n_left"),
    "numbers": lambda code: code.replace("0.1", "0.125").replace("7", "9_000").replace("1e-3", "0.002"),
    "texts": lambda code: code.replace("'w'", '"weights"').replace("'left'", "f'{steps}'"),
    "comments": lambda code: code.replace("\n", "  # mine\n\n\n"),
    "spacing": lambda code: code.replace("    ", "\t").replace(", ", "  ,").replace(" * ", "*\\\n"),
    "docstring": lambda code: code.replace(":\n", ':\n    """All mine."""\n', 1),
    "print": lambda code: code.replace("    return", "    print('got', total if 1 else 2)\n    return"),
    "nothing": lambda code: code,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_costs_nothing_changes_nothing(change):
    """The fingerprints of two answers are the same after each of these."""
    (pair,) = pairs({"ann": SOLVED, "ben": {name: CHANGES[change](code) for name, code in SOLVED.items()}})
    assert (pair.one, pair.other, pair.share, pair.answers) == ("ann", "ben", 1.0, ("solve-a", "solve-b"))
    assert len(pair.lines) == 3


def test_order_of_functions():
    """One text with functions in another order is still the same work."""
    (pair,) = pairs({"ann": "\n".join(SOLVED.values()), "ben": "\n".join(list(SOLVED.values())[::-1])})
    assert pair.share > 0.8


@pytest.mark.parametrize("other", ["x = [1, 2, 3\n", 'y = """never ends\n', "    if a:\n  b\n", "z = 'open\n", "? $\n"])
def test_broken_code_is_read_as_far_as_it_goes(other):
    """A fault of syntax hides nothing that stands before it, nor in other answers."""
    broken = {**SOLVED, "solve-b": SOLVED["solve-b"] + "\n" + other}
    (pair,) = pairs({"ann": SOLVED, "ben": broken})
    assert pair.share > 0.9


def test_after_a_broken_line_it_goes_on():
    """What Python cannot read is left out, what follows is not."""
    tokens = similar._tokens(similar._raw("    a.one\n  b.two\nc.three\n"))
    assert {("one", 1), ("three", 3)} <= {(token.text, token.line) for token in tokens}


def test_what_was_handed_out_counts_nothing():
    """Who hands in the template has nothing in common with anybody."""
    assert pairs({"ann": SOLVED, "ben": SOLVED}, template=SOLVED) == []


def test_what_half_the_class_writes_counts_nothing():
    """If the whole class writes it, nobody copied; if two of them share something rare besides, these two did."""
    solution = {cell: texts[0] for cell, texts in right_answers("backprop").items()}
    crowd = {f"s{number:02d}": solution for number in range(14)}
    nothing = {f"t{number:02d}": {"solve-train": ""} for number in range(10)}
    assert pairs({**crowd, **nothing}) == []
    codes, planted = classroom("backprop", 25, 1, seed=4)
    assert {(p.one, p.other) for p in pairs({name: {**code, **SOLVED} for name, code in codes.items()})} == planted


def test_where_all_write_alike_more_must_agree():
    """In a class that took most of its code from one place, what is usual there is no evidence."""
    codes, planted = classroom("backprop", 60, 6, seed=2, changes=0.1, sources=2)
    alike = {(pair.one, pair.other) for pair in pairs(codes, template("backprop"), least=similar.LEAST)}
    assert len(alike - planted) > 5
    found = {(pair.one, pair.other) for pair in pairs(codes, template("backprop"))}
    assert found >= planted
    assert 2 * len(found - planted) < len(alike - planted)


def test_a_small_group_that_is_all_the_same():
    """Four people with one solution are six pairs, though they are the whole class and one changed a line."""
    solution = {cell: texts[0] for cell, texts in right_answers("backprop").items()}
    changed = {**solution, "solve-train": solution["solve-train"].replace("beta - alpha * d", "beta + (-alpha) * d")}
    assert len(pairs({"ann": solution, "ben": solution, "cyd": solution, "dan": changed})) == 6


def test_little_code_proves_little():
    """Two identical answers of one line are no news, nor is one function where the class wrote ten."""
    codes, _ = classroom("backprop", 20, 0, seed=5)
    short = {"solve-x": "def x(a, b):\n    return np.exp(a) - b[0] + np.log(a) / 7 if a else None"}
    assert pairs({**codes, "ann": short, "ben": short}) == []
    assert pairs({"ann": short, "ben": short}) == []
    one = {"solve-a": SOLVED["solve-a"]}
    assert pairs({**codes, "ann": one, "ben": one}) == []
    assert pairs({"ann": one, "ben": one}) != []


def test_part_of_the_answers():
    """Copied answers are named, own ones are not; the evidence is the lines themselves."""
    codes, _ = classroom("backprop", 20, 0, seed=6)
    copied = {"solve-netbp_step", "solve-gradient", "solve-numerical_gradient", "solve-forward"}
    thief = {cell: codes["s003"][cell] if cell in copied else code for cell, code in codes["s011"].items()}
    found = pairs({**codes, "thief": thief}, template("backprop"), least=0.5)
    pair = next(pair for pair in found if (pair.one, pair.other) == ("s003", "thief"))
    assert copied <= set(pair.answers)
    assert "solve-softmax" not in pair.answers or codes["s003"]["solve-softmax"] == codes["s011"]["solve-softmax"]
    texts = ["\n".join(work.values()) for work in (codes["s003"], thief)]
    assert all(line in text for lines in pair.lines for line, text in zip(lines, texts, strict=True))


def test_a_smaller_submission_that_is_part_of_another():
    """Who copies seven of ten answers and leaves the others out has nothing of their own."""
    codes, _ = classroom("backprop", 20, 0, seed=7)
    part = dict(list(codes["s004"].items())[3:])
    (pair,) = pairs({**codes, "thief": part}, template("backprop"))
    assert (pair.one, pair.other) == ("s004", "thief")
    assert pair.share > 0.99


def test_words():
    """The same long comment in two submissions is shown; in the template or in many, it is not."""
    with_words = {
        name: code + "\n# sorry, this took all  weekend\n# given by the course" for name, code in SOLVED.items()
    }
    (pair,) = pairs({"ann": with_words, "ben": with_words}, "# given by the course\n")
    assert pair.words == ("sorry, this took all weekend",)
    crowd = {f"s{n}": {"solve-x": f"x{n} = {n}  # sorry, this took all weekend"} for n in range(3)}
    (pair,) = pairs({"ann": with_words, "ben": with_words, **crowd})
    assert "sorry, this took all weekend" not in pair.words


@pytest.mark.parametrize("codes", [{}, {"ann": SOLVED}, {"ann": "", "ben": {}}, {"ann": {"a": ""}, "ben": "x"}])
def test_nothing_to_compare(codes):
    """No class is too small."""
    assert pairs(codes) == []
    assert table([]) == "No two submissions are nearly the same."


def test_least():
    """A smaller share is not reported, and a senseless one is refused."""
    own = right_answers("backprop")["solve-netbp_step"][0]
    half = {"ann": SOLVED, "ben": {"solve-a": SOLVED["solve-a"], "solve-b": own}}
    share = pairs(half, least=0.1)[0].share
    assert pairs(half, least=share + 0.01) == []
    assert 0.5 < share < similar.LEAST
    assert pairs(half) == []
    with pytest.raises(ValueError, match="above 0 and at most 1, not 75"):
        pairs(half, least=75)


def test_no_submission_holds_up_the_class():
    """Of a notebook that is full of code no more is read than a person writes."""
    huge = {f"cell {number}": "x = f(1, 2)\n" * 2000 for number in range(100)}
    assert sum(map(len, similar._answers(huge).values())) == similar.MOST
    assert pairs({"ann": huge, "ben": SOLVED, "cyd": SOLVED})[0].one == "ben"


# ---------------------------------------------------------------------------------------------- reading and showing


def test_handed_in(tmp_path):
    """Of a repaired notebook the answers and the student's own cells are read, what is locked is not."""

    def about(**kinds):
        return {
            "nbgrader": {
                "grade_id": "solve-a" if kinds.get("solution") else "check",
                "schema_version": 3,
                "solution": False,
                "grade": False,
                "locked": False,
                **kinds,
            }
        }

    cells = [
        new_markdown_cell("# Words"),
        new_code_cell("import this", metadata=about(locked=True)),
        new_code_cell("def a(): ...", metadata=about(solution=True)),
        new_code_cell("mine = 1"),
    ]
    path = tmp_path / "autograded" / "ann" / "small" / "small.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), path)
    assert handed_in(tmp_path, "small", ["small"]) == {"ann": {"solve-a": "def a(): ...", "cell 4": "mine = 1"}}
    assert handed_in(tmp_path, "other", ["other"]) == {}
    assert given(path.parent, ["small"]) == {"check": "import this", "solve-a": "def a(): ...", "cell 4": "mine = 1"}


def test_table():
    """In at most 120 columns, with what a reader needs to judge; the rest is counted."""
    one = similar.Pair("a" * 40, "b" * 40, 0.876, 0.31, tuple(f"solve-{n}" for n in range(9)), (), ("w" * 200,))
    text = table([one] * 25)
    assert max(map(len, text.splitlines())) <= 120
    assert "31%" in text
    assert text.count("88%") == 20
    assert "and 5 more" in text
    assert text.endswith("\nand 5 more")
