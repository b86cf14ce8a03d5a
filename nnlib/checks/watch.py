"""Looks after the functions of a notebook while a part is checked: what they change, and what they return."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Iterator, KeysView, Mapping, ValuesView
from numbers import Number
from typing import Any

import numpy as np

INNER = 20  # so many calls from other functions are looked at: training makes thousands, and a recursion has no room


class Changed(Exception):
    """A function changed what it was given: its name, and the arguments by their names."""


class Watch:
    """Stands between the cell of a check and the functions of its notebook, for as long as it is open.

    Parameters
    ----------
    namespace : dict
        The notebook's names. A function that was defined there is watched; what was imported is not.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.own = {
            name: value
            for name, value in namespace.items()
            if isinstance(value, types.FunctionType) and value.__globals__ is namespace
        }
        self.watched = {name: self._watched(name, function) for name, function in self.own.items()}
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []  # that run now, outermost first
        self.refused: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None  # the call that raised first
        self.returned: dict[str, Any] = {}  # to the cell, the latest last
        self.nothing: list[str] = []  # functions that returned None to another function
        self.changed: list[Changed] = []  # by a call from another function, which may want just that
        self.open = False

    def __enter__(self) -> Watch:
        self.open = True
        self._exchange(self.own, self.watched)
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False
        self._exchange(self.watched, self.own)

    def _exchange(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for name in old:
            if self.namespace.get(name) is old[name]:  # else the cell has defined it anew
                self.namespace[name] = new[name]

    def _watched(self, name: str, function: types.FunctionType) -> Callable[..., Any]:
        looks = INNER

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal looks
            inner = bool(self.calls)
            if not self.open:  # somebody has kept it
                return function(*args, **kwargs)
            looks -= inner
            if inner and looks <= 0 and self.namespace.get(name) is call:
                self.namespace[name] = function
            given = _named(function, args, kwargs)
            before = {argument: _kept(value, {}) for argument, value in given.items()}
            self.calls.append((name, args, kwargs))
            try:
                result = function(*args, **kwargs)
                if not inner:
                    result = plain(result)  # here, since a generator runs the student's code only now
            except Exception:
                self.refused = self.refused or self.calls[-1]
                raise
            finally:
                self.calls.pop()
                if not inner:
                    self._exchange(self.own, self.watched)
            self.refused = None  # what was raised inside has been caught
            changes = {each: value for each, value in given.items() if not _same(value, before[each])}
            if inner:
                self.changed += [Changed(name, changes)] if changes else []
                self.nothing += [name] if result is None else []
                return result
            self.returned.pop(name, None)
            self.returned[name] = result
            if changes:
                raise Changed(name, changes)
            return result

        return call


def _named(function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    rest = (f"number {i}" for i in range(len(names) + 1, len(args) + 1))
    return dict(zip([*names, *rest], args, strict=False)) | kwargs


def _kept(value: Any, known: dict[int, np.ndarray]) -> Any:
    """A copy of all arrays in a value, each made once: a list may hold one array a hundred times."""
    if isinstance(value, np.ndarray):
        if id(value) not in known:
            known[id(value)] = value.copy()
        return known[id(value)]
    if isinstance(value, list | tuple):
        return [_kept(each, known) for each in value]
    if isinstance(value, dict):
        return {key: _kept(each, known) for key, each in value.items()}
    return value


def _same(value: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        if not isinstance(value, np.ndarray) or (value.dtype, value.shape) != (before.dtype, before.shape):
            return False
        if value.dtype.kind not in "fc" or np.array_equal(value, before):
            return np.array_equal(value, before)
        largest = np.max(np.abs(before), initial=1.0, where=np.isfinite(before))
        rounding = 64 * float(np.finfo(value.dtype).eps * largest)
        return np.allclose(value, before, rtol=0, atol=rounding, equal_nan=True)  # w += eps and w -= eps put it back
    if isinstance(before, list):
        same_length = isinstance(value, list | tuple) and len(value) == len(before)
        return same_length and all(map(_same, value, before))
    if isinstance(before, dict):
        return value.keys() == before.keys() and all(_same(value[key], each) for key, each in before.items())
    return value is before or np.array_equal(value, before)


def plain(value: Any) -> Any:
    """A result in a form that the checks can compute with, whatever container the numbers came in.

    Parameters
    ----------
    value : Any
        An iterator (which is consumed), a deque, a matrix, an array of objects, lists of them.

    Returns
    -------
    Any
        Arrays for numbers, and for anything else that was like a list a list; the value itself if it was neither.
    """
    if isinstance(value, np.matrix):
        return np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        if all(isinstance(each, Number) and not isinstance(each, complex) for each in value.flat):
            return value.astype(float)
        return plain(list(value)) if value.ndim else plain(value.item())
    if isinstance(value, Iterator | deque | range | KeysView | ValuesView):
        value = list(value)
    if isinstance(value, list) and value and _numbers(value):
        try:
            return np.array(value)
        except ValueError:
            pass  # rows of different lengths are a list of rows
    if type(value) in (list, tuple):
        return type(value)(plain(each) for each in value)
    return value


def _numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_numbers, value))
    return isinstance(value, Number | np.bool_)


def described(value: Any) -> str:
    """What a value is, in few words.

    Parameters
    ----------
    value : Any
        An argument, a variable, a result.

    Returns
    -------
    str
        A shape, a number, a type.
    """
    if isinstance(value, np.ndarray) and value.ndim:
        return str(value.shape)
    if isinstance(value, list | tuple) and len(value) <= 4:
        return f"[{', '.join(map(described, value))}]"
    if isinstance(value, list | tuple | Mapping):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, Number | str | None | np.ndarray):
        text = f"{value:.4g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)
        return text if len(text) <= 20 else type(value).__name__
    return type(value).__name__
