"""Values and calls between the checker and a student's process: JSON and raw arrays, never pickles.

The same file runs on both sides, and in the student's process nothing in it is trusted: the checker reads what comes
as numbers, lists and texts of bounded size, or not at all. A function crosses as a number; calling it on the other side
sends the call back. So a student's function can call given ones, and be called with callbacks, to any depth.
"""

from __future__ import annotations

import builtins
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Closed", "Late", "Peer", "WireError"]

NUMBERS = "biuf"  # kinds of arrays
MOST = 1 << 28  # bytes of a message
DEEPEST = 20


class WireError(Exception):
    """A value that cannot cross, or bytes that are no message."""


class Closed(Exception):
    """The other side is gone."""


class Late(BaseException):
    """The other side did not answer in time."""


class Peer:
    """One side of the connection.

    Parameters
    ----------
    connection : socket.socket
        Connected.
    names : callable
        From a name to the function that the other side may call by it.
    """

    def __init__(self, connection: socket.socket, names: Callable[[str], Any]) -> None:
        self.connection, self.names = connection, names
        self.functions: list[Any] = []  # handed to the other side, by their number
        self.until: float | None = None  # when the other side must have answered, in seconds of time.monotonic

    def call(self, target: str | int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the other side, and serve its calls of ours until it answers.

        Raises
        ------
        Exception
            What the function raised there, by name and words; Late, Closed or WireError.
        """
        self._send({"call": target, "args": list(args), "kwargs": kwargs})
        while True:
            message = self._receive()
            if "call" in message:
                self._serve(message)
                continue
            for changed, value in message.get("changed", []):
                _replace((args, kwargs), changed, value)
            if "error" in message:
                raise _exception(str(message["error"]), str(message.get("words", "")))
            return message.get("value")

    def serve(self) -> None:
        """Answer calls until the other side says that it has no more."""
        while "bye" not in (message := self._receive()):
            self._serve(message)

    def bye(self) -> None:
        """End the other side's `serve`."""
        self._send({"bye": True})

    def _serve(self, message: dict[str, Any]) -> None:
        try:
            target, args, kwargs = message["call"], tuple(message["args"]), message["kwargs"]
            function = self.functions[target] if isinstance(target, int) else self.names(str(target))
            before = [(place, array, array.copy()) for place, array in _arrays((args, kwargs))]
            answer = {"value": function(*args, **kwargs)}
            changed = [[list(place), now] for place, now, old in before if not np.array_equal(now, old, equal_nan=True)]
            if changed:  # arguments that the function changed in place
                answer["changed"] = changed
            packed = _packed(answer, self.functions)
        except Late:
            raise
        except BaseException as error:
            packed = _packed({"error": type(error).__name__, "words": _words(error)}, self.functions)
        self._write(packed)

    # bytes

    def _send(self, message: dict[str, Any]) -> None:
        self._write(_packed(message, self.functions))

    def _write(self, packed: bytes) -> None:
        try:
            self.connection.settimeout(None if self.until is None else max(0.01, self.until - time.monotonic()))
            self.connection.sendall(packed)
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Closed from None

    def _receive(self) -> dict[str, Any]:
        head, body = struct.unpack(">II", self._read(8))
        if head + body > MOST:
            raise WireError("it is too large")
        return _unpacked(self._read(head), self._read(body), self._function)

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                self.connection.settimeout(None if self.until is None else max(0.01, self.until - time.monotonic()))
                more = self.connection.recv(min(count - len(parts), 1 << 20))
            except TimeoutError:
                raise Late from None
            except OSError:
                raise Closed from None
            if not more:
                raise Closed
            parts += more
        return bytes(parts)

    def _function(self, number: int) -> Callable[..., Any]:
        def proxy(*args: Any, **kwargs: Any) -> Any:
            return self.call(number, args, kwargs)

        return proxy


# ---------------------------------------------------------------------------------------------- values


def _packed(message: dict[str, Any], functions: list[Any]) -> bytes:
    blobs: list[bytes] = []

    def node(value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise WireError("it is nested too deeply")
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, np.ndarray | np.generic):
            return array(np.asarray(value))
        if isinstance(value, int):
            return {"int": str(value)} if abs(value) > 1 << 53 else value
        if isinstance(value, float):
            return {"float": value.hex()}
        if isinstance(value, list | tuple):
            return {
                type(value).__name__ if type(value) in (list, tuple) else "list": [node(v, depth + 1) for v in value]
            }
        if isinstance(value, dict):
            return {"dict": [[node(k, depth + 1), node(v, depth + 1)] for k, v in value.items()]}
        if callable(value):
            functions.append(value)
            return {"function": len(functions) - 1}
        if hasattr(value, "__array__"):
            return array(np.asarray(value))
        raise WireError(f"a value of type {type(value).__name__} where numbers were expected")

    def array(value: np.ndarray) -> Any:
        if value.dtype == np.longdouble:
            value = value.astype(float)
        if value.dtype.kind not in NUMBERS:
            raise WireError(f"an array of type {value.dtype} where numbers were expected")
        blobs.append(np.ascontiguousarray(value).tobytes())
        return {"array": value.dtype.newbyteorder("=").str, "shape": list(value.shape), "bytes": len(blobs[-1])}

    head = json.dumps({key: node(value, 0) for key, value in message.items()}).encode()
    body = b"".join(blobs)
    if len(head) + len(body) > MOST:
        raise WireError("it is too large")
    return struct.pack(">II", len(head), len(body)) + head + body


def _unpacked(head: bytes, body: bytes, function: Callable[[int], Any]) -> dict[str, Any]:
    at = 0

    def value(node: Any, depth: int) -> Any:
        nonlocal at
        if depth > DEEPEST:
            raise WireError("it is nested too deeply")
        if node is None or isinstance(node, bool | str | int):
            return node
        kind, inner = next(iter(node.items()))
        if kind == "int":
            return int(inner)
        if kind == "float":
            return float.fromhex(inner)
        if kind in ("list", "tuple"):
            items = [value(each, depth + 1) for each in inner]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            return {value(key, depth + 1): value(each, depth + 1) for key, each in inner}
        if kind == "function":
            return function(int(inner))
        if kind == "array":
            dtype, count = np.dtype(str(inner)), int(node["bytes"])
            if dtype.kind not in NUMBERS or not 0 <= count <= len(body) - at:
                raise WireError("it is no array of numbers")
            at += count
            return np.frombuffer(body[at - count : at], dtype).reshape(node["shape"]).copy()
        raise WireError(f"{kind} is unknown")

    try:
        message = {str(key): value(node, 0) for key, node in json.loads(head).items()}
    except WireError:
        raise
    except Exception as error:  # whatever the other side sent
        raise WireError(f"no message: {type(error).__name__}") from None
    return message


def _arrays(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], np.ndarray]]:
    """Every array among the arguments, and where it stands."""
    if isinstance(value, np.ndarray):
        return [(place, value)]
    if isinstance(value, list | tuple):
        return [found for i, each in enumerate(value) for found in _arrays(each, (*place, i))]
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in _arrays(each, (*place, key))]
    return []


def _replace(arguments: Any, place: Any, value: Any) -> None:
    """Write what the other side changed in place into our own array."""
    try:
        for step in place:
            arguments = arguments[step]
        arguments[...] = value
    except Exception as error:  # whatever the other side sent
        raise WireError(f"no change in place: {type(error).__name__}") from None


def _words(error: BaseException) -> str:
    try:
        return str(error).split("\n")[0][:200]
    except BaseException:
        return ""


def _exception(kind: str, words: str) -> BaseException:
    known = getattr(builtins, kind, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        try:
            made: BaseException = known(words)
            return made
        except Exception:  # one that takes other arguments
            return RuntimeError(words)
    name = kind if kind.isidentifier() else "Exception"
    other: BaseException = type(name[:80], (Exception,), {})(words)
    return other
