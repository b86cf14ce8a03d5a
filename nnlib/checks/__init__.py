"""Visible checks for the exercises: they know no answer, they compare with what the task states.

A check that passes says so in one line. One that fails raises with a sentence for people, shown without a traceback.
`watch` looks after the student's functions meanwhile; `compared` and `stopped` have the words for wrong numbers and for
exceptions.
"""

from __future__ import annotations

import sys
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from nnlib.checks import compared, stopped, there
from nnlib.checks.watch import Changed, Watch, plain

__all__ = ["Failed", "Unsolved", "at_least", "close", "gradient", "part", "parts", "shape"]


class Failed(AssertionError):
    """A check that did not pass; a notebook shows its sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]


class Unsolved(NotImplementedError):
    """A check that met a function that is still a stub."""

    def _render_traceback_(self) -> list[str]:
        return [f"· {self}"]


def part(name: str) -> AbstractContextManager[None]:
    """The checks of one part of an exercise: ``with checks.part("softmax"): ...``.

    While they run, the functions of the notebook are watched: none may change its arguments, and what comes back as an
    iterator, a matrix, or lists of numbers is handed to the checks as a list or an array.

    Parameters
    ----------
    name : str
        The part's function.

    Returns
    -------
    context manager
        For the checks of this part.

    Raises
    ------
    Unsolved
        If a stub is called; the message names the stub, which may belong to an earlier part.
    Failed
        If a check fails, if a function changes an argument, or if an exception comes out of one: then the message has
        the student's line, the shapes there, and a question.
    """
    cell = sys._getframe(1)
    return _part(name, cell.f_globals, cell.f_code)


@contextmanager
def _part(name: str, namespace: dict[str, Any], cell: types.CodeType) -> Iterator[None]:
    watch = Watch(namespace)
    if absent := there.absent(namespace):
        print(there.told(absent))
    try:
        with watch:
            yield
    except NotImplementedError as error:
        stub = traceback.extract_tb(error.__traceback__)[-1].name
        raise Unsolved(f"{stub} is not solved yet{_also(stub, name)}") from None
    except Changed as change:
        raise Failed(_changed(change, name)) from None
    except Failed as failed:
        if watch.changed:  # perhaps it wants to, perhaps it is why the check of another function failed
            first, _, hint = str(failed).partition(ASK)
            function, changes = watch.changed[0].args
            first += f"\nLook here first: {function} changes its argument {' and '.join(changes)}."
            raise Failed(_sentence(first, hint)) from None
        raise
    except Exception as error:
        said = stopped.told(error, name, cell, watch)
        if said is None:
            raise
        raise Failed(_sentence(*said)) from None
    print(f"✓ {name}: all visible checks pass")


def _also(function: str, part: str) -> str:
    return "" if function == part else f" (these checks of {part} call it)"


def _changed(change: Changed, part: str) -> str:
    function, changes = change.args
    names = f"argument{'s' * (len(changes) > 1)} {' and '.join(changes)}"
    copies = " and ".join(f"{argument} = {_copied(argument, value)}" for argument, value in changes.items())
    problem = f"{function} changed its {names}{_also(function, part)}, and its caller may still need what was there."
    name, value = next(iter(changes.items()))
    item = name if isinstance(value, np.ndarray) else "each"
    asked = f"which line writes into what was handed over, as `{item} -= ...` and `{name}[...] = ...` do?"
    return _sentence(f"{problem}\nWork on a copy: {copies}.", asked)


def _copied(name: str, value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{name}.copy()"
    arrays = [isinstance(each, np.ndarray) for each in value]
    return f"[each.copy() for each in {name}]" if all(arrays) else f"copy.deepcopy({name})"


def parts(value: Any, expected: int, name: str) -> None:
    """Check how many parts a list or tuple has.

    Parameters
    ----------
    value : list, tuple or array
        What the student's function returned.
    expected : int
        How many parts the task states.
    name : str
        What the value is, in words.

    Raises
    ------
    Failed
        If it is nothing of the kind, or has another number of parts.
    """
    if value is None:
        raise Failed(f"{name} is None: did the function forget its return?")
    value = plain(value)
    if not isinstance(value, list | tuple) and not (isinstance(value, np.ndarray) and value.ndim):
        raise Failed(f"{name} is of type {type(value).__name__}, expected a list with {expected} parts")
    if len(value) != expected:
        raise Failed(f"{name} has {len(value)} parts, expected {expected}")
    print(f"✓ {name}: {expected} part{'s' * (expected != 1)}")


def shape(value: Any, expected: tuple[int, ...], name: str, hints: Mapping[tuple[int, ...], str] | None = None) -> None:
    """Check the shape of a result.

    Parameters
    ----------
    value : array_like
        What the student's function returned.
    expected : tuple of int
        The shape that the task states.
    name : str
        What the value is, in words: "delta of the hidden layer".
    hints : mapping, optional
        For a wrong shape that has a usual cause, the question to ask.

    Raises
    ------
    Failed
        If the shape differs; the message names both shapes and the hint.
    """
    found = _array(value, name, tuple(expected)).shape
    if found != tuple(expected):
        raise Failed(_shapes(name, found, tuple(expected), (hints or {}).get(found, "")))
    print(f"✓ {name}: shape {found}")


def close(value: Any, expected: Any, name: str, hint: str = "", tolerance: float = 1e-6, *, each: bool = False) -> None:
    """Check a result against numbers that can be worked out by hand.

    Parameters
    ----------
    value, expected : array_like
        The result and the worked numbers.
    name : str
        What the value is, in words.
    hint : str, optional
        The question to ask when the numbers differ.
    tolerance : float, optional
        Largest allowed difference, relative to the largest worked number (or to 1 if that is smaller).
    each : bool, optional
        Relative to each worked number instead, for numbers that are small and matter: the tail of a sigmoid, a
        probability beside others. Where 0 is expected, nothing else will do.

    Raises
    ------
    Failed
        If shapes or numbers differ; the message shows both, and says what is wrong where that is certain.
    """
    wanted = np.asarray(expected, dtype=float)
    found = _array(value, name, wanted.shape)
    if not np.all(np.isfinite(wanted)):  # no difference from it would be too large
        raise ValueError(f"expected: the worked numbers of {name} must be finite, got {expected}")
    if found.shape != wanted.shape:
        raise Failed(_shapes(name, found.shape, wanted.shape, hint, np.array_equal(found.T, wanted)))
    if not np.all(np.isfinite(found)):
        raise Failed(_sentence(f"{name} has {_not_finite(found)}", hint))
    size = np.abs(wanted) if each else np.full(wanted.shape, max(1.0, float(np.max(np.abs(wanted), initial=0.0))))
    wrong = np.abs(found - wanted) > tolerance * size
    if np.any(wrong):
        problem = f"{name}: {compared.both(found, wanted, wrong)}"
        raise Failed(_sentence(problem, hint, compared.pattern(found, wanted, tolerance * size)))
    print(f"✓ {name}: the numbers agree")


def at_least(value: Any, bound: float, name: str, hint: str = "") -> None:
    """Check that a number reaches a bound.

    Parameters
    ----------
    value : float
        The result.
    bound : float
        What the task asks for.
    name : str
        What the value is, in words.
    hint : str, optional
        The question to ask when it is less.

    Raises
    ------
    Failed
        If the number is less than the bound, or no number.
    """
    found = _array(value, name, ())
    if found.ndim:
        raise Failed(_shapes(name, found.shape, (), hint))
    number = found.item()
    if not number >= bound:
        raise Failed(_sentence("{} is {}, expected at least {}".format(name, *compared.apart(number, bound, 4)), hint))
    print(f"✓ {name}: {number:.4g}, at least {bound:g} is asked for")


def gradient(F: Callable[[np.ndarray], float], grad: Any, w: Any, name: str, hint: str = "", eps: float = 1e-5) -> None:
    """Check a gradient against central differences, dF/dw_i = (F(w + eps e_i) - F(w - eps e_i)) / (2 eps).

    Parameters
    ----------
    F : callable
        The function, from an array of the shape of ``w`` to a number.
    grad : array_like
        The student's gradient at ``w``.
    w : array_like
        Where it was taken.
    name : str
        What the gradient is, in words.
    hint : str, optional
        The question to ask when it differs.
    eps : float, optional
        The step of the difference.

    Raises
    ------
    Failed
        If an entry differs by more than 1e-6 of the largest entry; the message names the worst entry, and says what
        is wrong where that is certain.
    """
    at = np.array(w, dtype=float)
    found = _array(grad, name, at.shape)
    if found.shape != at.shape:
        raise Failed(_shapes(name, found.shape, at.shape, hint))
    slopes = np.empty(at.shape)
    for index in np.ndindex(*at.shape):
        step = np.zeros(at.shape)
        step[index] = eps
        slopes[index] = (F(at + step) - F(at - step)) / (2 * eps)
    difference = np.abs(found - slopes)
    worst = np.unravel_index(np.argmax(np.where(np.isfinite(difference), difference, np.inf)), at.shape)
    allowed = 1e-6 * max(1.0, float(np.max(np.abs(slopes))))
    if not difference[worst] <= allowed:
        entry = f"entry {[int(i) for i in worst]}" if at.ndim else "it"
        one, other = compared.apart(found[worst].item(), slopes[worst].item())
        whole = compared.pattern(found, slopes, np.full(at.shape, allowed)) if np.isfinite(difference[worst]) else ""
        raise Failed(_sentence(f"{name}: {entry} is {one}, central differences give {other}", hint, whole))
    print(f"✓ {name}: agrees with central differences")


ASK = "\nAsk yourself: "


def _array(value: Any, name: str, expected: tuple[int, ...]) -> np.ndarray:
    if value is None:
        raise Failed(f"{name} is None: did the function forget its return?")
    value = plain(value)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise Failed(
            f"{name} is a {type(value).__name__} whose parts have different shapes, expected an array"
        ) from None
    if array.dtype.kind == "c":
        hint = "which step makes them complex: eig in place of eigh, a root of something negative, a forgotten .imag?"
        raise Failed(_sentence(f"{name} has complex numbers, expected real ones", hint))
    if array.dtype.kind not in "biuf":
        if array.dtype == object and any(each is None for each in array.flat):
            raise Failed(f"{name} has an entry that is None: did a function forget its return?")
        raise Failed(f"{name} is a {type(value).__name__} that cannot be read as an array of numbers")
    return array.astype(float).reshape(expected if expected == () and array.size == 1 else array.shape)


def _not_finite(found: np.ndarray) -> str:
    kinds = {"NaN": np.isnan(found), "infinity": np.isinf(found)}
    kind, where = next((kind, where) for kind, where in kinds.items() if np.any(where))
    if found.ndim == 0:
        return f"no finite number: it is {kind}"
    entry = [int(i) for i in np.argwhere(where)[0]]
    return f"entries that are not finite numbers: entry {entry} is {kind}"


def _shapes(name: str, found: tuple[int, ...], wanted: tuple[int, ...], hint: str, transposed: bool = False) -> str:
    said = "Rows and columns are exchanged." if transposed else compared.axis(found, wanted)
    return _sentence(f"{name} has shape {found}, expected {wanted or 'one number'}", hint, said)


def _sentence(problem: str, hint: str, said: str = "") -> str:
    lines = f"{problem.rstrip()}\n{said}" if said else problem.rstrip()
    return f"{lines}{ASK}{hint}" if hint else lines
