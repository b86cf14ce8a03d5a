"""A process for all that is done on a student's account, and whoever set it to work watches it.

Reading what a student's process says, the reference, the judges and the functions that are lent: all of that is ours,
but how much of it is done a student decides. So it is done in a process of its own, which says what it begins. A step
that computes or waits for too long, or takes too much memory, is ended with the process. The work is then done again,
told which step nobody got through: that step fails, and the others are as before.

Each thread that calls `Judge.do` has one such process, and keeps it from one submission to the next.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import math
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

__all__ = ["Begin", "GaveUp", "Judge", "may_hold", "mine"]

LOOK = 0.2  # seconds between two looks at a process
OURS = 120.0  # seconds that a step may compute here: far more than any needs
SLOWEST = 5  # seconds of the clock for each second of computing: as much as a busy machine may take
STOPPED = 30.0  # seconds that a process may be stopped, by whoever did it
TRIES = 3  # of a step whose process dies by itself, as when somebody kills it
GROWN = 1 << 30  # bytes: a process that has become so large is replaced before the next submission

Begin = Callable[[str, float], None]  # says which step begins, and for how many seconds it may wait for student code

START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
START += "from grading.run.watched import serve; serve('grading.run.work')"  # a name: that module imports this one


class GaveUp(Exception):
    """A process was ended, or died, in what is no step that could be left out."""


@dataclass
class _Step:
    """What a process does now."""

    name: str = ""
    wait: float = math.inf
    since: float = field(default_factory=time.monotonic)
    cpu: float | None = None  # what it had computed when the step was first looked at

    def over(self, process: psutil.Process) -> bool:
        times = process.cpu_times()
        used = times.user + times.system
        self.cpu = used if self.cpu is None else self.cpu
        return used - self.cpu > OURS or time.monotonic() - self.since > SLOWEST * (OURS + self.wait)


class Judge:
    """The process of one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._step, self._why, self._closed = _Step(), "", False

    def do(self, function: Callable[[Any, Begin, Mapping[str, str]], Any], argument: Any) -> Any:
        """Do a piece of work.

        Parameters
        ----------
        function : callable
            Of a module, with the argument, `Begin`, and the steps to leave out, each with the reason.
        argument : Any
            It is pickled, as is what comes back.

        Raises
        ------
        GaveUp
            If the process was ended outside of a named step, or dies again and again.
        Exception
            What the function raised.
        """
        spared: dict[str, str] = {}
        died = dict[str, int]()
        while True:
            try:
                kind, value = self._once(function, argument, spared)
            except (OSError, EOFError, pickle.UnpicklingError):
                step, why = self._step.name, self._why
                self.end()
                if self._closed:
                    raise GaveUp("the round was stopped") from None
                died[step] = died.get(step, 0) + 1
                if not why and died[step] < (TRIES if not step else 2):
                    continue  # by accident, as far as we know
                if not step:
                    raise GaveUp(why or "the process that judges died again and again") from None
                spared[step] = why or "it ended the process that judges"
                continue
            if kind == "raised":
                raise value
            return value

    def close(self) -> None:
        """End the process for good; a thread that waits for it gives up."""
        self._closed = True
        self.end()

    def end(self) -> None:
        """End the process, and all that it started."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            shutil.rmtree(self._folder, ignore_errors=True)

    def _once(self, function: Any, argument: Any, spared: Mapping[str, str]) -> tuple[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        self._step = _Step()
        pickle.dump((function, argument, spared), process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
        while True:
            kind, value = pickle.load(process.stdout)
            if kind == "step":
                self._step = _Step(*value)
            else:
                self._step = _Step()
                return kind, value

    def _started(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and (process.poll() is not None or _size(process.pid) > GROWN):
            self.end()
        if self._process is None:
            self._why, self._folder = "", tempfile.mkdtemp(prefix="grading-")
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", START, json.dumps(sys.path)],
                env={**os.environ, "TMPDIR": self._folder},  # it may be killed: what it leaves is removed here
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the round, which then ends this
            )
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        return self._process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(psutil.Error):
            about, stopped = psutil.Process(process.pid), 0.0
            while process.poll() is None:
                time.sleep(LOOK)
                stopped = stopped + LOOK if about.status() == psutil.STATUS_STOPPED else 0.0
                if stopped > STOPPED:
                    process.kill()
                step = self._step
                if process is self._process and step.over(about) and step is self._step:
                    self._why = f"the grader had to compute longer than {OURS:g} s for it"
                    process.kill()


def _size(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


_threads = threading.local()


def mine() -> Judge:
    """The judge of this thread."""
    if not hasattr(_threads, "judge"):
        _threads.judge = Judge()
        atexit.register(_threads.judge.close)
    made: Judge = _threads.judge
    return made


# ---------------------------------------------------------------------------------------------- in the process


def serve(work: str) -> None:
    """Work until nobody asks any more; the module of that name is imported before."""
    asked: queue.Queue[Any] = queue.Queue()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what something prints is no answer
    threading.Thread(target=_listen, args=(os.fdopen(0, "rb"), asked), daemon=True).start()

    def say(kind: str, value: Any) -> None:
        out.write(pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL))
        out.flush()

    importlib.import_module(work)
    while True:
        function, argument, spared = asked.get()
        try:
            value = function(argument, lambda name, wait: say("step", (name, wait)), spared)
        except Exception as error:
            said = ("raised", error if _crosses(error) else RuntimeError(f"{type(error).__name__}: {error}"))
        else:
            said = ("done", value)
        finally:
            may_hold(None)
        say(*said)


def _crosses(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


def _listen(pipe: IO[bytes], asked: queue.Queue[Any]) -> None:
    """Take the questions; whoever asked is gone when there are no more, and then nothing may go on."""
    with contextlib.suppress(BaseException):
        while True:
            asked.put(pickle.load(pipe))
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    os._exit(0)


def may_hold(more: int | None) -> None:
    """Let this process hold so many bytes more than now; None for as many as there are.

    What asks for more gets a ``MemoryError``. Where the system has no such limit, nothing happens.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if more is None:
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        else:
            data = int(psutil.Process().memory_info().data)
            resource.setrlimit(resource.RLIMIT_DATA, (data + more, hard))
