"""One engine for every graded item: call the student's function and the reference, compare, diagnose, word feedback.

An item is declared in ``solutions/<assignment>/checks.py``. The reference is the solution cell of the notebook itself.
``python -m grading.engine matrix backprop`` prints what every known mistake costs and how it is named.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import importlib.util
import io
import itertools
import json
import math
import re
import signal
import sys
import threading
import time
import types
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from grading import borrowed
from grading.borrowed import Unusable

__all__ = ["MIME", "Case", "Group", "Item", "Mistake", "Reference", "Result", "Unusable"]
__all__ += ["Draw", "Lent", "Rng", "bounded", "caller", "check", "earlier", "group", "lend", "load_items"]
__all__ += ["predecessors", "reference", "untrained", "variant"]

MIME = "application/vnd.nncourse.check+json"

Call = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]


# ---------------------------------------------------------------------------------------------- what is declared


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes
    ----------
    args, kwargs
        The inputs; every call gets its own copy, so a function may work in place.
    condition : float
        How much the computation magnifies rounding, for example 1/eps of a difference quotient.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    condition: float = 1.0


@dataclass(frozen=True)
class Group:
    """Cases that earn their points together.

    Attributes
    ----------
    name : str
        What is tested, in words of the student.
    points : float
        Earned if every case passes.
    cases : callable
        From a generator to the cases.
    part : callable, optional
        Only this part of what is returned counts: from the value to the part.
    judge : callable, optional
        Replaces the comparison with the reference: from (value, case, reference) to a complaint, or None.
    deadline : float
        Seconds for each call.
    """

    name: str
    points: float
    cases: Callable[[np.random.Generator], Sequence[Case]]
    part: Callable[[Any], Any] | None = None
    judge: Callable[[Any, Case, Reference], str | None] | None = None
    deadline: float = 5.0


@dataclass(frozen=True)
class Mistake:
    """A wrong variant of the reference, written as edits of the reference's source.

    Attributes
    ----------
    name, hint, page : str
        What went wrong, the question that leads on, and the page that explains it.
    edits : tuple of (str, str)
        What to find between BEGIN and END SOLUTION, and what to put there. Each pattern must occur, so that a variant
        cannot silently become the reference.
    """

    name: str
    hint: str
    page: str
    edits: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Item:
    """A graded function.

    Attributes
    ----------
    id, function : str
        The equation's id where there is one, and the function's name.
    groups : tuple of Group
        Their points add up to the item's.
    mistakes : tuple of Mistake
        Those that are named.
    asks : str
        The way that the task asks for: what follows "the task asks for". Right values got by another way earn nothing.
    calls : mapping of str to (int, int)
        The least and the most calls of earlier functions during one call of this one. Another way takes more.
    formula : bool
        A derivative by a formula is asked for. Code with complex numbers or with numbers of more digits is refused:
        complex steps and exact differences need them, and formulas do not.
    """

    id: str
    function: str
    groups: tuple[Group, ...]
    mistakes: tuple[Mistake, ...] = ()
    asks: str = "the derivative as a formula"
    calls: Mapping[str, tuple[int, int]] = field(default_factory=dict, hash=False)
    formula: bool = False

    @property
    def max_points(self) -> float:
        """Sum of the groups' points."""
        return sum(group.points for group in self.groups)


@dataclass(frozen=True)
class Reference:
    """The notebook's own solution: the functions, and the source of the cell that defines each."""

    functions: dict[str, Any]
    source: dict[str, str]

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return cast(Callable[..., Any], self.functions[name])


Rng = np.random.Generator
Draw = Callable[[Rng], tuple[Any, ...]]  # from a generator to the arguments of a call


def group(name: str, points: float, *draws: Draw, part: Callable[[Any], Any] | None = None, at: float = 1.0) -> Group:
    """A group with one case for each draw of arguments; `at` is the condition of the computation."""
    return Group(name, points, lambda rng: [Case(draw(rng), condition=at) for draw in draws], part)


# ---------------------------------------------------------------------------------------------- what comes out


@dataclass(frozen=True)
class GroupResult:
    """Points of one group, and if it did not pass, why."""

    name: str
    points: float
    max_points: float
    passed: bool
    message: str


@dataclass(frozen=True)
class Result:
    """Outcome of an item."""

    item: str
    function: str
    points: float
    max_points: float
    groups: tuple[GroupResult, ...]
    mistakes: tuple[Mistake, ...]
    message: str
    seed: int

    def bundle(self) -> dict[str, Any]:
        """The outcome as plain JSON values, for the report."""
        names = ("name", "points", "max_points", "passed", "message")
        return {
            "item": self.item,
            "points": self.points,
            "max_points": self.max_points,
            "groups": [{name: getattr(group, name) for name in names} for group in self.groups],
            "mistake": " and ".join(mistake.name for mistake in self.mistakes) or None,
            "hints": [{"name": each.name, "hint": each.hint, "page": each.page} for each in self.mistakes],
            "message": self.message,
            "seed": self.seed,
        }

    def text(self) -> str:
        """The feedback that the student reads."""
        lines = [f"{self.function}: {self.points:g} of {self.max_points:g} points"]
        for group in self.groups:
            said = "right" if group.passed else group.message
            lines.append(f"  {group.points:g}/{group.max_points:g}  {group.name}: {said}")
        for mistake in self.mistakes:
            lines.append(f"This looks like a known mistake: {mistake.name}.")
            lines.append(f"{mistake.hint} Read again: {mistake.page}.")
        return "\n".join(lines)


# ---------------------------------------------------------------------------------------------- loading


@functools.cache
def load_items(assignment: str, root: Path) -> tuple[Item, ...]:
    """Read the declared items, ``ITEMS`` in ``solutions/<assignment>/checks.py``.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.

    Returns
    -------
    tuple of Item

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    """
    path = Path(root) / "solutions" / assignment / "checks.py"
    spec = importlib.util.spec_from_file_location(f"checks_of_{assignment}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"assignment {assignment!r} declares no checks: {path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.ITEMS)


@functools.cache
def reference(assignment: str, root: Path) -> Reference:
    """Execute the solution cells of the source notebook, and the cells tagged ``provided`` that they stand on.

    Parameters
    ----------
    assignment : str
        The assignment's folder.
    root : Path
        The repository.

    Returns
    -------
    Reference
        No check and no training cell is executed.
    """
    path = Path(root) / "solutions" / assignment / f"{assignment}.ipynb"
    functions: dict[str, Any] = {"__name__": "reference"}
    source: dict[str, str] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        metadata = cell["metadata"]
        solution = metadata.get("nbgrader", {}).get("solution", False)
        if cell["cell_type"] != "code" or not (solution or "provided" in metadata.get("tags", [])):
            continue
        text = "".join(cell["source"])
        exec(compile(text, str(path), "exec"), functions)
        source |= {node.name: text for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return Reference(functions, source)


def variant(item: Item, right: Reference, *mistakes: Mistake) -> Call:
    """A call of the reference with mistakes planted.

    Parameters
    ----------
    item : Item
        Whose function is changed; all others stay right.
    right : Reference
        The solution.
    *mistakes : Mistake
        Their edits are applied one after the other to the solution of the item's function.

    Returns
    -------
    Call

    Raises
    ------
    ValueError
        If a pattern does not occur in the solution.
    """
    head, begin, solution = right.source[item.function].partition("### BEGIN SOLUTION")  # a docstring is not code
    for mistake in mistakes:
        for pattern, replacement in mistake.edits:
            if pattern not in solution:
                where = f"the solution of {item.function}"
                raise ValueError(f"mistake {mistake.name!r}: {pattern!r} does not occur in {where}")
            solution = solution.replace(pattern, replacement)
    namespace = dict(right.functions)
    exec(compile(head + begin + solution, f"<{item.function}>", "exec"), namespace)
    return _Ours(namespace)


# ---------------------------------------------------------------------------------------------- calling


class Lent:
    """A right version of a function, as it is lent to a student's code: it counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.function(*args, **kwargs)

    @staticmethod
    def counted(names: Mapping[str, Any]) -> Counter[str]:
        """How often those of a namespace were called until now."""
        return Counter({name: value.calls for name, value in names.items() if isinstance(value, Lent)})


def lend(item: Item, right: Reference) -> dict[str, Any]:
    """Right versions of the functions before an item's, which count their calls."""
    lent = {name: right[name] for name in earlier(item, right)}
    return {name: Lent(value) if isinstance(value, types.FunctionType) else value for name, value in lent.items()}


class _Caller:
    """Calls of the functions of a namespace in this process."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name not in self.namespace:
            raise Unusable(f"there is no function {name}")
        function = self.namespace[name]
        if not callable(function):
            raise Unusable(f"{name} is no function, its name was given to something else")
        with borrowed.watched(function):
            return function(*args, **kwargs)

    def counted(self) -> Counter[str]:
        """How often each function that was lent was called until now."""
        return Lent.counted(self.namespace)

    def stepped(self, name: str) -> str:
        """What `borrowed.stepped` says of a function."""
        return borrowed.stepped(self.namespace.get(name))


def caller(namespace: Mapping[str, Any]) -> Call:
    """A call that looks the function up in a namespace of this process.

    It is `Unusable` where there is none, and where it leaves its work to a library (see `borrowed`).
    """
    return _Caller(namespace)


@dataclass(frozen=True)
class _Ours:
    """The same for functions of ours: nobody has to look at their code, but they may compute for no longer either."""

    namespace: Mapping[str, Any]

    def within(self, seconds: float) -> Call:
        def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            with bounded(seconds):
                return self.namespace[name](*args, **kwargs)

        return call

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.within(OWN)(name, args, kwargs)


def earlier(item: Item, right: Reference) -> list[str]:
    """The functions that stand before an item's in the notebook: its answer may use these, and none that come later."""
    names = list(right.source)
    return names[: names.index(item.function)]


@contextlib.contextmanager
def predecessors(namespace: dict[str, Any], item: Item, right: Reference) -> Iterator[None]:
    """Put right versions of the functions before it into a student's namespace, and take them out again.

    A later item must not fail for an earlier mistake, nor for a given function that was overwritten.
    """
    others = lend(item, right)
    kept = {name: namespace[name] for name in others if name in namespace}
    namespace.update(others)
    try:
        yield
    finally:
        for name in others:
            namespace.pop(name, None)
        namespace.update(kept)


@dataclass(frozen=True)
class _Outcome:
    """What a call gave: a value, or a failure in words (``kind`` is the exception's name)."""

    value: Any = None
    failure: str = ""
    kind: str = ""


class _Deadline(BaseException):
    pass


OWN = 60.0  # seconds of computing for the reference, or a judge, in a case: far more than any needs
DIAGNOSIS = 20.0  # seconds of computing in which a known mistake is looked for


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Let this process compute for so many seconds, however long a busy machine takes for them.

    What is ours is bounded too: how much of it is done, a student decides.

    Raises
    ------
    TimeoutError
        When they are over. Where there is no such alarm, as in a thread, nothing happens.
    """
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise _Deadline

    handler = signal.signal(signal.SIGPROF, ring)
    left, again = signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)  # rings again for code that catches everything
    try:
        yield
    except _Deadline:
        raise TimeoutError(f"it takes more than {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, left, again)
        signal.signal(signal.SIGPROF, handler)


class _Sink(io.TextIOBase):
    """Swallows what student code prints, however much it is."""

    def write(self, text: str, /) -> int:
        return len(text)


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield  # no alarm on this system or in this thread: the runner's own limit has to do
        return

    def ring(*_: Any) -> None:
        raise _Deadline

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # rings again for code that catches everything
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _try(call: Call, name: str, case: Case, seconds: float, objects: bool = False) -> _Outcome:
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    within = getattr(call, "within", None)  # of a call that keeps the time itself
    call, limit = (within(seconds), contextlib.nullcontext()) if within else (call, _deadline(seconds))
    try:
        with contextlib.redirect_stdout(_Sink()), contextlib.redirect_stderr(_Sink()), _quiet(), limit:
            # a copy in plain arrays: a later call may change what this one returned
            return _Outcome(_nested(call(name, args, kwargs), objects))
    except _Deadline:
        return _Outcome(failure=f"no answer within {seconds:g} s", kind="deadline")
    except KeyboardInterrupt:  # from outside: the runner's own limit
        return _Outcome(failure="no answer within the time limit", kind="deadline")
    except NotImplementedError:
        return _Outcome(failure="not solved yet", kind="unsolved")
    except Unusable as error:
        return _Outcome(failure=str(error), kind="unusable")
    except _NotNumbers as error:
        return _Outcome(failure=str(error), kind="not numbers")
    except BaseException as error:  # SystemExit too: nothing that student code does may stop the grading
        kind = type(error).__name__
        try:
            words = str(error).split("\n")[0][:200]
        except BaseException:
            words = ""
        return _Outcome(failure=f"stopped with {kind}: {words}" if words else f"stopped with {kind}", kind=kind)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


class _NotNumbers(Exception):
    pass


def _nested(value: Any, objects: bool = False) -> Any:
    """A list of numbers becomes an array, a list of anything else stays a list; every array is a copy.

    Objects of a class are for a judge, who knows what to ask of them.
    """
    if objects and not isinstance(value, np.ndarray | np.generic | list | tuple | dict | str | float | int | None):
        return value
    if value is None:
        raise _NotNumbers("returned None: is the return missing?")
    if isinstance(value, list | tuple):
        parts = [_nested(part, objects) for part in value]
        if parts and all(isinstance(part, np.ndarray) and part.ndim == 0 for part in parts):
            return np.array(parts)
        return parts
    array = np.array(value)
    if array.dtype.kind not in "fiub":
        raise _NotNumbers(f"returned a value of type {type(value).__name__} where numbers were expected")
    return array


# ---------------------------------------------------------------------------------------------- comparing


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _arrays(part)


def _precision(arrays: Iterable[np.ndarray]) -> np.dtype:
    """The coarsest in use."""
    kinds = {array.dtype for array in arrays if array.dtype.kind == "f"} & {np.dtype(kind) for kind in "efd"}
    return max(kinds, key=lambda kind: np.finfo(kind).eps, default=np.dtype(float))


def _tolerance(case: Case, precision: np.dtype | None = None) -> float:
    """Rounding allowed, relative to the largest entry: eps of the inputs' precision x number of operations.

    What was returned has no say in it: a wrong value does not become right by a cast.
    """
    inputs = list(_arrays(case.args))
    eps = float(np.finfo(precision or _precision(inputs)).eps)
    return 16.0 * eps * (8 + sum(array.size for array in inputs)) * case.condition


def _difference(
    found: Any, wanted: Any, case: Case, where: str = "the result", precision: np.dtype | None = None
) -> str | None:
    """First difference in words that give no answer away, or None; `precision` is that of the inputs unless given."""
    if isinstance(wanted, list):
        if not isinstance(found, list):
            found = list(found) if found.ndim else [found]
        if len(found) != len(wanted):
            return f"{where} has {len(found)} parts, expected {len(wanted)}"
        pairs = enumerate(zip(found, wanted, strict=True))
        said = (_difference(part, right, case, f"part {i} of {where}", precision) for i, (part, right) in pairs)
        return next((words for words in said if words), None)
    if isinstance(found, list):  # nested lists of numbers are as good as an array
        try:
            found = np.array([np.asarray(part) for part in found])
        except ValueError:
            return f"{where} is a list of {len(found)} parts, expected an array of shape {wanted.shape}"
    if found.shape != wanted.shape:
        return f"{where} has shape {found.shape}, expected {wanted.shape}"
    if found.size == 0:
        return None
    found64, wanted64 = found.astype(float), wanted.astype(float)
    if not np.all(np.isfinite(found64)):
        return f"{where} has entries that are not finite numbers"
    scale = float(np.max(np.abs(wanted64))) or 1.0
    apart = np.abs(found64 - wanted64) / scale
    if float(np.max(apart)) <= _tolerance(case, precision):
        return None
    inputs, own = _precision(_arrays(case.args)), _precision([found])
    if np.finfo(own).eps > np.finfo(inputs).eps and float(np.max(apart)) <= _tolerance(case, own):
        return f"{where} is right to the digits of {own} only, and the inputs are {inputs}: where are the others lost?"
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
    spot = f"entry {list(worst)} of {where}" if worst else where
    size = min(float(np.max(apart)), 1e3)
    about = 10.0 ** math.floor(math.log10(size))  # the order of magnitude alone: no answer to read off
    return f"{spot} is off, by about {about:g} times the largest entry"


def _same(one: _Outcome, other: _Outcome, case: Case) -> bool:
    if one.kind or other.kind:
        return one.kind == other.kind
    if _shapes(one.value) != _shapes(other.value):
        return False
    for a, b in zip(_arrays(one.value), _arrays(other.value), strict=True):
        finite = np.isfinite(a)  # both may overflow, but in the same places
        coarse = _precision([*_arrays(case.args), a, b])  # a mistake is named in any precision
        if not np.array_equal(finite, np.isfinite(b)) or _difference(a[finite], b[finite], case, precision=coarse):
            return False
    return True


def _shapes(value: Any) -> Any:
    return value.shape if isinstance(value, np.ndarray) else [_shapes(part) for part in value]


def _inputs(case: Case) -> str:
    shapes = [str(array.shape) for array in _arrays(case.args) if array.ndim]
    return f" on inputs of shapes {', '.join(shapes)}" if shapes and len(shapes) < 8 else ""


# ---------------------------------------------------------------------------------------------- checking


def check(item: Item, call: Call, reference: Reference, seed: int = 0) -> Result:
    """Check one item.

    Parameters
    ----------
    item : Item
        What is declared.
    call : callable
        ``call(name, args, kwargs)`` runs the student's function, here or in another process.
    reference : Reference
        The solution.
    seed : int
        Fixes the inputs.

    Returns
    -------
    Result
        Nothing is raised for anything that the student's function does.

    Raises
    ------
    RuntimeError
        If the reference fails: a fault of the assignment.
    """
    seen: list[tuple[Case, _Outcome]] = []  # for the diagnosis
    groups: list[GroupResult] = []
    gave_up: _Outcome | None = None
    another = _steps(item, call)
    with _quiet():
        for number, group in enumerate(item.groups):
            complaint = ""
            for case in group.cases(np.random.default_rng([seed, zlib.crc32(item.id.encode()), number])):
                before = _counted(call)
                found = gave_up or _try(call, item.function, case, group.deadline, group.judge is not None)
                another = another or ("" if found.failure else _detour(item, _counted(call), before))
                if found.kind in ("deadline", "unsolved", "unusable"):
                    gave_up = found  # the next call would say the same, only later
                elif group.judge is None:
                    seen.append((case, found))
                complaint = complaint or found.failure or _complaint(group, case, found.value, item, reference)
            points = 0.0 if complaint else group.points
            groups.append(GroupResult(group.name, points, group.points, not complaint, complaint))
        if another:  # right values by another way are no answer
            groups = [replace(group, points=0.0, passed=False, message=another) for group in groups]
        failed = next((group for group in groups if not group.passed), None)
        mistakes = _diagnose(item, reference, seen) if failed and not another else ()
    named = " and ".join(mistake.name for mistake in mistakes)
    message = named or (f"{failed.name}: {failed.message}" if failed else "all right")
    points = sum(group.points for group in groups)
    return Result(item.id, item.function, points, item.max_points, tuple(groups), mistakes, message, seed)


def _counted(call: Call) -> Counter[str]:
    """How often each lent function was called until now; nothing where calls are not counted."""
    return cast(Counter[str], getattr(call, "counted", Counter)())


def _detour(item: Item, after: Mapping[str, int], before: Mapping[str, int]) -> str:
    """The sentence on a way that calls earlier functions too often, or too seldom, or an empty text."""
    for name, (least, most) in item.calls.items():
        if name in after and not least <= (times := after[name] - before[name]) <= most:
            often = {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")
            return f"{item.function} called {name} {often}; the task asks for {item.asks}"
    return ""


def _steps(item: Item, call: Call) -> str:
    """The sentence on a derivative by a complex step, or by exact differences, or an empty text."""
    stepped = getattr(call, "stepped", None)
    found = stepped(item.function) if item.formula and stepped else ""
    return f"{item.function} computes with {found}; the task asks for {item.asks}" if found in borrowed.STEPS else ""


def untrained(found: Any, start: Any) -> str:
    """For a judge of training: a complaint if the weights found cannot be those of the start after some steps.

    They have the start's shapes, and no array is as it was: that of another architecture, or of one whose last layer
    alone was fitted, says nothing of training.

    Parameters
    ----------
    found, start : list of array
        What training returned, and where it began.

    Returns
    -------
    str
        An empty text if there is nothing to complain of.
    """
    shapes = [np.shape(each) for each in found], [np.shape(each) for each in start]
    if shapes[0] != shapes[1]:
        return f"the weights that came back have the shapes {shapes[0]}, those of the start {shapes[1]}"
    if not all(np.all(np.isfinite(each)) for each in found):
        return "the weights that came back are not finite numbers"
    same = [number for number, (end, begin) in enumerate(zip(found, start, strict=True)) if np.array_equal(end, begin)]
    return f"part {same[0]} of the weights is as it was at the start: it was not trained" if same else ""


def _right(item: Item, case: Case, reference: Reference) -> _Outcome:
    return _try(_Ours(reference.functions), item.function, case, OWN)


def _complaint(group: Group, case: Case, value: Any, item: Item, reference: Reference) -> str:
    """What is wrong with what was returned, in words, or an empty text."""
    part = group.part or (lambda whole: whole)
    wanted = None if group.judge else _right(item, case, reference)
    if wanted and wanted.kind:
        raise RuntimeError(f"the reference {item.function} failed: {wanted.failure}")
    try:
        if group.judge:
            with bounded(OWN):
                return group.judge(value, case, reference) or ""
        said = _difference(part(value), part(wanted.value if wanted else None), case)
    except TimeoutError:
        return "no answer in time"
    except Exception:  # too few parts, or parts of another kind
        return "what was returned has another form than the task states"
    return said + _inputs(case) if said else ""


def _diagnose(item: Item, reference: Reference, seen: Sequence[tuple[Case, _Outcome]]) -> tuple[Mistake, ...]:
    """The known mistake that gives everything that was seen, or else the two that do so together."""
    if all(found.kind or _same(found, _right(item, case, reference), case) for case, found in seen):
        return ()  # nothing but right values and exceptions: too little to name anything
    end = time.process_time() + DIAGNOSIS
    singles = ((mistake,) for mistake in item.mistakes)
    for mistakes in itertools.chain(singles, itertools.permutations(item.mistakes, 2)):
        if time.process_time() > end:
            break
        try:
            call = variant(item, reference, *mistakes)
        except (ValueError, SyntaxError):
            continue  # the first edit left nothing for the second one
        if all(_same(found, _try(call, item.function, case, 5.0), case) for case, found in seen):
            return mistakes
    return ()


# ---------------------------------------------------------------------------------------------- for the instructor


def matrix(assignment: str, root: Path) -> str:
    """Every known mistake, what it costs and how it is named, as a Markdown table."""
    right = reference(assignment, root)
    lines = ["| item | mistake | points | named |", "|---|---|---|---|"]
    for item in load_items(assignment, root):
        for mistake in item.mistakes:
            result = check(item, variant(item, right, mistake), right)
            named = "yes" if result.mistakes == (mistake,) else f"no: {result.message}"
            lines.append(f"| `{item.id}` | {mistake.name} | {result.points:g} of {result.max_points:g} | {named} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """``matrix <assignment>`` prints the table of mistakes."""
    if len(arguments) != 2 or arguments[0] != "matrix" or not re.fullmatch(r"[\w-]+", arguments[1]):
        print("usage: python -m grading.engine matrix <assignment>", file=sys.stderr)
        return 2
    print(matrix(arguments[1], Path(__file__).resolve().parents[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
