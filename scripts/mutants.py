"""Plant errors in nnlib's derivative code, one at a time, and see that the tests notice each: ``make mutants``.

Every mutant lives in a temporary copy, never in the checkout. The tests nearest to its file run first, then all of
tests/nnlib; no failure means that the mutant survived, and the command fails. Mutants that change no value are listed
in EQUIVALENT, with the reason, and must not be killed. The result is written to benchmarks/mutants.md.

mutmut 3 and cosmic-ray were looked at first. mutmut leaves out decorated functions, deletes no statement, drops no
``.T`` and swaps no ``@``, mutates messages, and marks equivalents by comments in the code; cosmic-ray edits the
checkout. Neither records why a mutant is equivalent.
"""

import argparse
import ast
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from multiprocessing import get_context
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
REPORT = "benchmarks/mutants.md"
SLOW_IMPORTS = ("numpy", "sklearn.neural_network")
TIMEOUT = 300  # seconds for one run of the tests
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# file: the functions that are mutated, and the tests that run first
PLAN: dict[str, tuple[str, str]] = {
    "activations.py": ("*.*", "activations slow_reference"),
    "errors.py": ("*.*", "errors slow_reference"),
    "gradcheck.py": ("*", "gradcheck slow_reference"),
    "penalties.py": ("*", "slow_reference"),
    "layers.py": ("*", "slow_reference layers"),
    "network.py": (
        "Network.predict Network.forward Network.error Network.accuracy Network.gradient Network.deltas "
        "Network._forward Network._backward Network._gradient Network.penalized Network._no_biases Network._penalty "
        "Network._score Network._judge Network._error",
        "slow_reference network",
    ),
    "objectives.py": (
        "EmpiricalRisk.* _Linear.F _Linear.grad _Linear.g _Linear.Hv _Linear._gradient *._value *._slope *._curvature",
        "slow_reference objectives network",
    ),
    "optimizers.py": (
        "*.update *.step *.start LearningRate.* PolyakAveraging.* SVRG.run SAGA.run CoordinateDescent.run "
        "harmonic.* step_decay.* cosine.*",
        "optimizers witness variance_reduction",
    ),
}
NEVER = {"__repr__", "settings", "check", "_window", "_short"}  # words and checks of input, not values

# reason: mutants, as "file function: line -> line"
EQUIVALENT: dict[str, list[str]] = {
    "Zero is added to make a copy; zero subtracted makes the same": [
        "gradcheck.py check_gradient: v = w + 0 -> v = w - 0",
        "objectives.py EmpiricalRisk._at: own = network.w + 0 -> own = network.w - 0",
        "objectives.py EmpiricalRisk.g: return network._gradient(take(self.X, xi), take(self.Y, xi)) + 0 -> "
        "return network._gradient(take(self.X, xi), take(self.Y, xi)) - 0",
        "objectives.py EmpiricalRisk.grad: return network._gradient(self.X, self.Y) + 0 -> "
        "return network._gradient(self.X, self.Y) - 0",
        "layers.py MaxPool2D.forward: largest = next(windows) + 0 -> largest = next(windows) - 0",
        "optimizers.py PolyakAveraging.start: self.average = w + 0 -> self.average = w - 0",
        "optimizers.py PolyakAveraging.run: v = w + 0 -> v = w - 0",
        "optimizers.py SVRG.run: v, total = (w + 0, namespace(w).zeros_like(w)) -> "
        "v, total = (w - 0, namespace(w).zeros_like(w))",
    ],
    "Ones may divide as well as multiply": [
        "activations.py ReLU.slope: return (z > 0) * namespace(z).ones_like(z) -> "
        "return (z > 0) / namespace(z).ones_like(z)",
    ],
    "All coordinates in another order": [
        "gradcheck.py check_gradient: chosen = range(p) if coordinates is None or coordinates >= p else "
        "np.random.default_rng(seed).choice(p, coordinates, replace=False) -> "
        "chosen = range(p) if coordinates is None or coordinates > p else "
        "np.random.default_rng(seed).choice(p, coordinates, replace=False)",
    ],
    "λ = 0 adds nothing; leaving it out saves time": [
        "objectives.py _Linear.F: return F + self.lam * float(w @ w) if self.lam else F -> "
        "return F + self.lam * float(w @ w)",
    ],
    "dE/dX is computed and not used": [
        "network.py Network.deltas: if number > self._first: -> if number >= self._first:",
        "network.py Network._backward: if number > self._first: -> if number >= self._first:",
    ],
    "The last axis of (n, K) is axis 1": [
        "network.py Network._judge: if Y.shape[-1] > 1: -> if Y.shape[1] > 1:",
    ],
    "A draw from [0, 1) is equal to p with probability 2^-53": [
        "layers.py Dropout.forward_train: m = move(rng.random(tuple(z.shape)) >= self.p, like=z) -> "
        "m = move(rng.random(tuple(z.shape)) > self.p, like=z)",
    ],
    "The size of a strip changes the time, not the values": [
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = max(1, CACHE // (self.inputs * w * z.shape[-1]))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(2, CACHE // (self.inputs * w * z.shape[-1]))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE * (self.inputs * w * z.shape[-1]))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE)",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE // (self.inputs * z.shape[-1]))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[1]))",
        "layers.py Conv2D.strips: step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-1])) -> "
        "step = h if is_tensor(z) else max(1, CACHE // (self.inputs * w * z.shape[-2]))",
    ],
    "The size of a block changes the time, not the values": [
        "optimizers.py Optimizer.step: if len(w) <= BLOCK or is_tensor(w): -> if len(w) <= BLOCK and is_tensor(w):",
        "optimizers.py Optimizer.step: if len(w) <= BLOCK or is_tensor(w): -> if len(w) < BLOCK or is_tensor(w):",
        "optimizers.py Optimizer.step: if len(w) <= BLOCK or is_tensor(w): -> if len(w) > BLOCK or is_tensor(w):",
    ],
    "More zeros than any window reaches": [
        "layers.py Conv2D._padded: padded = empty((C, H + 2 * ph, W + 2 * pw, len(z)), like=z) -> "
        "padded = empty((C, H + 3 * ph, W + 2 * pw, len(z)), like=z)",
        "layers.py Conv2D._padded: padded = empty((C, H + 2 * ph, W + 2 * pw, len(z)), like=z) -> "
        "padded = empty((C, H + 2 * ph, W + 3 * pw, len(z)), like=z)",
    ],
}


class Mutant(NamedTuple):
    """One edit of one file; `source` is the whole file with it."""

    file: str
    function: str
    edit: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.file} {self.function}: {self.edit}"


# Which edits there are ------------------------------------------------------------------------------------------------

OPERATORS: dict[type, type] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
    **{ast.MatMult: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr},
}
COMPARISONS: dict[type, tuple[type, ...]] = {
    **{ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt)},
    **{ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)},
    **{ast.In: (ast.NotIn,), ast.NotIn: (ast.In,)},
}
CONVERSIONS = {"float", "int", "tuple", "list"}  # without them the value is the same


def edits(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of `node`."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
            yield left  # the second term or factor dropped
        case ast.UnaryOp(operand=operand):  # a sign or a `not` dropped
            yield operand
        case ast.Compare(left, [op, *rest], comparators):
            for other in COMPARISONS[type(op)]:
                yield ast.Compare(left, [other(), *rest], comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.keyword("axis", ast.Constant(value)):
            yield ast.keyword("axis", ast.Constant(1 - value))
        case ast.keyword("axis", ast.UnaryOp()):  # the last axis
            yield ast.keyword("axis", ast.Constant(0))
        case ast.Attribute(value, "T"):
            yield value
        case ast.Call(ast.Name(name), [argument], []):
            if name not in CONVERSIONS:
                yield argument  # the function dropped
        case ast.Call(func, args, keywords):
            if args:
                yield ast.Call(func, args[:-1], keywords)
            for i, keyword in enumerate(keywords):
                if keyword.arg != "strict":
                    yield ast.Call(func, args, keywords[:i] + keywords[i + 1 :])
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.Slice(lower, upper, step):
            yield from (ast.Slice(None, upper, step), ast.Slice(lower, None, step), ast.Slice(lower, upper, None))
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Assign([target], value, lineno=0)
            yield ast.Pass()
        case ast.Expr() | ast.Assign() | ast.If() | ast.For() | ast.Return() | ast.Break() | ast.Continue():
            yield ast.Pass()


def places(node: ast.AST) -> Iterator[tuple[Any, Any, ast.AST]]:
    """(container, key, child) of each child that may be edited, in the order of the text."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "ctx"} or isinstance(value, ast.arguments):
            continue
        for container, key, child in (
            [(value, i, child) for i, child in enumerate(value)]
            if isinstance(value, list)
            else [(vars(node), field, value)]
        ):
            docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            strict = isinstance(child, ast.keyword) and child.arg == "strict"
            if isinstance(child, ast.AST) and not (docstring or strict or isinstance(child, ast.Raise | ast.JoinedStr)):
                yield container, key, child


def header(statement: ast.AST) -> str:
    """The statement as text; of a compound one the first line."""
    text = ast.unparse(statement)
    return text.splitlines()[0] if hasattr(statement, "body") else text


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """(qualified name, definition) of the functions and methods."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")


def mutants(file: str, source: str, wanted: str = "*") -> Iterator[Mutant]:
    """Every edit of the functions whose names match one of the patterns in `wanted`."""
    for name, function in functions(ast.parse(source)):
        if name.split(".")[-1] in NEVER or not any(fnmatch(name, pattern) for pattern in wanted.split()):
            continue
        lines = source.splitlines(keepends=True)
        first = min(node.lineno for node in (function, *function.decorator_list))
        head, tail = "".join(lines[: first - 1]), "".join(lines[function.end_lineno :])
        seen, edits_seen = {ast.unparse(function)}, Counter[str]()
        for edit in planted(function, function):
            text = ast.unparse(ast.fix_missing_locations(function))
            if text not in seen:
                seen.add(text)
                edits_seen[edit] += 1
                unique = edit if edits_seen[edit] == 1 else f"{edit} [{edits_seen[edit]}]"
                yield Mutant(file, name, unique, f"{head}{indent(text, ' ' * function.col_offset)}\n{tail}")


def planted(node: ast.AST, statement: ast.AST) -> Iterator[str]:
    """Plant each edit below `node` in the tree, say what it is, and take it back."""
    for container, key, child in places(node):
        here = child if isinstance(child, ast.stmt) else statement
        before = header(here)
        for new in edits(child):
            container[key] = new
            yield f"{before} -> {header(new if here is child else here)}"
            container[key] = child
        if not (isinstance(child, ast.keyword) and child.arg == "axis"):
            yield from planted(child, here)


# Whether the tests notice ---------------------------------------------------------------------------------------------


def start(root: Path, folder: Path) -> None:
    """Make a worker ready: its own copy of the project, and everything imported that is slow to import."""
    global copy
    copy = folder / str(os.getpid())
    for part in ("nnlib", "tests"):
        shutil.copytree(root / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", copy)
    for name in SLOW_IMPORTS:
        importlib.import_module(name)
    drawn = (hypothesis.Phase.explicit, hypothesis.Phase.generate)  # a failure is enough, the smallest one costs time
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=drawn)


def failure(tests: Sequence[str] = ()) -> str:
    """What pytest says of the first failure of these tests in the worker's copy, or nothing; by default of all."""
    files = [f"tests/nnlib/test_{name}.py" for name in tests] or ["tests/nnlib"]
    pid = os.fork()
    if pid == 0:  # the child has the worker's imports, and leaves nothing behind
        signal.alarm(TIMEOUT)  # a mutant that never ends is noticed, too
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # saves more than half of the time
        os.environ["PYTHONPATH"] = str(copy)
        with open("output.txt", "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        options = "-x -q --ff --tb=short -p _hypothesis_pytestplugin --hypothesis-profile=mutants"
        status = pytest.main([*options.split(), *files])
        sys.stdout.flush()  # which os._exit would lose
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    output = (copy / "output.txt").read_text(encoding="utf-8", errors="replace")[-3000:]
    if status > 2:  # 1: a test failed; 2: a test file could not be imported; above: pytest was used wrongly
        raise RuntimeError(f"pytest {' '.join(files)} ended with {status}:\n{output}")
    return (output or f"ended by signal {-status}") if status else ""


def judge(mutant: Mutant) -> str:
    """Killed, survived or, if it is declared so and no near test fails, equivalent."""
    declared = any(mutant.name in names for names in EQUIVALENT.values())
    path = copy / "nnlib" / mutant.file
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(mutant.source, encoding="utf-8")
        if failure(PLAN[mutant.file][1].split()):
            return "killed, but declared equivalent" if declared else "killed"
        return "equivalent" if declared else "killed" if failure() else "survived"
    finally:
        path.write_text(original, encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):  # could pass for that of the next mutant
            compiled.unlink()


def report(found: list[tuple[Mutant, str]]) -> str:
    """The result as a page; the same result gives the same page."""
    reasons = {name: reason for reason, names in EQUIVALENT.items() for name in names}
    counts = Counter((mutant.file, status) for mutant, status in found)
    rows = [
        [file, *(counts[file, status] for status in ("killed", "equivalent", "survived"))]
        for file in dict.fromkeys(mutant.file for mutant, _ in found)
    ]
    rows.append(["all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])])
    lines = [
        "# Mutants",
        "",
        "Written by `make mutants`. A mutant is one small error in a function that computes a value or a derivative:",
        "an operator or a comparison swapped, a number changed, a term, a sign, an argument, a `.T` or a statement",
        "dropped, another axis. It is killed when a test of `tests/nnlib` then fails.",
        "",
        "| file | mutants | killed | equivalent | survived |",
        "|---|---|---|---|---|",
        *(f"| {file} | {sum(numbers)} | {' | '.join(map(str, numbers))} |" for file, *numbers in rows),
    ]
    survivors = [mutant.name for mutant, status in found if status == "survived"]
    lines += ["", "## Survivors", "", *([f"- `{name}`" for name in survivors] or ["None."])]
    lines += ["", "## Equivalent: no value changes"]
    equivalent = [mutant.name for mutant, status in found if status == "equivalent"]
    for reason in EQUIVALENT:
        names = [f"- `{name}`" for name in equivalent if reasons[name] == reason]
        lines += ["", f"{reason}:", "", *names] if names else []
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run all mutants, or those of some files; 0 if none survives and EQUIVALENT is right."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", choices=[[], *PLAN], help="only these files; no report is written then")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(argv)
    planned = [
        mutant
        for file in options.files or PLAN
        for mutant in mutants(file, (root / "nnlib" / file).read_text(encoding="utf-8"), PLAN[file][0])
    ]
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(options.workers, get_context("fork"), start, (root, Path(folder))) as pool,
    ):
        if output := pool.submit(failure).result():
            print(f"{output}\ntests/nnlib fails as it is, so mutants would show nothing")
            return 2
        for mutant, status in zip(planned, pool.map(judge, planned), strict=True):
            found.append((mutant, status))
            if status not in ("killed", "equivalent"):
                print(f"{status}: {mutant.name}", flush=True)
    existing = {mutant.name for mutant in planned}
    gone = [
        name
        for names in EQUIVALENT.values()
        for name in names
        if name not in existing and name.split()[0] in (options.files or PLAN)
    ]
    for name in gone:
        print(f"declared equivalent, but there is no such mutant: {name}")
    page = report(found)
    if not options.files:
        (root / REPORT).parent.mkdir(exist_ok=True)
        (root / REPORT).write_text(page, encoding="utf-8")
    print(*(line for line in page.splitlines() if line.startswith("|")), sep="\n")
    return int(bool(gone) or any(status not in ("killed", "equivalent") for _, status in found))


if __name__ == "__main__":
    sys.exit(main())
