"""Values and calls between the checker and a student's process: JSON and raw arrays, never pickles.

The same file runs on both sides, and in the student's process nothing in it is trusted: the checker reads what comes
as numbers, texts, lists and arrays of bounded size, or not at all. A function stays where it is and crosses as a
number; to call it is to send a question back. So a student's function can be given callbacks and right functions, to
any depth. An object of a class does not cross. A value is a copy, but what is done in place to arguments, while the
call lasts, is done to the caller's own too.

A message is a head in JSON and a body of bytes, which arrays and long texts share. The head is one of ::

    ["call", 7, name or number, [args, kwargs]]                     question 7
    ["value", 7, [value, changes]]   ["error", 7, kind, words]      its answer

where ``changes`` tells what was done in place to the arguments.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import itertools
import json
import math
import operator
import socket
import struct
import threading
import time
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any

import numpy as np

__all__ = ["Closed", "Late", "NotNumbers", "Peer", "WireError", "plain"]

MOST = 1 << 27  # bytes of a body
MOST_HEAD = 1 << 22  # bytes of a head: read as lists it takes up to a hundred times as much
MANY = 1 << 12  # functions handed out; functions and keys in a message, as all keys could have one hash
LONG = 1 << 8  # characters: a longer text goes into the body, where it takes no more bytes than it has
PARTS = 1 << 16  # taken of what gives them out one by one
WORDS = 200  # characters of an error
DEEPEST = 20  # values in one another
CALLS = 50  # calls in one another

PLAIN = frozenset((bool, int, float, str, type(None)))  # as JSON has them; Python reads no integer over 4300 digits
SHORT = PLAIN - {str}
WIDE = ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
_encode = json.JSONEncoder(check_circular=False).encode
DTYPES = {code: np.dtype(code) for code in ["|b1", "|i1", "|u1", *("<" + t for t in WIDE), *(">" + t for t in WIDE)]}


class WireError(Exception):
    """The other side sent something that is no message; it is not listened to any more."""


class Closed(Exception):
    """The other side is gone."""


class Late(BaseException):
    """The other side did not answer in time."""


class NotNumbers(TypeError):
    """What a function returned is nothing that crosses; the argument is the name of its type."""


# ---------------------------------------------------------------------------------------------- the connection


class Peer:
    """One side of the connection.

    Several threads may ask: one after the other, each with its whole answer. While one of them answers a question of
    the other side the others may ask theirs, and what was asked last is answered first.

    Parameters
    ----------
    connection : socket.socket
        Connected.
    names : callable
        From a name to what the other side means by it: a function to call, or a value.
    around : callable, optional
        From a function of ours to the context in which it is called.
    errors : sequence of exceptions
        Those that cross by their name, beside Python's own.

    Attributes
    ----------
    until : float or None
        When the other side must have answered, in seconds of ``time.monotonic``.
    patience : callable
        Asked when it has not: for how many seconds more it is waited for.
    """

    def __init__(
        self,
        connection: socket.socket,
        names: Callable[[str], Any],
        around: Callable[[Any], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
        errors: Sequence[type[Exception]] = (),
    ) -> None:
        self.connection, self.names, self.around = connection, names, around
        self.errors = {error.__name__: error for error in errors}
        self.until: float | None = None
        self.patience: Callable[[], float] = lambda: 0.0
        self._incoming, self._outgoing = bytearray(), bytearray()
        self._asked: set[int] = set()  # questions without an answer
        self._questions = self._handed = 0
        self._serves = False
        self._turn, self._owner = threading.Condition(), 0  # the thread that uses the connection
        self._answering = list[object]()  # questions of the other side, the last one on top
        self._ours: dict[int, Callable[..., Any]] = {}  # handed out, by a number that is never used again
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._theirs: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

    def call(self, target: str | int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a function of the other side by its name, and serve the other side until it answers.

        Returns
        -------
        Any
            A value; in the place of a function one that calls it.

        Raises
        ------
        Exception
            What the function raised there, by name and words.
        Late, Closed, WireError
            If there is no answer.
        TypeError, ValueError
            If an argument cannot cross.
        """
        try:
            self._take()
            self._questions += 1
            number, kwargs = self._questions, dict(kwargs)
            try:
                packed = self._packed(["call", number, target], [list(args), kwargs])
            except NotNumbers as error:  # that word is for what a function returned
                raise TypeError(f"a value of type {error} where numbers were expected") from None
            arguments = _changeable((*args, *kwargs.values()))
            self._left()  # nothing is sent if it is late already
            self._asked.add(number)
            self._write(packed)
            while (message := self._receive()).get("to") != number:
                if "call" in message:
                    self._serve(message)
            if "error" in message:
                raise self._exception(message["error"], message["words"])
            self._change(message["changes"], arguments)
            return message["value"]
        finally:
            self._give()

    def serve(self) -> None:
        """Answer questions until the other side is `Closed`."""
        self._serves = True
        try:
            self._take()
            while True:
                if "call" in (message := self._receive()):
                    self._serve(message)
        finally:
            self._give()

    def settle(self) -> Any:
        """Wait for the answers to questions that were given up when it was `Late`, and refuse what is asked meanwhile.

        Returns
        -------
        Any
            The last answer; None if it was an error.
        """
        value = None
        self._write([])
        while self._asked:
            message = self._receive()
            if "call" in message:
                self._write(self._packed(["error", message["id"], "TimeoutError", "it is too late"]))
            value = message.get("value")
        return value

    def clear(self) -> None:
        """Forget the functions that were handed out: the other side can use them no more."""
        self._ours.clear()
        self._numbers.clear()

    # answering

    def _serve(self, message: dict[str, Any]) -> None:
        number, args, kwargs = message["id"], message["args"], message["kwargs"]
        this = object()
        self._answering.append(this)
        try:
            if len(self._answering) > CALLS:
                raise RecursionError("the two sides call each other without end")
            arguments = _changeable((*args, *kwargs.values()))
            before = list(map(_state, arguments))
            self._give()
            try:
                value = self._perform(message["call"], args, kwargs)
            finally:
                self._take(lambda: self._answering[-1] is this)
            packed = self._packed(["value", number], [value, _changes(arguments, before)])
        except (Late, Closed, WireError):
            raise
        except BaseException as error:
            if not (self._serves or isinstance(error, Exception)):
                raise  # Ctrl-C is for the checker
            packed = self._packed(["error", number, type(error).__name__, _words(error)])
        finally:
            self._answering.remove(this)
        self._write(packed)

    def _take(self, ready: Callable[[], bool] = lambda: True) -> None:
        """Wait until no other thread uses the connection, and use it."""
        with self._turn:
            self._turn.wait_for(lambda: not self._owner and ready())
            self._owner = threading.get_ident()

    def _give(self) -> None:
        with self._turn:
            if self._owner == threading.get_ident():
                self._owner = 0
                self._turn.notify_all()

    def _perform(self, target: str | int, args: list[Any], kwargs: dict[str, Any]) -> Any:
        function = self.names(target) if isinstance(target, str) else self._own(target)
        with self.around(function):
            return plain(function(*args, **kwargs))

    def _own(self, number: int) -> Callable[..., Any]:
        if number not in self._ours:
            raise ReferenceError("it belongs to an item that was checked before")
        return self._ours[number]

    def _hand(self, function: Callable[..., Any]) -> int:
        """A number for the other side: the same for the same function, and for the same method, made at each use."""
        owner = getattr(function, "__self__", None)
        named = id(function.__func__) if isinstance(function, types.MethodType) else getattr(function, "__name__", "")
        key = (id(function),) if owner is None else (id(owner), named)
        if key not in self._numbers:
            if len(self._ours) >= MANY:
                raise ValueError("too many functions are handed out")
            self._handed += 1
            self._numbers[key], self._ours[self._handed] = self._handed, function
        return self._numbers[key]

    def _their(self, number: int) -> Any:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.call(number, args, kwargs)

        function._number = number  # type: ignore[attr-defined]
        made = self._theirs.get(number) or function
        self._theirs[number] = made
        return made

    def _change(self, changes: Any, arguments: list[Any]) -> None:
        """Do to our arguments what was done to their copies."""
        try:
            for number, now in changes:
                _replace(arguments[operator.index(number)], now)
        except Exception as error:  # whatever the other side sent
            raise self._refusal(f"no change in place: {type(error).__name__}") from None

    # bytes

    def _packed(self, head: list[Any], values: Any = None) -> list[bytes]:
        out = _Out(self)
        packed = _encode(head if values is None else [*head, out.node(values, -2)]).encode()
        size = sum(map(len, out.blobs))
        if len(packed) > MOST_HEAD or size > MOST:
            raise ValueError("a value is too large")
        return [struct.pack(">II", len(packed), size), packed, *out.blobs]

    def _left(self) -> float | None:
        left = None if self.until is None else self.until - time.monotonic()
        if left is not None and left <= 0:
            left = self.patience()
            if left <= 0:
                raise Late
            self.until = time.monotonic() + left
        return left

    def _io(self, operation: Callable[[Any], Any], argument: Any) -> Any:
        while True:
            left = self._left()
            try:
                self.connection.settimeout(left)
                return operation(argument)
            except TimeoutError:
                continue
            except OSError:
                raise Closed from None

    def _write(self, packed: list[bytes]) -> None:
        for part in packed:
            self._outgoing += part
        while self._outgoing:  # what is left when it is late goes before the next message
            del self._outgoing[: self._io(self.connection.send, self._outgoing)]

    def _fill(self, count: int) -> None:
        while (missing := count - len(self._incoming)) > 0:
            more = self._io(self.connection.recv, max(1 << 16, min(missing, 1 << 18)))
            if not more:
                raise Closed
            self._incoming += more

    def _receive(self) -> dict[str, Any]:
        self._fill(8)
        head, body = struct.unpack(">II", self._incoming[:8])
        if head > MOST_HEAD or body > MOST:
            raise self._refusal("it is too large")
        self._fill(8 + head + body)
        packed, rest = self._incoming[8 : 8 + head], self._incoming[8 + head : 8 + head + body]
        del self._incoming[: 8 + head + body]
        try:
            return self._unpacked(json.loads(packed.decode("ascii")), rest)
        except Exception as error:  # whatever the other side sent
            raise self._refusal(f"it is no message: {type(error).__name__}") from None

    def _unpacked(self, head: Any, body: bytearray) -> dict[str, Any]:
        match head:
            case ["call", int(number), (int() | str()) as target, node]:
                args, kwargs = _In(self, body).whole(node)
                if isinstance(args, list) and isinstance(kwargs, dict):
                    return {"call": target, "id": number, "args": args, "kwargs": kwargs}
            case ["value", int(number), node]:
                self._asked.remove(number)
                value, changes = _In(self, body).whole(node)
                if isinstance(changes, list):
                    return {"to": number, "value": value, "changes": changes}
            case ["error", int(number), str(kind), str(words)]:
                self._asked.remove(number)
                return {"to": number, "error": kind, "words": words}
        raise WireError

    def _refusal(self, why: str) -> WireError:
        self.connection.close()
        return WireError(why)

    def _exception(self, kind: str, words: str) -> Exception:
        words = "".join(letter if letter.isprintable() else " " for letter in words[:WORDS])
        known = self.errors.get(kind) or vars(builtins).get(kind)
        if isinstance(known, type) and issubclass(known, Exception):
            with contextlib.suppress(Exception):  # one that takes other arguments
                return known(words)
        other: Exception = type(kind[:80] if kind[:80].isidentifier() else "Exception", (Exception,), {})(words)
        return other


# ---------------------------------------------------------------------------------------------- values


class _Out:
    """Values on their way out: nodes for the head, blobs for the body."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.blobs = peer, list[bytes]()

    def node(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if kind in SHORT or (kind is str and len(value) < LONG):
            return value
        if depth > DEEPEST:
            raise TypeError("it is nested too deeply")
        match value:
            case str():
                return {"text": self._blob(str.__str__(value).encode("utf-8", "surrogatepass"))}
            case np.ndarray():
                return {"array": [self._numbers(value), list(value.shape), value.flags.writeable]}
            case np.generic():
                return {"scalar": self._numbers(np.asarray(value))}
            case list():
                return self._each(value, depth)
            case tuple():
                return {"tuple": self._each(value, depth)}
            case dict():
                return {"dict": [self._each(item, depth) for item in value.items()]}
            case int():
                return int.__int__(value)
            case float():
                return float.__float__(value)
            case complex():
                return {"complex": [value.real, value.imag]}
        number = getattr(value, "_number", None)
        if type(number) is int and self.peer._theirs.get(number) is value:
            return {"yours": number}
        if callable(value):
            return {"theirs": self.peer._hand(value)}
        raise NotNumbers(kind.__name__)

    def _each(self, values: Any, depth: int) -> list[Any]:
        return [value if type(value) in SHORT else self.node(value, depth + 1) for value in values]

    def _numbers(self, array: np.ndarray) -> str:
        array = np.asarray(array)
        if array.dtype.char in "gG":  # no other machine has these
            array = array.astype(complex if array.dtype.char == "G" else float)
        if array.dtype.str not in DTYPES:
            raise NotNumbers(f"array of {array.dtype}")
        self._blob(array.tobytes())
        return array.dtype.str

    def _blob(self, data: bytes) -> int:
        self.blobs.append(data)
        return len(data)


class _In:
    """Values on their way in: whatever the node, nothing comes of it but what `value` makes, or an exception."""

    def __init__(self, peer: Peer, body: bytearray) -> None:
        self.peer, self.body, self.at, self.many = peer, body, 0, 0

    def whole(self, node: Any) -> Any:
        made = self.value(node, -2)
        if self.at != len(self.body):
            raise WireError
        return made

    def value(self, node: Any, depth: int) -> Any:
        if type(node) in PLAIN:
            return node
        if depth > DEEPEST:
            raise WireError
        if isinstance(node, list):
            return self._each(node, depth)
        ((kind, inner),) = node.items()
        match kind, inner:
            case "text", int(count):
                at = self._skip(count)
                return self.body[at : at + count].decode("utf-8", "surrogatepass")
            case "array", [str(code), list(shape), bool(writeable)]:
                array = self._array(code, shape)
                array.flags.writeable = writeable
                return array
            case "scalar", str(code):
                return self._array(code, [])[()]
            case "tuple", list(nodes):
                return tuple(self._each(nodes, depth))
            case "dict", list(nodes):
                return dict(self._item(pair, depth) for pair in nodes)
            case "complex", [float(real), float(imaginary)]:
                return complex(real, imaginary)
            case "theirs", int(number):
                self._count()
                return self.peer._their(number)
            case "yours", int(number):
                return self.peer._own(number)
        raise WireError

    def _each(self, nodes: list[Any], depth: int) -> list[Any]:
        return [node if type(node) in PLAIN else self.value(node, depth + 1) for node in nodes]

    def _item(self, pair: Any, depth: int) -> tuple[Any, Any]:
        key, value = self._each(pair, depth)
        if not isinstance(key, str):  # the hash of a text cannot be foreseen
            self._count()
        return key, value

    def _count(self) -> None:
        self.many += 1
        if self.many > MANY:
            raise WireError

    def _skip(self, count: int) -> int:
        if not 0 <= count <= len(self.body) - self.at:
            raise WireError
        self.at += count
        return self.at - count

    def _array(self, code: str, shape: list[Any]) -> np.ndarray:
        if len(shape) > 64 or not all(type(each) is int and each >= 0 for each in shape):
            raise WireError
        dtype = DTYPES[code]
        at = self._skip(math.prod(shape) * dtype.itemsize)
        array: np.ndarray = np.ndarray(shape, dtype, self.body, at).copy()
        return array


def plain(value: Any, depth: int = 0) -> Any:
    """A list of what gives out its parts one by one, and an array of numbers of what only looks like none.

    So an answer may be a generator, a deque, an array of objects. Of an endless one a part is taken.
    """
    if isinstance(value, Iterator | deque | range | KeysView | ValuesView):
        value = list(itertools.islice(value, PARTS))
    if type(value) in (list, tuple) and depth < DEEPEST and not all(type(part) in PLAIN for part in value):
        return type(value)(part if type(part) in PLAIN else plain(part, depth + 1) for part in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        with contextlib.suppress(TypeError, ValueError):
            return np.array(value.tolist(), dtype=float)
    return np.asarray(value) if isinstance(value, np.matrix) else value


def _changes(values: list[Any], before: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Those lists, dictionaries and arrays that are not in the state they were in: their numbers, and copies."""
    each = enumerate(zip(values, before, strict=True))
    return [[number, copy.copy(value)] for number, (value, old) in each if not _equal(value, old, _state(value))]


def _changeable(value: Any) -> list[Any]:
    """The lists, dictionaries and arrays in a value, in an order that both sides share."""
    if isinstance(value, np.ndarray):
        return [value]
    if not isinstance(value, list | tuple | dict):
        return []
    parts = value.values() if isinstance(value, dict) else value
    inner = [found for part in parts if type(part) not in PLAIN for found in _changeable(part)]
    return inner if isinstance(value, tuple) else [value, *inner]


def _state(value: Any) -> tuple[Any, ...]:
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype, value.tobytes())
    return tuple(value) if isinstance(value, list) else (*value, *value.values())


def _equal(value: Any, old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    if isinstance(value, np.ndarray):
        return old == new
    return len(old) == len(new) and all(map(operator.is_, old, new))


def _replace(ours: Any, now: Any) -> None:
    if isinstance(ours, np.ndarray) and isinstance(now, np.ndarray):
        np.copyto(ours, now.reshape(ours.shape))
    elif isinstance(ours, list) and isinstance(now, list):
        ours[:] = now
    elif isinstance(ours, dict) and isinstance(now, dict):
        ours.clear()
        ours.update(now)
    else:
        raise WireError


def _words(error: BaseException) -> str:
    try:
        said = error.args[0] if isinstance(error, KeyError) and error.args else error  # str() would quote the key
        return str(said).split("\n")[0][:WORDS]
    except BaseException:
        return ""
