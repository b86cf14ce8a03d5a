"""What an exception says to a student: where it happened, with what, and a question that leads on."""

from __future__ import annotations

import inspect
import linecache
import re
import traceback
import types
from collections.abc import Callable, Iterator

from nnlib.checks.watch import Watch, described

OURS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)  # what unfit results raise in a check

Shapes = tuple[int, ...]


def told(error: Exception, part: str, cell: types.CodeType, watch: Watch) -> tuple[str, str] | None:
    """A problem and a question, for an exception that was raised while the checks of a part ran.

    Parameters
    ----------
    error : Exception
        With its traceback.
    part : str
        What is checked.
    cell : types.CodeType
        The code of the check: it is not the student's.
    watch : Watch
        Which calls there were.

    Returns
    -------
    tuple of str or None
        None if nothing of the notebook has to do with it.
    """
    frames = [
        (frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_globals is watch.namespace
    ]
    own = {id(code) for code in _codes(cell)}  # of the check; a student may have put the function into the same cell
    students_own = [each.__code__ for each in watch.own.values() if each.__code__ is not cell]
    own -= {id(code) for each in students_own for code in _codes(each)}
    students = [(frame, line) for frame, line in frames if id(frame.f_code) not in own]
    if unfit := _signature(error, watch):
        return "\n".join(
            [unfit, *_calling(students[-1:], watch)]
        ), "which arguments does the task give it, in which order?"
    if not students or frames[-1] != students[-1]:
        return _unfit_result(error, part, frames, watch)
    frame, line = students[-1]
    name, text = _name(frame, watch), _text(frame, line)
    also = "" if name == part else f" (these checks of {part} call it)"
    problem = [f"{name} stopped in line {line} of its cell{also}:", *_quoted(text)]
    if values := _values(frame, text):
        problem.append(f"with {values}")
    calling = _calling([each for each in students if _name(each[0], watch) != name][-1:], watch)
    return "\n".join([*problem, *calling, _said(error)]), _question(error, watch, name if calling else "")


def _calling(frames: list[tuple[types.FrameType, int]], watch: Watch) -> list[str]:
    """Which line of the student's called it."""
    lines = []
    for frame, line in frames:
        lines += [f"It was called in line {line} of the cell of {_name(frame, watch)}:", *_quoted(_text(frame, line))]
    return lines


def _unfit_result(
    error: Exception, part: str, frames: list[tuple[types.FrameType, int]], watch: Watch
) -> tuple[str, str] | None:
    """The check itself cannot go on with what a function returned."""
    if not frames or not watch.returned or not isinstance(error, OURS):
        return None
    text = _text(*frames[-1])
    name = next((name for name in watch.returned if re.search(rf"\b{name}\(", text)), list(watch.returned)[-1])
    back = watch.returned[name]
    if back is None:
        return f"{name} returned None", "did the function forget its return?"
    problem = [f"these checks of {part} cannot go on with what {name} returned, {described(back)}:"]
    problem += [*_quoted(text), _said(error)]
    return "\n".join(problem), f"has the result of {name} the form and the shapes that the task states?"


def _signature(error: Exception, watch: Watch) -> str:
    """Was a function called with other arguments than it takes?"""
    if not isinstance(error, TypeError) or not watch.refused:
        return ""
    name, args, kwargs = watch.refused
    signature = inspect.signature(watch.own[name])
    try:
        signature.bind(*args, **kwargs)
    except TypeError as unfit:
        count = f"{len(args)} argument{'s' * (len(args) != 1)}" + "".join(f", {key}=..." for key in kwargs)
        return f"{name} is defined with {signature} and called with {count}: {unfit}"
    return ""


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a cell, and of all functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _name(frame: types.FrameType, watch: Watch) -> str:
    name = frame.f_code.co_qualname.split(".<locals>")[0]
    return next((own for own, each in watch.own.items() if each.__code__ is frame.f_code), name)


def _text(frame: types.FrameType, line: int) -> str:
    return linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()


def _quoted(text: str) -> list[str]:
    return [f"    {text}"] if text else []


def _said(error: Exception) -> str:
    message = (str(error).strip().splitlines() or [""])[0]
    message = re.sub(r", with gufunc signature \S+", "", message).rstrip()
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _values(frame: types.FrameType, text: str) -> str:
    """The arguments, and what else is named in the line, as they were when it stopped."""
    code, there = frame.f_code, frame.f_locals
    names = [*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *re.findall(r"(?<![\w.])[^\W\d]\w*", text)]
    shown = [name for name in dict.fromkeys(names) if name in there and not callable(there[name])]
    said = ((name, described(there[name])) for name in shown[:6])
    return ", ".join(f"{name} {what}" if what[0] in "([" else f"{name} = {what}" for name, what in said)


# ---------------------------------------------------------------------------------------------- questions


def _broadcast(message: str) -> str:
    """For two shapes that do not fit entry by entry."""
    shapes = [tuple(map(int, re.findall(r"\d+", shape))) for shape in re.findall(r"\(([\d, ]*)\)", message)][:2]
    if len(shapes) == 2:
        short, long = sorted(shapes, key=len)
        if len(short) < len(long) and any(_fit((*short[:k], 1, *short[k:]), long) for k in range(len(short) + 1)):
            lost = f"{short} has lost an axis, by a sum, a mean, a max or an index"
            return f"{lost}: along which axis of {long} does it run, and does keepdims=True help?"
        if short == long[::-1]:
            return "does one of the two have to be transposed?"
        if len(short) == len(long) and sorted(abs(n - m) for n, m in zip(short, long, strict=True))[-1] == 1:
            return "one of the two has an entry more along an axis: is it the bias's, which the other has not?"
    return ""


def _fit(one: Shapes, other: Shapes) -> bool:
    return len(one) == len(other) and all(n == m or 1 in (n, m) for n, m in zip(one, other, strict=True))


QUESTIONS: tuple[tuple[str, str | Callable[[str], str]], ...] = (
    (r"could not be broadcast together|could not broadcast", _broadcast),
    (r"non-broadcastable output", "is the result larger than the array that it is written into?"),
    (
        r"mismatch in its core dimension|not aligned|does not have enough dimensions",
        "over which index does the product sum? It is the last axis on the left and the first one on the right: does "
        "one of the two have to be transposed, or to go without its bias?",
    ),
    (
        r"truth value of an array",
        "max, min, if, and, or take one number, and here they get an array: which of np.maximum, np.minimum, np.where "
        "goes entry by entry?",
    ),
    (
        r"only (length-1|size-1|0-dimensional) arrays|must be real number, not (ndarray|list)",
        "which function takes one number, as those of math do, and what is it called in NumPy?",
    ),
    (
        r"setting an array element|inhomogeneous",
        "what is one entry to hold: a number, or a whole array? Have all rows one length?",
    ),
    (r"too many indices", "how many axes has the array here, and how many do you index?"),
    (
        r"index .* out of (bounds|range)",
        "entries are counted from 0: which is the last one, and where does l + 1 lead?",
    ),
    (r"only integers, slices|indices must be integers", "is the index a whole number, and is it an array or a list?"),
    (r"number of dimensions|must match|dimensions.*match", "which shapes are put together, and along which axis?"),
    (r"cannot reshape", "how many entries are there, and how many would the new shape hold?"),
    (r"axis \d+ is out of bounds", "how many axes has the array, counted from 0?"),
    (r"values to unpack", "how many things are on the right, and how many names on the left?"),
    (
        r"Cannot cast ufunc|same_kind",
        "an array of whole numbers cannot take fractions in place: is w = w - ... better than w -= ...?",
    ),
    (r"(multiply sequence|operand type.*'list'|'list' object)", "is it a list, where np.array(...) is needed?"),
    (r"object is not callable", "is a * missing before a bracket, or has a variable the name of a function?"),
    (
        r"'(map|zip|filter|generator|enumerate|reversed)'",
        "it can only be gone through, and once: is list(...) missing?",
    ),
    (r"object is not subscriptable|object is not iterable", "is it a number, where you expect an array or a list?"),
    (r"has no attribute", "is the name spelled as NumPy spells it, and is it an array that is asked?"),
    (r"singular", "why does the matrix have no inverse, and do you need one?"),
    (r"recursion", "does the function call itself, and when would it stop?"),
    (r"division by zero", "which number is 0, and when?"),
)


def _question(error: Exception, watch: Watch, called: str) -> str:
    message = str(error)
    if "NoneType" in message:
        if watch.nothing:
            return f"{watch.nothing[-1]} returned None: did it forget its return?"
        return "what is None here? Does a function lack its return, or was x.append(...) or x.sort() taken for a value?"
    if isinstance(error, KeyError):
        return "which keys are there, and are they spelled like this one?"
    if isinstance(error, UnboundLocalError):
        return "has the name a value whichever way the function goes, before this line?"
    if isinstance(error, NameError):
        return "where does the name get its value: is it an argument with another spelling, or a cell that has not run?"
    for pattern, question in QUESTIONS:
        if re.search(pattern, message) and (asked := question if isinstance(question, str) else question(message)):
            return asked
    if called:
        return f"is that what {called} is made for, or is something else to be handed over?"
    return "what does each name in this line stand for, and which shape does it have?"
