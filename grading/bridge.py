"""The student's end: it runs the notebook's cells and answers for its functions. Nothing that it says is trusted.

Only this module and what it imports stand in the sandbox beside the student's code. The checker asks for a function by
its name. While an item is checked, the functions before it in the notebook are replaced by ones that ask the checker.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grading.borrowed import LIBRARIES, Unusable, stepped, watched
from grading.wire import Peer, Shared

__all__ = ["Limits", "answer", "prepare"]

MAX_TEXT = 100_000  # characters that a cell may print
MAX_DATA = 5_000_000  # characters of a picture or a table that a cell may show
Limits = dict[str, int]  # bytes of memory, number of processes


# ---------------------------------------------------------------------------------------------- cells


class _Stream(io.TextIOBase):
    """What a cell prints, until it is too much."""

    def __init__(self, name: str, outputs: list[dict[str, Any]]) -> None:
        self.name, self.outputs = name, outputs

    def write(self, text: str, /) -> int:
        used = sum(len(out["text"]) for out in self.outputs if out["output_type"] == "stream")
        if used < MAX_TEXT:
            kept = text if len(text) <= MAX_TEXT - used else text[: MAX_TEXT - used] + "\n... more was left out ...\n"
            last = self.outputs[-1] if self.outputs else {}
            if last.get("name") == self.name:
                last["text"] += kept
            else:
                self.outputs.append({"output_type": "stream", "name": self.name, "text": kept})
        return len(text)


class _Sink(io.TextIOBase):
    def write(self, text: str, /) -> int:
        return len(text)


class _Shown(DisplayPublisher):
    def publish(self, data: dict[str, Any], metadata: Any = None, *_: Any, **__: Any) -> None:
        _shell().keep("display_data", data)


class _Value(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        _shell().keep("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Shell(InteractiveShell):
    """IPython without a kernel: outputs are kept in a list."""

    outputs: list[dict[str, Any]]

    def keep(self, kind: str, data: dict[str, Any]) -> None:
        texts = {mime: value for mime, value in data.items() if isinstance(value, str) and len(value) <= MAX_DATA}
        self.outputs.append({"output_type": kind, "data": texts})

    def _showtraceback(self, etype: type, evalue: BaseException | None, stb: list[str]) -> None:
        try:
            words = str(evalue)
        except Exception:
            words = ""
        said = {"ename": etype.__name__, "evalue": words[:1000], "traceback": [line[:MAX_TEXT] for line in stb[:50]]}
        self.outputs.append({"output_type": "error", **said})


def _shell() -> _Shell:
    shell: _Shell = _Shell.instance()
    return shell


def prepare() -> None:
    """Import and make what every submission needs, before there is one."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    quiet = {"HistoryManager": {"enabled": False}, "InteractiveShell": {"autocall": 0, "colors": "nocolor"}}
    _Shell.instance(config=Config(quiet), display_pub_class=_Shown, displayhook_class=_Value).outputs = []
    import matplotlib.pyplot  # noqa: F401

    import nnlib.checks
    import nnlib.data

    nnlib.data.mnist()  # keeps what it unpacks


def _run(source: str) -> list[dict[str, Any]]:
    """Run a cell; its outputs."""
    shell = _shell()
    outputs: list[dict[str, Any]] = []
    shell.outputs = outputs
    with contextlib.redirect_stdout(_Stream("stdout", outputs)), contextlib.redirect_stderr(_Stream("stderr", outputs)):
        shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
    return outputs


# ---------------------------------------------------------------------------------------------- functions


class _Absent:
    """Says of a library why it is not there, instead of leaving that to Python's import."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] in LIBRARIES and name.split(".")[0] != "nnlib":
            raise ImportError(f"{name} is not here; this part asks for your own code, with NumPy alone")


def _share(thing: Any) -> Shared | None:
    """Objects of the student's own classes cross, to be used from outside."""
    return Shared(thing, None) if type(thing).__module__ == "__main__" else None


class _Answers:
    """What the checker may ask."""

    def __init__(self, connection: socket.socket) -> None:
        self.own: dict[str, Callable[..., Any]] = {"%run": _run, "%lend": self.lend, "%take": self.take}
        self.own["%stepped"] = lambda name: stepped(_shell().user_ns.get(name))
        self.peer = Peer(connection, self.named, _share, self.around)
        self.kept: dict[str, Any] = {}
        self.lent: list[str] = []

    def named(self, name: str) -> Any:
        if name in self.own:
            return self.own[name]
        namespace = _shell().user_ns
        if name not in namespace:
            raise Unusable(f"there is no function {name}")
        return namespace[name]

    @contextlib.contextmanager
    def around(self, thing: Any) -> Iterator[None]:
        """Of student code: silent, looked at, and interruptible. Outside of it an interrupt would end this process."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if any(thing == own for own in self.own.values()):
                yield
            else:
                sink = _Sink()
                with (
                    contextlib.redirect_stdout(sink),
                    contextlib.redirect_stderr(sink),
                    np.errstate(all="ignore"),
                    watched(thing),
                ):
                    yield
        finally:
            signal.signal(signal.SIGINT, before)

    def lend(self, names: Sequence[str]) -> None:
        """Put functions that ask the checker in the place of those named."""
        namespace = _shell().user_ns
        self.kept, self.lent = {name: namespace[name] for name in names if name in namespace}, list(names)
        namespace.update({name: self.right(name) for name in names})

    def take(self) -> None:
        """Take them out again."""
        namespace = _shell().user_ns
        for name in self.lent:
            namespace.pop(name, None)
        namespace.update(self.kept)
        self.peer.clear()

    def right(self, name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.peer.call(name, args, kwargs)

        function.__name__ = function.__qualname__ = name
        return function


# ---------------------------------------------------------------------------------------------- the process


def answer(connection: socket.socket, seed: int, limits: Limits) -> None:
    """Answer the checker until it hangs up.

    Parameters
    ----------
    connection : socket.socket
        To the checker.
    seed : int
        Of Python's and NumPy's own generators: a notebook that sets none gives the same at each grading.
    limits : dict
        ``memory`` in bytes, ``processes``.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(limits)
    random.seed(seed)
    np.random.seed(seed)
    sys.meta_path.insert(0, _Absent())
    _shell().user_ns.update(exit=sys.exit, quit=sys.exit)  # IPython's own would end the process
    with contextlib.suppress(Exception):
        _Answers(connection).peer.serve()


def _limit(limits: Limits) -> None:
    with contextlib.suppress(ImportError):  # Windows has none of these
        import resource

        wanted = [(resource.RLIMIT_DATA, limits["memory"]), (resource.RLIMIT_FSIZE, 1 << 28), (resource.RLIMIT_CORE, 0)]
        wanted.append((resource.RLIMIT_NPROC, limits["processes"]) if sys.platform == "linux" else wanted[0])
        for what, most in wanted:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What student code writes past Python, as a C library does, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    yield


def main() -> None:
    """Without a sandbox: connect to the port and say the word of the first line of standard input."""
    about = json.loads(sys.stdin.readline())
    connection = socket.create_connection(("127.0.0.1", about["port"]))
    connection.sendall(bytes.fromhex(about["word"]))
    with _silent():
        prepare()
        answer(connection, about["seed"], about["limits"])
