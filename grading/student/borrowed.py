"""Does a student's function do its work, or does it call a library that does it?

Two looks: at the names that its code uses, before it is called; and at the functions that run, while it is called.
The second finds what the first cannot see, such as an import by a computed name. What is compiled shows itself to
neither, so a function that hides a compiled library would pass here; in the sandbox these libraries are not there.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

LIBRARIES = (
    *("nnlib", "torch", "sklearn", "scipy", "tensorflow", "keras", "jax", "skimage", "statsmodels"),
    *("autograd", "sympy", "mpmath", "numdifftools"),  # derivatives without their formula
)
ALLOWED = ("nnlib.checks", "nnlib.data")
NEEDS = {  # what comes with a library, as it cannot be imported without
    "sklearn": ("scipy",),
    "skimage": ("scipy",),
    "statsmodels": ("scipy",),
    "jax": ("scipy",),
    "sympy": ("mpmath",),
    "torch": ("sympy", "mpmath"),
    "tensorflow": ("keras",),
    "numdifftools": ("scipy", "statsmodels"),
}
_permitted = frozenset[str]()


class Unusable(Exception):
    """There is no function that could be checked; the argument is a name, and the kind says what is wrong with it."""


class Missing(Unusable):
    """Nothing has the name."""


class NoFunction(Unusable):
    """What has the name cannot be called."""


class Borrowed(Unusable):
    """The function leaves its work to what has the name."""


class NotThere(Unusable, ImportError):
    """It needs a module, or something of one, that is not there when graded."""


def whole(libraries: Iterable[str]) -> tuple[str, ...]:
    """Those of `LIBRARIES` that are named, with what they need; of nnlib there is never more than `ALLOWED`."""
    named = {each for name in libraries for each in (name, *NEEDS.get(name, ()))}
    return tuple(sorted(named & set(LIBRARIES) - {"nnlib"}))


@contextmanager
def permitted(libraries: Iterable[str]) -> Iterator[None]:
    """Let code use these libraries: an assignment says which.

    In a student's process it is known here alone, and what they make of it there gives them nothing: of other libraries
    the sandbox has no files.
    """
    global _permitted
    before, _permitted = _permitted, frozenset(libraries)
    try:
        yield
    finally:
        _permitted = before


def forbidden(module: str | None) -> bool:
    """Does the name of a module belong to a library that would do the exercise?"""
    name = module or ""
    top, below = name.split(".")[0], tuple(f"{allowed}." for allowed in ALLOWED)
    return top in LIBRARIES and top not in _permitted and name not in ALLOWED and not name.startswith(below)


def found(function: Any) -> str | None:
    """The first name of a library in a function's code and in what it calls in the notebook, or None."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        while isinstance(value, functools.partial):
            value = value.func
        value = getattr(value, "__func__", value)  # a method
        if not isinstance(value, types.FunctionType):
            if name := _library(value):
                return name
            continue
        if forbidden(value.__module__):
            return f"{value.__module__}.{value.__qualname__}"
        for name, used in _names(value):
            if isinstance(used, str):  # an import
                if forbidden(used):
                    return used
            elif isinstance(used, types.FunctionType | functools.partial):
                waiting.append(used)
            elif library := _library(used):
                return library if library.endswith(name) else f"{library} ({name})"
    return None


def _library(value: Any) -> str | None:
    """The library that a module, a class, a compiled function or an object comes from."""
    if isinstance(value, types.ModuleType):
        return value.__name__ if forbidden(value.__name__) else None
    if isinstance(value, np.ufunc):  # says nothing of where it comes from
        own = value.__name__.endswith(" (vectorized)") or getattr(np, value.__name__, None) is value
        return None if own or _in_permitted(value) else f"the compiled {value.__name__}"
    owner = value if isinstance(getattr(value, "__module__", None), str) else type(value)
    named = getattr(owner, "__qualname__", type(value).__qualname__)
    return f"{owner.__module__}.{named}" if forbidden(owner.__module__) else None


def _in_permitted(value: np.ufunc) -> bool:
    modules = [module for name, module in [*sys.modules.items()] if name.partition(".")[0] in _permitted]
    return any(getattr(module, value.__name__, None) is value for module in modules)


def _names(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The global values that a function's code uses, what its closure holds, and the modules that it imports."""
    for cell in function.__closure__ or ():
        try:
            yield "", cell.cell_contents
        except ValueError:  # not yet filled
            continue
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if not isinstance(default, str):
            yield "", default
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        steps = list(dis.get_instructions(code))
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            if step.opname == "IMPORT_NAME":
                brought = [following.argval] if following and following.opname == "IMPORT_FROM" else []
                names = [f"{step.argval}.{name}" for name in brought if f"{step.argval}.{name}" in ALLOWED]
                yield step.argval, names[0] if names else step.argval
            elif step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in function.__globals__:
                value = function.__globals__[step.argval]
                if isinstance(value, types.ModuleType) and following and following.opname.startswith("LOAD_"):
                    value = getattr(value, str(following.argval), value)  # nnlib.data is not nnlib
                yield step.argval, value


@contextmanager
def watched(function: Any) -> Iterator[None]:
    """Refuse a function that uses a library, by its names now or by the functions that run inside.

    Raises
    ------
    Borrowed
        With the library's name.
    """
    if name := found(function):
        raise Borrowed(name)
    called: list[str] = []

    def trace(frame: types.FrameType, event: str, argument: Any) -> None:
        module = frame.f_globals.get("__name__")
        if not called and isinstance(module, str) and forbidden(module) and _from_outside(frame):
            called.append(f"{module}.{frame.f_code.co_name}")

    before: Callable[..., Any] | None = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
        if called:
            raise Borrowed(called[0])


def _from_outside(frame: types.FrameType) -> bool:
    """Was it called by other code than what students are given (`nnlib.data` calls more of nnlib)?"""
    back = frame.f_back
    while back is not None:
        name = back.f_globals.get("__name__", "")
        if isinstance(name, str) and name.startswith(ALLOWED):
            return False
        back = back.f_back
    return True


# words without which neither complex steps nor exact differences can be written
STEPS = ("complex numbers", "numbers of more digits")
COMPLEX = {
    "imag",
    "angle",
    "emath",
    "scimath",
    "complex",
    "complex64",
    "complex128",
    "csingle",
    "cdouble",
    "complex_",
    "c8",
    "c16",
}
LONG = {
    "Decimal",
    "Fraction",
    "longdouble",
    "float128",
    "float96",
    "longfloat",
    "clongdouble",
    "complex256",
    "complex192",
    "longcomplex",
}


def stepped(function: Any) -> str:
    """What a function's code, or what it calls in the notebook, computes with: one of `STEPS`, or an empty text.

    Names and constants are looked for, and not whether they run: a formula of a derivative needs neither.
    """
    seen: set[int] = set()
    waiting, held = [function], list[Any]()
    while waiting:
        value = waiting.pop()
        while isinstance(value, functools.partial):
            held += [*value.args, *value.keywords.values()]
            value = value.func
        value = getattr(value, "__func__", value)
        if not isinstance(value, types.FunctionType) or id(value) in seen or _given(value.__module__):
            continue
        seen.add(id(value))
        used = [each for _, each in _names(value) if not isinstance(each, str)]
        waiting, held = waiting + used, held + used
        codes = [value.__code__]
        while codes:
            code = codes.pop()
            constants = list(code.co_consts)
            constants += [each for constant in constants if isinstance(constant, tuple) for each in constant]
            codes += [constant for constant in constants if isinstance(constant, types.CodeType)]
            words = {*code.co_names, *(constant for constant in constants if isinstance(constant, str))}
            numbers = [each for each in (*constants, *held) if isinstance(each, complex | np.number | np.ndarray)]
            kinds = {np.asarray(each).dtype.char for each in numbers}
            if words & LONG or kinds & set("gG"):
                return STEPS[1]
            if words & COMPLEX or kinds & set("FD"):
                return STEPS[0]
    return ""


def _given(module: str | None) -> bool:
    """Is it code that a student did not write?"""
    return (module or "").split(".")[0] in ("numpy", "nnlib", "grading")
