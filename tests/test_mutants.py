"""scripts/mutants.py plants what it says, nothing else, and tells killed, equivalent and surviving mutants apart."""

import importlib
import os
import subprocess
import sys
import textwrap

import pytest

CODE = '''
"""A module with a number: 1 + 1."""

LIMIT = 3


class Layer:
    def forward(self, z: "list[1 + 1]", axis=0):
        """Twice 2 * z."""
        if len(z) > LIMIT:
            raise ValueError(f"z: expected at most {1 + 2}, got {len(z) - 0}")
        a = -2 * z.T
        return a.sum(axis=-1)[1:]

    def __repr__(self):
        return "a" + "b"
'''


@pytest.fixture(scope="module")
def script():
    return importlib.import_module("mutants")


def test_the_edits(script):
    """All of them, of a function with one of most kinds; the rest of the file stays as it is."""
    assert [mutant.edit for mutant in script.mutants("a.py", CODE, "*")] == [
        "if len(z) > LIMIT: -> pass",
        "if len(z) > LIMIT: -> if len(z) >= LIMIT:",
        "if len(z) > LIMIT: -> if len(z) <= LIMIT:",
        "if len(z) > LIMIT: -> if z > LIMIT:",
        "a = -2 * z.T -> pass",
        "a = -2 * z.T -> a = -2 / z.T",
        "a = -2 * z.T -> a = -2",
        "a = -2 * z.T -> a = 2 * z.T",
        "a = -2 * z.T -> a = -3 * z.T",
        "a = -2 * z.T -> a = -2 * z",
        "return a.sum(axis=-1)[1:] -> pass",
        "return a.sum(axis=-1)[1:] -> return a.sum()[1:]",
        "return a.sum(axis=-1)[1:] -> return a.sum(axis=0)[1:]",
        "return a.sum(axis=-1)[1:] -> return a.sum(axis=-1)[:]",
        "return a.sum(axis=-1)[1:] -> return a.sum(axis=-1)[2:]",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("w -= g", {"w += g", "w = g", "pass"}),
        ("v = f(a, b, c=1)", {"pass", "v = f(a, c=1)", "v = f(a, b)", "v = f(a, b, c=2)"}),
        ("v = a if c else b", {"pass", "v = a", "v = b"}),
        ("v = a and not b", {"pass", "v = a or not b", "v = a and b"}),
        ("v = zip(a, b, strict=True)", {"pass", "v = zip(a, strict=True)"}),
        ("v = z[::2]", {"pass", "v = z[:]", "v = z[::3]"}),
        ("v = a @ b", {"pass", "v = a * b", "v = a"}),
        ("v = float(a) is None", {"pass", "v = float(a) is not None"}),
        ("v = [True, 'text']", {"pass", "v = [False, 'text']"}),
        ("with errstate():", set()),
    ],
)
def test_the_edits_of_a_line(script, line, expected):
    code = f"def f():\n    {line}\n" + ("        ...\n" if line.endswith(":") else "")
    assert {mutant.edit.split(" -> ")[1] for mutant in script.mutants("a.py", code)} == expected


def test_only_the_functions_that_are_wanted(script):
    code = "class A:\n    def f(self):\n        return 1\n    def g(self):\n        return 2\ndef f():\n    return 3\n"
    assert {mutant.function for mutant in script.mutants("a.py", code, "A.f f")} == {"A.f", "f"}


def test_every_function_of_the_plan_is_there(script, root):
    """A renamed function does not drop out unseen."""
    for file, (wanted, near) in script.PLAN.items():
        source = (root / "nnlib" / file).read_text(encoding="utf-8")
        for pattern in wanted.split():
            assert any(script.mutants(file, source, pattern)), f"{file} has no {pattern}"
        for name in near.split():
            assert (root / "tests" / "nnlib" / f"test_{name}.py").is_file()


# A small project ------------------------------------------------------------------------------------------------------


def run(root, folder, test, equivalent="{}", *arguments):
    """The command on a project with one function: z + 1 for positive z, else 0."""
    for part in ("nnlib", "tests/nnlib", "scripts"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "nnlib" / "__init__.py").touch()
    (folder / "nnlib" / "a.py").write_text("def f(z):\n    return z + 1 if z > 0 else 0\n")
    (folder / "tests" / "nnlib" / "test_a.py").write_text("from nnlib.a import f\n\n\n" + textwrap.dedent(test))
    (folder / "pyproject.toml").touch()
    code = f"""
import sys, pathlib, mutants
mutants.PLAN, mutants.EQUIVALENT, mutants.SLOW_IMPORTS = {{"a.py": ("*", "a")}}, {equivalent}, ()
sys.exit(mutants.main({list(arguments)}, pathlib.Path({str(folder)!r})))
"""
    environment = os.environ | {"PYTHONPATH": str(root / "scripts")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert not done.stderr
    page = folder / "benchmarks" / "mutants.md"
    return done.returncode, done.stdout, page.read_text(encoding="utf-8") if page.exists() else ""


GOOD = """
    def test_f():
        assert [f(-2), f(0), f(1), f(2)] == [0, 0, 2, 3]
        assert f(0.5) == 1.5
"""


def test_a_good_test_kills_all(root, tmp_path):
    code, output, page = run(root, tmp_path, GOOD)
    assert code == 0, output
    assert "| a.py | 10 | 10 | 0 | 0 |" in page
    assert "None." in page
    assert (code, output, page) == run(root, tmp_path, GOOD)


def test_survivors_fail_the_command(root, tmp_path):
    code, output, page = run(root, tmp_path, "def test_f():\n    assert [f(-2), f(1)] == [0, 2]\n")
    name = "a.py f: return z + 1 if z > 0 else 0 -> return z + 1 if z >= 0 else 0"
    assert code == 1
    assert f"survived: {name}" in output
    assert f"- `{name}`" in page


def test_equivalents_are_listed_and_must_be_true(root, tmp_path):
    test = "def test_f():\n    assert [f(-2), f(1), f(2), f(0.5)] == [0, 2, 3, 1.5]\n"
    name = "a.py f: return z + 1 if z > 0 else 0 -> return z + 1 if z >= 0 else 0"
    code, output, page = run(root, tmp_path, test, {"nobody asks at 0": [name]})
    assert code == 0, output
    assert page.endswith(f"nobody asks at 0:\n\n- `{name}`\n")
    code, output, _ = run(root, tmp_path, GOOD, {"nobody asks at 0": [name]})
    assert code == 1
    assert f"killed, but declared equivalent: {name}" in output
    code, output, _ = run(root, tmp_path, GOOD, {"gone": ["a.py g: return 1 -> pass"]})
    assert code == 1
    assert "there is no such mutant: a.py g" in output


def test_a_failing_test_is_named_before_anything_else(root, tmp_path):
    code, output, page = run(root, tmp_path, "def test_f():\n    assert f(1) == 3\n")
    assert code == 2
    assert "assert 2 == 3" in output
    assert not page


def test_the_checkout_is_not_touched(root, tmp_path):
    run(root, tmp_path, GOOD, {}, "a.py")
    assert (tmp_path / "nnlib" / "a.py").read_text() == "def f(z):\n    return z + 1 if z > 0 else 0\n"
    assert not (tmp_path / "benchmarks").exists(), "only a full run writes the report"
    assert not list(tmp_path.rglob("__pycache__"))
