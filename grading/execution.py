"""Run one submission: its cells in the sandbox, its graded items checked from outside.

What a student gets when code goes wrong, and why:

=================================  =================================================================================
a cell raises, or ``sys.exit()``   what the cell defined before stays; all other cells run
a cell runs too long               it is interrupted; what it defined before stays; all other cells run. From then on
                                   the limit is halved after each such cell: many loops cost little more than one
a cell ends Python (``os._exit``,  that cell is lost. A new process runs the cells before it again, without it, and
a crash, too much memory), or      goes on: no other answer loses points, before or after
cannot be interrupted
a check calls such a function      the same: that item is zero, the others are graded
all of it takes too long           items graded so far keep their points, the others are zero
a cell prints without end          the first 100 kB are kept
processes left in the background   are ended
=================================  =================================================================================

No verdict is made in the student's process. A graded cell is not executed: the item is checked here. Inputs go to the
student's function and values come back (`grading.wire`), are compared, and the cell's outputs are written.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from grading import engine
from grading.sandbox import Place, Sandbox, Use
from grading.wire import Closed, Late, Peer, WireError

__all__ = ["FAULTS", "Execution", "Limits", "fault"]

FAULTS = ("TimeLimit", "KernelDied", "NotRun")
GRACE = 3  # seconds in which an interrupted function has to give way
SLOWEST = 5  # times the limit of all cells, in seconds of the clock, however busy the machine is
CLEANUP = 5.0  # seconds for what is ours in the student's process
SHOWN = ("text/plain", "image/png", "image/jpeg")  # of what a cell displays; nothing that a browser would execute
LONGEST = 5_000_000  # characters


@dataclass(frozen=True)
class Limits:
    """Seconds of computing for a cell and for all cells of a submission, and MB for its process."""

    cell: float = 20.0
    total: float = 200.0
    memory: int = 2048


def fault(kind: str, words: str) -> NotebookNode:
    """An error output that is the grader's, not the student's."""
    return _output("error", ename=kind, evalue=words, traceback=[f"{kind}: {words}"])


def _output(kind: str, **about: Any) -> NotebookNode:
    """As ``nbformat`` makes it, which would look each over: that takes longer than all cells of many a submission."""
    return cast(NotebookNode, from_dict({"output_type": kind, **about}))


def _graded(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


class _Lost(Exception):
    """The student's process is gone, or has to be given up; the words say why."""


class Execution:
    """The cells of a repaired notebook, in as many processes as it takes.

    Parameters
    ----------
    notebook : NotebookNode
        Gets the outputs. A graded cell that came to no verdict has an error of one of the kinds in ``FAULTS``.
    sandbox : Sandbox
        Where the processes run.
    assignment, root : str, Path
        Where the items are declared.
    seed : int
        Of the inputs.
    limits : Limits
        What it may cost.

    Attributes
    ----------
    used : Use
        What the processes used, together.
    faults : set of str
        Of ``FAULTS`` those that a check ran into.
    """

    def __init__(
        self, notebook: NotebookNode, sandbox: Sandbox, assignment: str, root: Path, seed: int, limits: Limits
    ) -> None:
        self.sandbox, self.seed, self.limits = sandbox, seed, limits
        self.items = {item.id: item for item in engine.load_items(assignment, root)}
        self.right = engine.reference(assignment, root)
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        self.limit, self.end = limits.cell, time.monotonic() + SLOWEST * limits.total
        self.lost: set[int] = set()  # cells that ended a process, or that ran into the limit: never run again
        self.done = -1  # the last cell that has its outputs
        self.count = 0  # of the cells that were run, for the prompts
        self.used = Use()
        self.place: Place | None = None
        self.faults = set[str]()
        self.lent: dict[str, Any] = {}

    def run(self) -> None:
        """Run all cells; every new process goes on after the cell that ended the one before."""
        while self.done < len(self.cells) - 1 and not self._over():
            self._in_one_process()
        for cell in self.cells[self.done + 1 :]:
            cell.outputs = [fault("NotRun", "all cells together took too long")]

    def _in_one_process(self) -> None:
        place = self.sandbox.place(self.seed, self.limits.memory << 20)
        self.place, self.peer, self.count = place, _Asker(self, place.socket), 0
        self.start = place.cpu()
        index, lost = 0, ""
        try:
            for index, cell in enumerate(self.cells):
                replay = index <= self.done
                if replay and (index in self.lost or _graded(cell)):
                    continue
                if self._over():
                    break
                if _graded(cell):
                    self._check(index)
                else:
                    self._cell(index, replay)
        except _Lost as why:
            lost = str(why)
        finally:
            self.place, use = None, place.end()
            self.used = Use(self.used.cpu + use.cpu, max(self.used.memory, use.memory), use.ended or self.used.ended)
        if lost:
            self._lose(index, use.ended or lost)

    @property
    def computed(self) -> float:
        """Seconds that all processes have computed until now."""
        return self.used.cpu + (self.place.cpu() - self.start if self.place else 0.0)

    def _over(self) -> bool:
        return self.computed >= self.limits.total or time.monotonic() >= self.end

    def _cell(self, index: int, replay: bool) -> None:
        cell = self.cells[index]
        limit = min(self.limit, max(0.1, self.limits.total - self.computed))
        said = None
        try:
            outputs = self._ask("%run", (cell.source,), limit)
        except Late:
            outputs = self._stopped()
            self.lost.add(index)
            said = fault("TimeLimit", f"it ran longer than {limit:g} s and was stopped")
            self._shorten()
        self.count += 1
        if not replay:
            cell.execution_count = self.count
            cell.outputs = _outputs(outputs, self.count)
            if said:
                cell.outputs = [out for out in cell.outputs if out.output_type != "error"] + [said]
        self.done = max(self.done, index)

    def _check(self, index: int) -> None:
        """Check the item of a graded cell, and write what the cell would have said."""
        cell = self.cells[index]
        name = cell.metadata.nbgrader.grade_id
        self.done = index
        item = self.items.get(name)
        if item is None:
            cell.outputs = [fault("NotRun", f"checks.py declares no item {name}")]
            return
        self.lent = engine.lend(item, self.right)
        call = _Call(self)
        cell.outputs = [fault("KernelDied", "the process was gone before the check")]
        self.peer.clear()
        self._ask("%lend", (list(self.lent),), CLEANUP)
        result = engine.check(item, call, self.right, self.seed)
        text = {"text/plain": result.message, engine.MIME: result.bundle()}
        cell.execution_count = self.count
        cell.outputs = [
            _output("stream", name="stdout", text=result.text() + "\n"),
            _output("display_data", data=text, metadata={}),
            _output("execute_result", data={"text/plain": str(result.points)}, metadata={}, execution_count=self.count),
        ]
        if call.lost:
            raise _Lost(call.lost)
        try:
            self._ask("%take", (), CLEANUP)
        except Late:
            raise _Lost("it could not be stopped") from None

    def _given(self, name: str) -> Any:
        """A right version of a function that stands before the one that is checked."""
        if name not in self.lent:
            raise NameError(f"name {name!r} is not defined")
        return self.lent[name]

    def _ask(self, name: str, args: tuple[Any, ...], seconds: float) -> Any:
        try:
            with self.within(seconds):
                return self.peer.call(name, args, {})
        except (Closed, WireError):
            raise _Lost("it ended Python") from None
        except Late:
            raise
        except Exception as error:  # ours failed over there: student code has been at it
            raise _Lost(f"it stopped the grader's own code with {type(error).__name__}") from None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait so many seconds for answers.

        They are seconds of computing where the process computes, so that a busy machine makes nobody late, and seconds
        of the clock where it only waits.
        """
        assert self.place is not None
        peer, place, seen, since = self.peer, self.place, 0.0, time.monotonic()
        start = place.cpu()

        def patience() -> float:
            nonlocal seen, since
            used, now = place.cpu(now=True) - start, time.monotonic()
            idle = used - seen < 0.01 * (now - since)
            seen, since = used, now
            return 0.0 if idle else seconds - used

        peer.until, peer.patience = since + seconds, patience
        try:
            yield
        finally:
            peer.until, peer.patience = None, lambda: 0.0

    def _stopped(self) -> Any:
        """Interrupt what runs, and wait for its answer."""
        assert self.place is not None
        for _ in range(GRACE):
            self.place.interrupt()
            self.peer.until = time.monotonic() + 1
            try:
                return self.peer.settle()
            except Late:
                continue
            except (Closed, WireError):
                break
            finally:
                self.peer.until = None
        raise _Lost("it ran too long and could not be stopped")

    def _lose(self, index: int, why: str) -> None:
        self.lost.add(index)
        self.done = max(self.done, index)
        if _graded(self.cells[index]):
            return  # its verdict stands
        late = why.startswith("it ran too long")
        self.cells[index].outputs = [fault("TimeLimit" if late else "KernelDied", why)]
        if late:
            self._shorten()

    def _shorten(self) -> None:
        self.limit = max(1.0, self.limit / 2)


class _Asker(Peer):
    """The wire, with a deadline for what a judge asks of a student's object."""

    def __init__(self, execution: Execution, connection: socket.socket) -> None:
        super().__init__(connection, execution._given, errors=(engine.Unusable,))
        self.execution = execution

    def ask(self, verb: str, of: str | int, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """As `Peer.ask`."""
        if self.until is not None:
            return super().ask(verb, of, args, kwargs)
        try:
            with self.execution.within(CLEANUP):
                return super().ask(verb, of, args, kwargs)
        except Late:
            self.execution.faults.add("TimeLimit")
            with contextlib.suppress(_Lost):
                self.execution._stopped()
            raise TimeoutError("no answer in time") from None


class _Call:
    """Calls of the student's functions, each with a deadline; what runs is interrupted when it has passed."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.lost = ""  # why the process answers no more

    def within(self, seconds: float) -> Callable[[str, tuple[Any, ...], dict[str, Any]], Any]:
        """A call that must be answered in so many seconds."""

        def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if self.lost:
                raise engine.Unusable(self.lost)
            try:
                with self.execution.within(seconds):
                    return self.execution.peer.call(name, args, kwargs)
            except Late:
                self.execution.faults.add("TimeLimit")
                try:
                    self.execution._stopped()
                except _Lost as why:
                    self.lost = str(why)
                raise KeyboardInterrupt from None  # the engine's word for a call that was stopped
            except (Closed, WireError) as error:
                said = f"it answered with {error}" if isinstance(error, WireError) else "it ended Python"
                self.lost = said
                self.execution.faults.add("KernelDied")
                raise engine.Unusable(said) from None

        return call

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.within(60.0)(name, args, kwargs)

    def counted(self) -> Counter[str]:
        """How often each function that was lent was called until now."""
        return engine.Lent.counted(self.execution.lent)

    def stepped(self, name: str) -> str:
        """What `borrowed.stepped` says of a function, asked where its code is."""
        try:
            return str(self.within(CLEANUP)("%stepped", (name,), {}))[:40]
        except (Exception, KeyboardInterrupt):
            return ""  # the call itself will say what is wrong


# ---------------------------------------------------------------------------------------------- what came back


def _outputs(told: Any, count: int) -> list[NotebookNode]:
    """The outputs that a process says a cell had, made anew from nothing but texts of bounded length."""
    made = []
    for out in told[:1000] if isinstance(told, list) else []:
        if not isinstance(out, dict):
            continue
        kind, data = out.get("output_type"), out.get("data")
        if kind == "stream":
            name = "stderr" if out.get("name") == "stderr" else "stdout"
            made.append(_output("stream", name=name, text=_text(out.get("text"))))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            shown = {mime: _text(data[mime]) for mime in SHOWN if _shows(mime, data.get(mime))}
            more = {"execution_count": count} if kind == "execute_result" else {}
            if shown:
                made.append(_output(kind, data=shown, metadata={}, **more))
        elif kind == "error":
            lines = out.get("traceback")
            trace = [_text(line) for line in lines[:50]] if isinstance(lines, list) else []
            name, words = _text(out.get("ename"))[:100], _text(out.get("evalue"))[:1000]
            name = f"Student{name}" if name in FAULTS else name  # those words are the grader's
            made.append(_output("error", ename=name, evalue=words, traceback=trace))
    return made


def _text(value: Any) -> str:
    return value[:LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _shows(mime: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if mime == "text/plain":
        return True
    try:
        base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError):
        return False
    return True
