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

Of an item that ``checks.py`` declares no verdict is made in the student's process. Its cell is not executed: it is
checked here. Inputs go to the student's function and values come back (`grading.student.wire`), are compared, and a
verdict comes of it. The items come after the cells, so that nothing a check asked, or was told, can be shown by a cell;
each finds the names as they were at its place in the notebook.

Any other graded cell is a test as nbgrader has them (`grading.run.beside`). Tests run in a process of their own, in
which all cells run once more and each test at its place, so what one test imports or changes is there for the next.
What is shown comes from the first time, when of a test only that was there which students have.
"""

from __future__ import annotations

import base64
import contextlib
import math
import re
import socket
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from nbformat import NotebookNode, from_dict

from grading.intake.defined import defined
from grading.intake.pictures import checked
from grading.intake.repair import SKIPPED
from grading.judge.call import UNUSABLE, Gone, Lent, bounded, lend
from grading.judge.check import check
from grading.judge.item import Reference
from grading.judge.reference import load_items, reference
from grading.record import Reason, Stop, Verdict, Why
from grading.run import beside
from grading.run.sandbox import Place, Sandbox, Use
from grading.run.watched import Begin
from grading.student.wire import Closed, Late, NotNumbers, Peer, WireError
from grading.tell import words as wording

__all__ = ["Execution", "Limits", "Ran"]

GRACE = 3  # seconds in which an interrupted function has to give way
SLOWEST = 5  # times the limit of all cells, in seconds of the clock, however busy the machine is
CLEANUP = 5.0  # seconds for what is ours in the student's process
SHOWN = ("text/plain", "image/png", "image/jpeg")  # of what a cell displays; nothing that a browser would execute
LONGEST = 5_000_000  # characters of a text, or of a picture
MOST_LINE = 20_000  # characters of a line of a traceback
MOST_CELL = 10_000_000  # characters of all outputs of a cell
MOST_SHOWN = 30_000_000  # and of all cells
MANY_OUTPUTS = 1000  # of a cell
MANY_PASSED = 10  # different things that a notebook went on without, and are told
ITEM = 3  # times the limit of a cell, for all calls of an item together
LENT = 10.0  # seconds of computing here for one call of a function that is lent, and more than the limit for all


@dataclass(frozen=True)
class Limits:
    """Seconds of computing for a cell and for all cells of a submission, and MB for its process."""

    cell: float = 20.0
    total: float = 200.0
    memory: int = 2048


def _output(kind: str, **about: Any) -> NotebookNode:
    """As ``nbformat`` makes it, which would look each over: that takes longer than all cells of many a submission."""
    return cast(NotebookNode, from_dict({"output_type": kind, **about}))


def _graded(cell: NotebookNode) -> bool:
    """Whether its points come of running something; a graded answer is read by a person."""
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade") and not about.get("solution"))


@dataclass
class Ran:
    """What came of a notebook's cells and items.

    Attributes
    ----------
    verdicts : dict
        Of each item; one that could not be checked says why.
    stops : list of Stop
        Cells that came to no end, in order.
    faults : set of Reason
        Why checks lost a student's process, or had to stop it.
    used : Use
        What the processes used, together.
    isolation : str
        How student code was kept apart; ``none`` if it was not.
    passed : dict
        By a reason, and the name that belongs to it, the cells that went on without something.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    faults: set[Reason] = field(default_factory=set)
    used: Use = field(default_factory=Use)
    isolation: str = ""
    passed: dict[tuple[Reason, str], list[list[str]]] = field(default_factory=dict)


class Execution:
    """The cells of a repaired notebook, in as many processes as it takes, and then its items.

    Parameters
    ----------
    notebook : NotebookNode
        Its cells get the outputs that they had; graded ones get none.
    sandbox : Sandbox
        Where the processes run.
    assignment, root : str, Path
        Where the items are declared.
    seed : int
        Of the inputs; a student must have no way to know it.
    limits : Limits
        What it may cost.
    begin : callable, optional
        Told which item is checked next, and how long it may wait; with an empty name when it is over.
    spared : mapping, optional
        Items that are not to be checked, each with the reason.
    files : mapping, optional
        What the notebook may read, by its path; each process has it anew.
    book : str, optional
        Which of the assignment's notebooks it is, if not the one of the same name.
    given : mapping, optional
        Of each test the text that students got: only what stands there may be said of it.

    Attributes
    ----------
    ran : Ran
        What came of it.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        sandbox: Sandbox,
        assignment: str,
        root: Path,
        seed: int,
        limits: Limits,
        begin: Begin = lambda *_: None,
        spared: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        book: str = "",
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.files = {name: base64.b64encode(data).decode() for name, data in (files or {}).items()}
        self.sandbox, self.seed, self.limits, self.begin, self.spared = sandbox, seed, limits, begin, spared or {}
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        self.cells = [cell for cell in self.cells if SKIPPED not in cell.metadata.get("tags", [])]
        graded = [cell for cell in self.cells if _graded(cell)]
        declared, self.given = {item.id: item for item in load_items(assignment, root)}, given or {}
        self.open = [cell for cell in graded if cell.metadata.nbgrader.grade_id in declared]  # still to be checked
        self.tests = [cell for cell in graded if cell.metadata.nbgrader.grade_id not in declared]  # still to be run
        self.items = {name: declared[name] for name in (cell.metadata.nbgrader.grade_id for cell in self.open)}
        self.right = reference(assignment, root, book) if self.items else Reference({}, {})
        self.visible: dict[str, Any] = {}  # what came of the part of each test that students have
        self.limit = limits.cell
        self.lost: set[int] = set()  # cells that ended a process, or that ran into the limit: never run again
        self.stopped: set[int] = set()  # of these the ones that could be interrupted: what they defined is there
        self.done = -1  # the last cell that has its outputs
        self.at: int | None = None  # the cell that runs
        self.checking = False
        self.enough = math.inf  # what may be spent until the item that is checked is given up
        self.count = 0  # of the cells that were run, for the prompts
        self.room = MOST_SHOWN  # characters of outputs that are still kept
        self.ran, self.before = Ran(isolation=sandbox.way), 0.0
        self.place: Place | None = None
        self.lent: dict[str, Any] = {}
        self._allow(limits.total)

    def run(self) -> None:
        """Run all cells and check all items; every new process goes on after what ended the one before."""
        while self.done < len(self.cells) - 1 or self.open:
            self._in_one_process(self._run_cells, self._check_items)
        self._allow(self.limits.total + self.spent)  # the cells run again before the tests
        self.begin("", self.limits.total)
        while self.tests:
            self._in_one_process(self._run_tests)

    def _in_one_process(self, *steps: Callable[[], None]) -> None:
        # its own generators have another seed: from their state a student could learn that of the inputs
        own = zlib.crc32("".join(cell.source for cell in self.cells).encode("utf-8", "replace"))
        place = self.sandbox.place(own, self.limits.memory << 20)
        self.place, self.peer, self.count, self.fresh = place, _Asker(self, place.socket), 0, True
        lost: Why | None = None
        try:
            if self.files:
                self._ask("%put", (self.files,), CLEANUP)
            for step in steps:
                step()
        except Gone as gone:
            lost = gone.why
        finally:
            self.before, self.place, use = self.spent, None, place.end()
            used = self.ran.used
            self.ran.used = Use(used.cpu + use.cpu, max(used.memory, use.memory), use.ended or used.ended)
        if lost and self.at is not None:
            self._lose(self.at, Reason.OVER_LIMIT(words=use.ended) if use.ended else lost)

    def _run_cells(self) -> None:
        """Those that have their outputs are only run again, for what they define."""
        for index, cell in enumerate(self.cells):
            replay = index <= self.done
            if not replay and self._over():
                self._leave(self.cells[index:], Reason.CELLS_LATE())
                del self.cells[index:]
                break
            self.at = index
            if index in self.lost:
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if not _graded(cell):
                self._cell(index, replay)
            elif name not in self.items:
                self.visible[name] = self._cell(index, True, self.given.get(name, ""))
            else:
                try:
                    self._ask("%mark", (name,), CLEANUP)
                except Late:
                    raise Gone(Reason.UNSTOPPABLE()) from None
            self.done = max(self.done, index)
        self.at = None

    def _check_items(self) -> None:
        if not self.checking:
            self.checking = True
            self._allow(self.limits.total)  # what cells took is not taken from the items
        while self.open:
            if self._over():
                self._leave(self.open, Reason.CHECKS_LATE())
            else:
                self._check(self.open.pop(0))

    def _run_tests(self) -> None:
        """Each test at its place, after all that stands before it."""
        end = 1 + next(index for index, cell in enumerate(self.cells) if cell is self.tests[-1])
        for index, cell in enumerate(self.cells[:end]):
            if self._over():
                self._leave(self.tests, Reason.CHECKS_LATE())
                break
            self.at = index
            if index in self.lost - self.stopped:
                continue
            if not _graded(cell):
                self._cell(index, replay=True)
            elif cell.metadata.nbgrader.grade_id not in self.items:
                self._test(index, cell)
        self.at = None

    def _test(self, index: int, cell: NotebookNode) -> None:
        """Run a test; one that has its points already is only run for what it changes."""
        limit, why = min(self.limit, max(0.1, self.most - self.spent)), None
        try:
            told = self._ask("%run", (cell.source,), limit)
        except Late:
            told = self._stopped()
            self.lost.add(index)
            why = Reason.TIME_LIMIT(seconds=limit)
            self._shorten()
        self.count += 1
        if any(cell is each for each in self.tests):
            self._tested(cell, why, told)

    def _tested(self, cell: NotebookNode, why: Why | None, told: Any = None) -> None:
        self.tests = [each for each in self.tests if each is not cell]
        if why:
            self.ran.faults.add(why.reason)
        name = cell.metadata.nbgrader.grade_id
        self.ran.verdicts[name] = beside.verdict(cell, told, why, self.given.get(name, ""), self.visible.get(name))

    def _leave(self, cells: Sequence[NotebookNode], why: Why) -> None:
        """Give these cells no outputs, and these items no verdict."""
        for cell in cells:
            self._stop(cell, why)
        left = {id(cell) for cell in cells}
        self.open = [cell for cell in self.open if id(cell) not in left]
        self.tests = [cell for cell in self.tests if id(cell) not in left]

    def _stop(self, cell: NotebookNode, why: Why) -> None:
        """A cell came to no end, or an item to no verdict."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if _graded(cell):
            self.ran.verdicts[name] = Verdict(name, why=why)
        else:
            self.ran.stops.append(Stop(cell.get("id", ""), name, _first(cell), why))

    @property
    def spent(self) -> float:
        """Seconds that all processes have computed, or have kept us waiting, until now."""
        return self.before + (self.place.charged(self.peer.waited) if self.place else 0.0)

    def _allow(self, seconds: float) -> None:
        """So much may be spent from now on."""
        self.most, self.end = self.spent + seconds, time.monotonic() + SLOWEST * seconds

    def _over(self) -> bool:
        return self.spent >= self.most or time.monotonic() >= self.end

    def _cell(self, index: int, replay: bool, text: str | None = None) -> Any:
        cell = self.cells[index]
        limit = min(self.limit, max(0.1, self.most - self.spent))
        late: Why | None = None
        try:
            outputs = self._ask("%run", (cell.source if text is None else text,), limit)
        except Late:
            outputs = self._stopped()
            self.lost.add(index)
            self.stopped.add(index)
            late = Reason.TIME_LIMIT(seconds=limit)
            self._shorten()
        self.count += 1
        if not replay:
            cell.execution_count = self.count
            cell.outputs = _outputs(outputs, self.count, min(self.room, MOST_CELL))
            self.room -= sum(map(_length, cell.outputs))
            self._pass(cell, outputs)
            if late or (late := _raised(cell.outputs, self.cells[index + 1 :])):
                self._stop(cell, late)
        return outputs

    def _pass(self, cell: NotebookNode, told: Any) -> None:
        """Keep what a cell went on without, and where, for the row."""
        for out in told if isinstance(told, list) else []:
            why = _passed(out) if isinstance(out, dict) else None
            if why and why.reason is not Reason.NO_MAGIC and len(self.ran.passed) < MANY_PASSED:
                where = [cell.metadata.get("nbgrader", {}).get("grade_id", ""), _first(cell)]
                kept = self.ran.passed.setdefault((why.reason, why.data.get("name", "")), [])
                kept += [where] * (where not in kept)

    def _check(self, cell: NotebookNode) -> None:
        """Check an item."""
        name = cell.metadata.nbgrader.grade_id
        item = self.items[name]
        if name in self.spared:
            self._stop(cell, Reason.GIVEN_UP(words=self.spared[name]))
            return
        self._stop(cell, Reason.GONE())
        self.lent = lend(item, self.right)
        call, fresh, self.fresh = _Call(self), self.fresh, False
        try:
            self._ask("%lend", (name, item.function, list(self.lent), list(self.right.source)), CLEANUP)
        except (Gone, Late):
            if not fresh:
                self.open.insert(0, cell)  # an item before it has left the process so
            raise Gone(Reason.UNSTOPPABLE()) from None
        self.enough = self.spent + self.peer.served + ITEM * self.limits.cell
        self.begin(name, ITEM * self.limits.cell)
        try:
            verdict = check(item, call, self.right, self.seed)
        except Exception as error:
            why = Reason.FAULT(error=type(error).__name__, words=str(error))
            self._stop(cell, why)
            raise Gone(why) from None
        finally:
            self.begin("", self.limits.total)
            self.lent, self.enough = {}, math.inf
        if call.full and not fresh:
            self.open.insert(0, cell)  # an item before it may have filled the memory
            raise Gone(call.full)
        self.ran.faults |= call.faults
        self.ran.verdicts[name] = verdict
        if gone := call.lost or call.full:
            raise Gone(gone)

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
            raise Gone(Reason.ENDED()) from None
        except Late:
            raise
        except Exception as error:  # ours failed over there: student code has been at it
            raise Gone(Reason.BROKEN(error=type(error).__name__)) from None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait so many seconds for answers: such as the process spends, see `spent`.

        What it asks meanwhile is computed here, while its own clock stands still. That has an end too.
        """
        peer, start, before = self.peer, self.spent, time.process_time()
        seconds = min(seconds, self.enough - start - peer.served)

        def patience() -> float:
            ours = time.process_time() - before
            return min(seconds - (self.spent - start), LENT + seconds - ours)

        peer.until, peer.patience = time.monotonic() + seconds, patience
        try:
            yield
        finally:
            peer.until, peer.patience = None, lambda: 0.0
            peer.served += time.process_time() - before

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
        raise Gone(Reason.UNSTOPPABLE())

    def _lose(self, index: int, why: Why) -> None:
        if any(self.cells[index] is each for each in self.tests):
            self._tested(self.cells[index], why)
        replay = index <= self.done
        self.lost.add(index)
        self.done = max(self.done, index)
        if replay:
            return  # it has its outputs
        self._stop(self.cells[index], why)
        if why.reason.too_late:
            self._shorten()

    def _shorten(self) -> None:
        self.limit = max(1.0, self.limit / 2)


class _Asker(Peer):
    """The wire, with a limit to what a student asks.

    Attributes
    ----------
    served : float
        Seconds that were computed here while the process was to answer: to read what it says, and by what is lent.
    """

    def __init__(self, execution: Execution, connection: socket.socket) -> None:
        super().__init__(connection, execution._given, around=self._lent, errors=(NotNumbers, *UNUSABLE))
        self.served = 0.0
        self._waited, self._since = 0.0, math.inf

    @contextlib.contextmanager
    def _lent(self, _: Any) -> Iterator[None]:
        with bounded(LENT):
            yield

    def _io(self, operation: Callable[[Any], Any], argument: Any) -> Any:
        self._since = time.monotonic()
        try:
            return super()._io(operation, argument)
        finally:
            self._waited, self._since = self.waited, math.inf

    @property
    def waited(self) -> float:
        """Seconds for which the student's process was waited for, until now."""
        return self._waited + max(0.0, time.monotonic() - self._since)


class _Call:
    """Calls of the student's functions, each with a deadline; what runs is interrupted when it has passed."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.lost: Why | None = None  # why the process answers no more
        self.full: Why | None = None  # why it cannot be used for another item
        self.faults = set[Reason]()

    def within(self, seconds: float) -> Callable[[str, tuple[Any, ...], dict[str, Any]], Any]:
        """A call that must be answered in so many seconds."""

        def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if self.lost:
                raise Gone(self.lost)
            try:
                with self.execution.within(seconds):
                    return self.execution.peer.call(name, args, kwargs)
            except Late:
                self.faults.add(Reason.TIME_LIMIT)
                try:
                    self.execution._stopped()
                except Gone as gone:
                    self.lost = gone.why
                raise KeyboardInterrupt from None  # the engine's word for a call that was stopped
            except MemoryError:
                self.full = Reason.OVER_LIMIT(words="its memory was full")
                raise
            except (Closed, WireError) as error:
                why = Reason.GARBLED(words=str(error)) if isinstance(error, WireError) else Reason.ENDED()
                self.lost = self.full = why
                self.faults.add(why.reason)
                raise Gone(why) from None

        return call

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.within(60.0)(name, args, kwargs)

    def counted(self) -> Counter[str]:
        """How often each function that was lent was called until now."""
        return Lent.counted(self.execution.lent)

    def stepped(self, name: str) -> str:
        """What `borrowed.stepped` says of a function, asked where its code is."""
        try:
            return str(self.within(CLEANUP)("%stepped", (name,), {}))[:40]
        except (Exception, KeyboardInterrupt):
            return ""  # the call itself will say what is wrong


# ---------------------------------------------------------------------------------------------- what came back


def _outputs(told: Any, count: int, room: int) -> list[NotebookNode]:
    """The outputs that a process says a cell had, made anew from texts of so many characters at most."""
    made: list[NotebookNode] = []
    for out in told[:MANY_OUTPUTS] if isinstance(told, list) else []:
        if not isinstance(out, dict):
            continue
        kind, data = out.get("output_type"), out.get("data")
        one = None
        if kind == "stream":
            name = "stderr" if out.get("name") == "stderr" else "stdout"
            one = _output("stream", name=name, text=_text(out.get("text")))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            shown = {mime: _text(data[mime]) for mime in SHOWN if _shows(mime, data.get(mime))}
            more = {"execution_count": count} if kind == "execute_result" else {}
            one = _output(kind, data=shown, metadata={}, **more) if shown else None
        elif why := _passed(out):
            one = _output("stream", name="stderr", text=f"{wording.said(why)}\n")
        elif kind == "error":
            lines = out.get("traceback")
            trace = [_text(line)[:MOST_LINE] for line in lines[:50]] if isinstance(lines, list) else []
            name, words = _text(out.get("ename"))[:100], _text(out.get("evalue"))[:1000]
            one = _output("error", ename=name, evalue=words, traceback=trace)
        if one is None:
            continue
        room -= _length(one)
        if room < 0:
            made.append(_output("stream", name="stdout", text="... more was left out ...\n"))
            break
        made.append(one)
    return made


def _passed(out: dict[str, Any]) -> Why | None:
    """What a process says that a cell went on without, made anew: an import, a magic, an answer to a question."""
    if out.get("output_type") != "passed":
        return None
    name = re.sub(r"[^\w.%!-]", "", _text(out.get("name"))[:60])
    if out.get("what") == "import":
        return Reason.NOT_THERE(name=name)
    return (
        Reason.NOBODY_THERE()
        if out.get("what") == "question"
        else Reason.NO_MAGIC(name=name, words=_text(out.get("words"))[:200])
    )


def _first(cell: NotebookNode) -> str:
    """The beginning of a cell's first line."""
    return str(cell.source).strip().split("\n")[0][:30]


def _raised(outputs: Sequence[NotebookNode], later: Sequence[NotebookNode]) -> Why | None:
    """The first exception that a cell has shown; where a name is missing, whether a later cell defines it."""
    error = next((out for out in outputs if out.output_type == "error"), None)
    if error is None:
        return None
    words = re.sub(r"\([^()]*, line (\d+)\)", r"(line \1)", error.evalue)  # IPython's name for the cell
    name = re.fullmatch(r"name '(\w+)' is not defined.*", words) if error.ename == "NameError" else None
    if name and any(name[1] in defined(cell.source) for cell in later if not _graded(cell)):
        words = (
            f"name '{name[1]}' is not defined here; a cell further down defines it, and cells run from top to bottom"
        )
    return Reason.RAISED(error=error.ename, words=words)


def _length(out: NotebookNode) -> int:
    """Characters of an output."""
    if out.output_type == "error":
        return len(out.evalue) + sum(map(len, out.traceback))
    return len(out.text) if out.output_type == "stream" else sum(map(len, out.data.values()))


def _text(value: Any) -> str:
    return value[:LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _shows(mime: str, value: Any) -> bool:
    return isinstance(value, str) and (mime == "text/plain" or checked(mime, value) is not None)
