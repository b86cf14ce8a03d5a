"""The student's end: it runs the notebook's cells and answers for its functions. Nothing that it says is trusted.

Only this module and what it imports stand in the sandbox beside the student's code. The checker asks for a function by
its name. When all cells have run, the items are checked. While one is, the names stand for what they stood for at its
place in the notebook, and the functions before it are replaced by ones that ask the checker.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import getpass
import io
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from traitlets.config import Config

from grading.student.borrowed import Missing, NotThere, forbidden, permitted, stepped, watched
from grading.student.passed import PassingShell
from grading.student.wire import Peer

__all__ = ["Limits", "answer", "prepare"]

MAX_TEXT = 100_000  # characters that a cell may print
MAX_DATA = 5_000_000  # characters of a picture or a table that a cell may show
MAX_CELL = 20_000_000  # characters of all pictures and tables of a cell
MAX_OUTPUTS = 500
MORE = "\n... more was left out ...\n"
HANDLES = 256  # open files, sockets and pipes of a process: each may hold 200 kB that nobody counts
ROOM = 1 << 34  # bytes of addresses without memory, of which threads take many; tables of more would be memory
Limits = dict[str, int]  # bytes of memory, number of processes


# ---------------------------------------------------------------------------------------------- cells


class _Outputs(list[dict[str, Any]]):
    """What a cell shows, until it is too much; a courtesy, since the checker counts again."""

    left_text, left_data = MAX_TEXT, MAX_CELL

    def add(self, output: dict[str, Any]) -> None:
        """Keep an output, if there are not too many."""
        if len(self) < MAX_OUTPUTS:
            self.append(output)
        elif len(self) == MAX_OUTPUTS:
            self.append({"output_type": "stream", "name": "stdout", "text": [MORE]})

    def write(self, name: str, text: str) -> None:
        """Keep what is printed, in parts: to join them each time would take as long as all before."""
        if self.left_text <= 0 or len(self) > MAX_OUTPUTS:
            return
        kept = text if len(text) <= self.left_text else text[: self.left_text] + MORE
        self.left_text -= len(text)
        if self and self[-1].get("name") == name:
            self[-1]["text"].append(kept)
        else:
            self.add({"output_type": "stream", "name": name, "text": [kept]})

    def whole(self) -> list[dict[str, Any]]:
        """All that was kept, with each text in one."""
        return [{**out, "text": "".join(out["text"])} if "text" in out else out for out in self]


class _Stream(io.TextIOBase):
    """What a cell prints."""

    def __init__(self, name: str, outputs: _Outputs) -> None:
        self.name, self.outputs = name, outputs

    def write(self, text: str, /) -> int:
        self.outputs.write(self.name, text)
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


class _Shell(PassingShell):
    """IPython without a kernel: outputs are kept in a list."""

    outputs: _Outputs

    def passed(self, what: str, name: str, words: str = "") -> None:
        self.outputs.add({"output_type": "passed", "what": what, "name": name, "words": words})

    def keep(self, kind: str, data: dict[str, Any]) -> None:
        most = min(MAX_DATA, self.outputs.left_data)
        texts = {mime: value for mime, value in data.items() if isinstance(value, str) and len(value) <= most}
        self.outputs.left_data -= sum(map(len, texts.values()))
        self.outputs.add({"output_type": kind, "data": texts})

    def _showtraceback(self, etype: type, evalue: BaseException | None, stb: list[str]) -> None:
        if self.told(evalue):
            return
        try:
            words = str(evalue)
        except Exception:
            words = ""
        said = {"ename": etype.__name__, "evalue": words[:1000], "traceback": [line[:MAX_TEXT] for line in stb[:50]]}
        del self.outputs[MAX_OUTPUTS:]  # it has to be seen, whatever was shown before
        self.outputs.append({"output_type": "error", **said})


def _shell() -> _Shell:
    shell: _Shell = _Shell.instance()
    return shell


def prepare() -> None:
    """Import and make what every submission needs, before there is one."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    quiet = {"HistoryManager": {"enabled": False}, "InteractiveShell": {"autocall": 0, "colors": "nocolor"}}
    _Shell.instance(config=Config(quiet), display_pub_class=_Shown, displayhook_class=_Value).outputs = _Outputs()
    import matplotlib.pyplot  # noqa: F401
    import tqdm
    import tqdm.notebook

    tqdm.notebook.tqdm = tqdm.notebook.tqdm_notebook = tqdm.tqdm  # a bar of widgets needs a browser
    tqdm.notebook.trange = tqdm.notebook.tnrange = tqdm.trange

    import nnlib.checks
    import nnlib.data

    nnlib.data.mnist()  # keeps what it unpacks


def _run(source: str) -> list[dict[str, Any]]:
    """Run a cell; its outputs."""
    shell = _shell()
    shell.outputs = outputs = _Outputs()
    with contextlib.redirect_stdout(_Stream("stdout", outputs)), contextlib.redirect_stderr(_Stream("stderr", outputs)):
        shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
    return outputs.whole()


def _put(files: dict[str, str]) -> None:
    """What lies beside the notebook, in base64, into the working folder."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(text))


# ---------------------------------------------------------------------------------------------- functions


class _Absent:
    """Says of a library why it is not there, instead of leaving that to Python's import."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if forbidden(name) and name.split(".")[0] != "nnlib":
            raise NotThere(name)


class _Answers:
    """What the checker may ask."""

    def __init__(self, connection: socket.socket) -> None:
        self.own: dict[str, Callable[..., Any]] = {"%run": _run, "%mark": self.mark, "%lend": self.lend, "%put": _put}
        self.own["%stepped"] = lambda name: stepped(_shell().user_ns.get(name))
        self.peer = Peer(connection, self.named, self.around)
        self.marks: dict[str, dict[str, Any]] = {}
        self.end: dict[str, Any] = {}

    def named(self, name: str) -> Any:
        if name in self.own:
            return self.own[name]
        namespace = _shell().user_ns
        if name not in namespace:
            raise Missing(name)
        return namespace[name]

    @contextlib.contextmanager
    def around(self, thing: Any) -> Iterator[None]:
        """Of student code: silent, looked at, and interruptible. Outside of it an interrupt would end this process.

        In a thread of the student's it is silent and looked at already, as what started the thread is.
        """
        if threading.current_thread() is not threading.main_thread():
            with np.errstate(all="ignore"):
                yield
            return
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

    def mark(self, item: str) -> None:
        """Remember what the names stand for here, where the notebook has an item."""
        self.marks[item] = dict(_shell().user_ns)

    def lend(self, item: str, own: str, names: Sequence[str], later: Sequence[str]) -> None:
        """Let names stand for what they stood for at an item's place, and some for functions that ask the checker.

        What is only defined further down is there as well, but for the functions of other items.
        """
        namespace = _shell().user_ns
        self.end = self.end or dict(namespace)
        self.peer.clear()
        namespace.clear()
        hidden = set(later) - {own}  # an answer may stand below its place
        namespace |= {name: value for name, value in self.end.items() if name not in hidden}
        namespace |= self.marks[item] | {name: self.right(name) for name in names}

    def right(self, name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            return self.peer.call(name, args, kwargs)

        function.__name__ = function.__qualname__ = name
        return function


# ---------------------------------------------------------------------------------------------- the process


def answer(connection: socket.socket, seed: int, limits: Limits, libraries: Sequence[str]) -> None:
    """Answer the checker until it hangs up.

    Parameters
    ----------
    connection : socket.socket
        To the checker.
    seed : int
        Of Python's and NumPy's own generators: a notebook that sets none gives the same at each grading.
    limits : dict
        ``memory`` in bytes and, if their number is to be limited, ``processes``.
    libraries : sequence of str
        Those that it may use, of the ones that could do an exercise.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(limits)
    random.seed(seed)
    np.random.seed(seed)
    sys.meta_path.insert(0, _Absent())
    sys.path.append(os.getcwd())  # of the student's own modules, none takes the place of another
    builtins.input = _shell().ask
    getpass.getpass = _shell().ask  # type: ignore[assignment]
    sys.breakpointhook = lambda *_, **__: None
    _shell().user_ns.update(exit=sys.exit, quit=sys.exit)  # IPython's own would end the process
    with permitted(libraries), contextlib.suppress(Exception):
        _Answers(connection).peer.serve()


def _limit(limits: Limits) -> None:
    """What one process may have beyond what it has already; of files and sockets no more than such work needs."""
    with contextlib.suppress(ImportError):  # Windows has none of these
        import resource

        held = _held()
        wanted = {
            "DATA": held["VmData"] + limits["memory"],
            "AS": held["VmSize"] + limits["memory"] + ROOM,
            "FSIZE": 1 << 28,
            "CORE": 0,
            "STACK": 1 << 23,
            "NOFILE": HANDLES,
            "MSGQUEUE": 0,
        }
        if "processes" in limits:
            wanted["NPROC"] = limits["processes"]
        for name, most in wanted.items():
            with contextlib.suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def _held() -> dict[str, int]:
    """Bytes that this process has of each kind."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return {
            name: int(rest.split()[0]) << 10
            for name, _, rest in (line.partition(":") for line in file)
            if " kB" in rest
        }
    return {"VmData": 1 << 29, "VmSize": 1 << 32}


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
        answer(connection, about["seed"], about["limits"], about["libraries"])
