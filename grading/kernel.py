"""Run one submission: its cells in a kernel, the kernel in a process group that is ended whole.

What a student gets when code goes wrong, and why:

=================================  =================================================================================
a cell raises, or ``sys.exit()``   what the cell defined before stays; all other cells run
a cell runs too long               it is interrupted; what it defined before stays; all other cells run. From then on
                                   the limit is halved after each such cell: many loops cost little more than one
a cell ends Python (``os._exit``,  that cell is lost. A new kernel runs the cells before it again, without it, and
a crash), or cannot be             goes on: no other answer loses points, before or after
interrupted
a test calls such a function       the same: that item is zero, the others are graded
all of it takes too long           items graded so far keep their points, the others are zero
a cell prints without end          the first 100 kB are kept
processes left in the background   are ended
=================================  =================================================================================

A worker is a process that drives one kernel after the other, as its start takes seconds.
It ends all that it started as soon as its standard input closes, so nothing outlives the round.

The kernel runs in a sandbox (`grading.sandbox`), and no verdict is made in it. A graded cell is not executed: the
worker checks the item itself. It sends inputs to the student's function and gets values back (`grading.wire`),
compares, and writes the cell's outputs.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from grading import engine, sandbox
from grading.wire import Closed, Late, Peer, WireError

__all__ = ["FAULTS", "Limits", "Worker", "fault"]

FAULTS = ("TimeLimit", "KernelDied", "NotRun")
MAX_TEXT = 100_000  # characters that a cell may print
MAX_DATA = 5_000_000  # characters of pictures and tables that a cell may show
GRACE = 30.0  # seconds for starting, replaying and ending, over the limit

# Half of a worker's start would be jsonschema's grammar of internet addresses, for which a notebook has no use.
WORKER = "import sys; sys.modules['rfc3987_syntax'] = None; from grading.kernel import main; main()"
# IPython's exit() would end the kernel after the cell; as sys.exit it ends the cell alone.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # small products gain nothing from more
PRELUDE = "import sys; get_ipython().user_ns.update(exit=sys.exit, quit=sys.exit); del sys"


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell, and for all cells of a submission."""

    cell: float = 20.0
    total: float = 200.0


def fault(kind: str, words: str) -> NotebookNode:
    """An error output that is the runner's, not the student's."""
    return cast(NotebookNode, new_output("error", ename=kind, evalue=words, traceback=[f"{kind}: {words}"]))


# ---------------------------------------------------------------------------------------------- in the runner


class Worker:
    """A process that executes notebooks, one at a time; a context manager that ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process, and all that it started."""
        import psutil

        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self._process.kill()
        self._process.communicate()
        self._process = None

    def execute(self, notebook: NotebookNode, environment: Mapping[str, str], limits: Limits) -> NotebookNode:
        """Execute a notebook.

        Parameters
        ----------
        notebook : NotebookNode
            A repaired submission.
        environment : mapping
            Variables for the kernel, beside those of this process.
        limits : Limits
            What it may cost.

        Returns
        -------
        NotebookNode
            With the outputs. A graded cell that was not run has an error of one of the kinds in ``FAULTS``.

        Raises
        ------
        RuntimeError
            If the process failed or did not end: as far as we know never the student's doing.
        """
        with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            nbformat.write(notebook, folder / "in.ipynb")
            (folder / "job.json").write_text(json.dumps({"environment": dict(environment), "limits": asdict(limits)}))
            (folder / "work").mkdir()
            sandbox.modules(folder)
            process = self._started()
            late = threading.Timer(limits.total + GRACE, self.end)
            late.start()
            try:
                print(folder, file=process.stdin, flush=True)
                said = process.stdout.readline().strip() if process.stdout else ""
            except OSError as error:
                said = str(error)
            finally:
                late.cancel()
            if said != "done":
                self.end()
                raise RuntimeError(f"the grading process failed: {said or 'it ended or was too slow'}")
            return cast(NotebookNode, nbformat.read(folder / "out.ipynb", as_version=4))

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", WORKER],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), **THREADS},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # Ctrl-C is for the runner, which then ends its workers
            )
        return self._process


# ---------------------------------------------------------------------------------------------- in the worker


def _client(notebook: NotebookNode, kernel: Any) -> Any:
    """A notebook client that keeps only so much output, and remembers whether a cell was interrupted."""
    from nbclient import NotebookClient

    class Client(NotebookClient):
        seconds = 0.0
        timed_out = False

        def output(self, outs: list[NotebookNode], msg: dict[str, Any], *rest: Any) -> NotebookNode | None:
            content, kind = msg["content"], msg["msg_type"]
            if kind == "stream":
                left = MAX_TEXT - sum(len(out.text) for out in outs if out.output_type == "stream")
                if left <= 0:
                    return None
                if len(content["text"]) > left:
                    content["text"] = content["text"][:left] + "\n... more was printed and left out ...\n"
            elif len(json.dumps(content, default=str)) > MAX_DATA:
                return None
            return super().output(outs, msg, *rest)

        async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
            self.timed_out = True
            return await super()._async_handle_timeout(timeout, cell)

    return Client(
        notebook,
        km=kernel,
        allow_errors=True,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "TimeLimit", "evalue": "", "traceback": []},
        raise_on_iopub_timeout=True,
        iopub_timeout=3,
    )


def _graded(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


class _Execution:
    """The cells of a notebook, in as many kernels as it takes."""

    def __init__(self, notebook: NotebookNode, folder: Path, environment: Mapping[str, str], limits: Limits) -> None:
        self.notebook, self.folder, self.about = notebook, folder, environment
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        self.limit, self.end = limits.cell, time.monotonic() + limits.total
        self.lost: set[int] = set()  # cells that ended a kernel, or that ran into the limit: never run again
        self.done = -1  # the last cell that has its outputs

    async def execute(self) -> None:
        """Run all cells; every new kernel goes on after the cell that ended the one before."""
        kernels = 0
        while self.done < len(self.cells) - 1 and time.monotonic() < self.end:
            kernels += 1
            await self._in_one_kernel(f"kernel-{kernels}")
        for cell in self.cells[self.done + 1 :]:
            cell.outputs = [fault("NotRun", "all cells together took too long")]

    async def _in_one_kernel(self, name: str) -> None:
        """Run cells until all are done, the time is over, or the kernel is lost."""
        from jupyter_client.manager import AsyncKernelManager
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        wires, work, there = self.folder / name, self.folder / "work", self.folder / "modules"
        wires.mkdir()
        before = sandbox.command(there, work, wires)

        class Sandboxed(AsyncKernelManager):
            def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
                return [*before, *super().format_kernel_cmd(extra_arguments)]

        # sockets in a folder, no ports: rounds beside each other cannot take each other's, and there is no network
        connection = str(wires / "kernel.json")
        kernel = Sandboxed(kernel_name="python3", connection_file=connection, transport="ipc", ip=str(wires / "k"))
        assert kernel.kernel_spec is not None
        kernel.kernel_spec.interrupt_mode = "message"  # a signal would end at the sandbox's own process
        client = _client(self.notebook, kernel)
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.bind(str(wires / "calls"))
                door.listen(1)
                door.settimeout(GRACE)
                silence = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # ours answer the runner
                await client.async_start_new_kernel(cwd=str(work), env=sandbox.environment(there), **silence)
                await client.async_start_new_kernel_client()
                client.kc.execute(PRELUDE, silent=True)
                client.kc.execute(
                    f"from grading import bridge; bridge.start({str(wires / 'calls')!r}); del bridge", silent=True
                )
                calls, _ = await asyncio.to_thread(door.accept)
            self.peer = Peer(calls, self._given)
            for index, cell in enumerate(self.cells):
                replay = index <= self.done
                if replay and (index in self.lost or _graded(cell)):
                    continue
                if time.monotonic() >= self.end:
                    break
                try:
                    await (self._check if _graded(cell) else self._cell)(client, index, replay)
                except (DeadKernelError, CellTimeoutError) as error:
                    self._lose(index, isinstance(error, DeadKernelError))
                    break
        finally:
            with contextlib.suppress(AttributeError):
                self.peer.connection.close()
            with contextlib.suppress(Exception):
                client.kc.stop_channels()
            with contextlib.suppress(Exception):
                await kernel.shutdown_kernel(now=True)
            _end_children()

    async def _cell(self, client: Any, index: int, replay: bool) -> None:
        cell = self.cells[index]
        kept, client.timed_out = list(cell.outputs), False
        limit = self.limit
        client.timeout_func = lambda _: max(0.1, min(limit, self.end - time.monotonic()))
        await client.async_execute_cell(cell, self.notebook.cells.index(cell))
        if client.timed_out:
            self._shorten()
            self.lost.add(index)
            said = fault("TimeLimit", f"it ran longer than {limit:g} s and was stopped")
            cell.outputs = [out for out in cell.outputs if out.output_type != "error"] + [said]
        elif replay:
            cell.outputs = kept
        self.done = max(self.done, index)

    async def _check(self, client: Any, index: int, replay: bool) -> None:
        """Check the item of a graded cell, and write what the cell would have said."""
        from nbclient.exceptions import DeadKernelError

        cell, root, assignment = self.cells[index], Path(self.about["NNCOURSE_ROOT"]), self.about["NNCOURSE_ASSIGNMENT"]
        name = cell.metadata.nbgrader.grade_id
        item = next((item for item in engine.load_items(assignment, root) if item.id == name), None)
        self.done = index
        if item is None:
            cell.outputs = [fault("NotRun", f"checks.py declares no item {name}")]
            return
        self.right = engine.reference(assignment, root)
        self.allowed = engine.earlier(item, self.right)
        asked = client.kc.execute(
            f"__import__('grading.bridge').bridge.check({self.allowed!r})", silent=True, store_history=False
        )
        call = _Call(self.peer, client.km, asyncio.get_running_loop())
        result = await asyncio.to_thread(engine.check, item, call, self.right, int(self.about["NNCOURSE_SEED"]))
        text = {"text/plain": result.message, engine.MIME: result.bundle()}
        cell.outputs = [
            new_output("stream", name="stdout", text=result.text() + "\n"),
            new_output("display_data", data=text),
            new_output("execute_result", data={"text/plain": f"{result.points}"}, execution_count=None),
        ]
        try:
            if call.lost:
                raise Closed
            self.peer.until = time.monotonic() + 5
            self.peer.bye()
            await client.kc._async_recv_reply(asked, timeout=5)
        except (Closed, Late, WireError, TimeoutError, queue.Empty):
            self.lost.add(index)
            raise DeadKernelError("it was lost in a check") from None
        finally:
            self.peer.until = None

    def _given(self, name: str) -> Any:
        """A right version of a function that stands before the one that is checked."""
        if name not in self.allowed:
            raise NameError(f"name {name!r} is not defined")
        return self.right[name]

    def _lose(self, index: int, died: bool) -> None:
        self.lost.add(index)
        self.done = max(self.done, index)
        if _graded(self.cells[index]):
            return  # its verdict stands
        if died:
            said = fault("KernelDied", "it ended Python")
        else:
            said = fault("TimeLimit", "it ran too long and could not be stopped")
            self._shorten()
        self.cells[index].outputs = [said]

    def _shorten(self) -> None:
        self.limit = max(1.0, self.limit / 2)


class _Call:
    """Calls of the student's functions, each with a deadline; the kernel is interrupted when it has passed."""

    def __init__(self, peer: Peer, kernel: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.peer, self.kernel, self.loop = peer, kernel, loop
        self.lost = False  # the process answers no more

    def within(self, seconds: float) -> engine.Call:
        """A call that must be answered in so many seconds."""

        def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if self.lost:
                raise engine.Unusable("it ended Python, or could not be stopped")
            self.peer.until = time.monotonic() + seconds
            try:
                return self.peer.call(name, args, kwargs)
            except Late:
                self._interrupt()
                raise KeyboardInterrupt from None  # the engine's word for a call that was stopped
            except (Closed, WireError) as error:
                self.lost = True
                said = f"it answered with {error}" if isinstance(error, WireError) else "it ended Python"
                raise engine.Unusable(said) from None

        return call

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.within(60.0)(name, args, kwargs)

    def _interrupt(self) -> None:
        """Stop the function; what it answers then is thrown away."""
        for _ in range(3):
            asyncio.run_coroutine_threadsafe(self.kernel.interrupt_kernel(), self.loop).result(5)
            self.peer.until = time.monotonic() + 1
            try:
                message = self.peer._receive()
                while "call" in message:  # it was about to ask something
                    message = self.peer._receive()
                return
            except Late:
                continue
            except (Closed, WireError):
                break
        self.lost = True


def _end_children() -> None:
    """End every process that descends from this one."""
    import psutil

    for _ in range(5):
        children = psutil.Process().children(recursive=True)
        if not children:
            return
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=1)


def _guard() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: processes that detach themselves stay our children
    if os.name == "posix":
        import resource

        # a list that grows without end must not take the machine with it
        for what, most in ((resource.RLIMIT_AS, 4 << 30), (resource.RLIMIT_FSIZE, 1 << 28), (resource.RLIMIT_CORE, 0)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _read_jobs(jobs: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line.strip())
    _end_children()  # the runner is gone
    os._exit(0)


def main() -> None:
    """The worker: a folder for each line of standard input, ``done`` or what went wrong for each on standard output."""
    _guard()
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    answers, sys.stdout = sys.stdout, sys.stderr
    while True:
        folder = Path(jobs.get())
        try:
            job = json.loads((folder / "job.json").read_text())
            notebook = nbformat.read(folder / "in.ipynb", as_version=4)
            asyncio.run(_Execution(notebook, folder, job["environment"], Limits(**job["limits"])).execute())
            nbformat.write(notebook, folder / "out.ipynb")
            said = "done"
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(said, file=answers, flush=True)
