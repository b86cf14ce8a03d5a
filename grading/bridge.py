"""The student's end: it stands in the sandbox beside the student's code, and nothing that it says is trusted.

The checker asks for a function by its name; this end looks it up in the notebook's namespace and calls it. While an
item is checked, the functions before it in the notebook are replaced by ones that ask the checker.
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.borrowed import LIBRARIES, Unusable, watched
from grading.wire import Peer

_peers: list[Peer] = []


class _Absent:
    """Says of a library why it is not there, instead of leaving that to Python's import."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] in LIBRARIES and name.split(".")[0] != "nnlib":
            raise ImportError(f"{name} is not here; this part asks for your own code, with NumPy alone")


class _Sink(io.TextIOBase):
    def write(self, text: str, /) -> int:
        return len(text)


def _namespace() -> dict[str, Any]:
    from IPython import get_ipython

    namespace: dict[str, Any] = get_ipython().user_ns
    return namespace


def _function(name: str) -> Callable[..., Any]:
    namespace = _namespace()
    if name not in namespace:
        raise Unusable(f"there is no function {name}")
    function = namespace[name]
    if not callable(function):
        raise Unusable(f"{name} is no function, its name was given to something else")

    def call(*args: Any, **kwargs: Any) -> Any:
        sink = _Sink()
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            np.errstate(all="ignore"),
            watched(function),
        ):
            return function(*args, **kwargs)

    return call


def start(path: str) -> None:
    """Connect to the checker."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    _peers.append(Peer(connection, _function))
    sys.meta_path.insert(0, _Absent())


def check(others: Sequence[str]) -> None:
    """Put the checker's functions in the place of those named, serve until it has done, and take them out again."""
    peer, namespace = _peers[0], _namespace()
    kept = {name: namespace[name] for name in others if name in namespace}
    for name in others:
        namespace[name] = _right(peer, name)
    try:
        peer.serve()
    finally:
        for name in others:
            namespace.pop(name, None)
        namespace.update(kept)


def _right(peer: Peer, name: str) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        return peer.call(name, args, kwargs)

    function.__name__ = function.__qualname__ = name
    return function
