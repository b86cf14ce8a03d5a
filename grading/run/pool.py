"""Do tasks beside each other, written against `concurrent.futures.Executor`: threads here, Dask for clusters.

A thread here leaves its work to a process of its own (`grading.run.watched`). A worker of a cluster that dies, or is
not heard of any more, takes nothing with it: Dask gives what it had to others. What ends workers again and again is
tried once more at the end, alone, so that it is found and harms no other. A cluster that fails ends the round: that is
no student's fault, so nobody gets a row for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from itertools import chain, islice
from typing import Any, TypeVar

from grading.run import watched

__all__ = ["ClusterError", "LostError", "Workers", "cluster", "processes", "results"]

CONNECT = 5.0  # seconds for a scheduler to answer
PATIENCE = 60.0  # seconds for a scheduler that was lost to come back, and for one that has no worker to get one
SILENT = 60.0  # seconds for a worker to be heard of
LOOK = 5.0  # seconds between two looks at a cluster; they are far apart, since each asks for all workers
TICK = 0.5  # seconds after which whoever waits for results looks up
QUIET = 60.0  # seconds without a result after which somebody may wonder
RETRIES = 3  # of Dask, where a worker cannot do the work at all
ANEW = "what was graded is kept, and the same command goes on where it was"
Task = TypeVar("Task")
Result = TypeVar("Result")


class ClusterError(Exception):
    """The cluster cannot be used; the sentence says why."""


class LostError(Exception):
    """Workers died of a task again and again; the sentence says so."""


class Workers:
    """A way to make an executor, and how many tasks it should hold.

    Parameters
    ----------
    make : callable
        Makes an executor.
    width : int
        Tasks that are handed over before the first has come back: memory stays flat however many there are.
    """

    killed: tuple[type[Exception], ...] = ()  # what comes back where workers died of a task
    unable: tuple[type[Exception], ...] = ()  # where a worker has not what it takes

    def __init__(self, make: Callable[[], Executor], width: int) -> None:
        self.make, self.width = make, width
        self._started: Executor | None = None

    def start(self, ready: Callable[[], None]) -> None:
        """Let the workers of this machine make themselves ready now, while others do something else."""
        self._started = self.make()
        if isinstance(self._started, Threads):
            for _ in range(self.width // 2):
                self._started.submit(ready)

    def ahead(self, function: Callable[[Task], Result], task: Task, patience: float) -> Result:
        """What a function makes of a task that comes before all others."""
        self._started = self.executor()
        return self._started.submit(function, task).result(patience)

    def stop(self) -> None:
        """End the workers that were started and had nothing to do after all."""
        if self._started is not None:
            self.executor().shutdown(wait=False)

    def executor(self) -> Executor:
        """The one that was started, or else a new one."""
        started, self._started = self._started, None
        return started or self.make()

    def everywhere(self, function: Callable[[], str]) -> dict[str, str]:
        """What a function gives on each machine, by its name."""
        return {"this machine": function()}

    def lost(self, surely: bool) -> bool:
        """Whether they know nothing any more of what they were given; asked again and again while it is awaited."""
        return surely

    def end(self, executor: Executor, over: bool) -> None:
        """Nothing more is asked of an executor, and what it still has is of no use."""
        executor.shutdown(wait=over)


class Threads(ThreadPoolExecutor):
    """Threads that each have a process to judge in."""

    def __init__(self, jobs: int) -> None:
        self._judges: list[watched.Judge] = []
        super().__init__(jobs, initializer=lambda: self._judges.append(watched.mine()))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes too: a thread that waits for one gives up, and without waiting nothing new begins."""
        super().shutdown(wait=False, cancel_futures=cancel_futures or not wait)
        for each in self._judges:
            each.close()
        super().shutdown(wait=wait)


def processes(jobs: int) -> Workers:
    """So many processes on this machine."""
    return Workers(lambda: Threads(jobs), 2 * jobs)


# ---------------------------------------------------------------------------------------------- Dask


@contextlib.contextmanager
def cluster(scheduler: str, jobs: int, say: Callable[[str], None] = lambda _: None) -> Iterator[Workers]:
    """Workers of Dask: those of a scheduler, as ``tcp://host:8786``, or ``local`` for some of this machine's own.

    Parameters
    ----------
    scheduler : str
        Its address.
    jobs : int
        Workers, where they are this machine's own.
    say : callable
        Gets a line when somebody has to be waited for.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import LocalCluster
    except ImportError:
        raise ClusterError("Dask is not installed: pip install distributed") from None
    with contextlib.ExitStack() as stack:
        stack.enter_context(_silence())
        address = scheduler
        if scheduler == "local":
            free = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # else it takes a port of its own liking
            quiet = {"threads_per_worker": 1, "scheduler_kwargs": free, "silence_logs": logging.CRITICAL}
            apart = "import os; os.setpgid(0, 0)"  # Ctrl-C is for the round, which then ends them
            try:
                made = LocalCluster(n_workers=jobs, preload=apart, **quiet)  # type: ignore[no-untyped-call]
            except (OSError, RuntimeError) as error:
                raise ClusterError(f"Dask's workers on this machine cannot be started: {error}") from None
            address = stack.enter_context(made).scheduler_address
        try:
            _ask(address, CONNECT)
        except Exception as error:  # what is there may be no scheduler at all, and then Dask reads nonsense
            why = " ".join(str(error).split()) or "it does not answer"
            form = "expected an address as tcp://host:8786, of a scheduler that runs, or local"
            raise ClusterError(f"the scheduler {scheduler} cannot be used, {form}: {why}") from None
        yield stack.enter_context(contextlib.closing(_Dask(address, say)))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What Dask tells of connections and versions: the sentences for it are ours."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _ask(address: str, seconds: float, gone: Iterable[str] = ()) -> dict[str, Any]:
    """What a scheduler says of itself and its workers; first it lets go of some.

    Over a connection of its own, since a client has no limit for how long it waits for one that hangs.
    """
    from distributed.core import rpc
    from distributed.security import Security

    async def asked() -> dict[str, Any]:
        known = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
        async with rpc(address, timeout=seconds, connection_args=known) as scheduler:  # type: ignore[no-untyped-call]
            for worker in gone:
                await scheduler.unregister(address=worker, stimulus_id="silent")
            said: dict[str, Any] = await scheduler.identity()
        if said.get("type") != "Scheduler":
            raise ValueError(f"there is a {said.get('type')}")
        return said

    async def in_time() -> dict[str, Any]:
        return await asyncio.wait_for(asked(), seconds + 1)

    return asyncio.run(in_time())


class _Dask(Workers):
    """The workers of a scheduler: those that there are at the time."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        from distributed.scheduler import KilledWorker

        super().__init__(lambda: self._client.get_executor(retries=RETRIES, pure=False), 1)
        self.killed, self.unable = (KilledWorker,), (ImportError, AttributeError)
        self.address, self.say = address, say
        self._client: Any = None
        self._silent: dict[str, tuple[float, float]] = {}  # a worker's last heartbeat, and the seconds since
        self._looked = time.monotonic()
        self._connect()

    def everywhere(self, function: Callable[[], str]) -> dict[str, str]:
        async def one(name: str) -> str | None:
            only: dict[str, Any] = {"workers": [name], "on_error": "return", "asynchronous": True}
            try:
                answer = (await asyncio.wait_for(self._client.run(function, **only), SILENT))[name]
            except (OSError, TimeoutError, KeyError):
                return None
            return f"it cannot do the work: {answer}" if isinstance(answer, Exception) else str(answer)

        async def all_of_them() -> list[str | None]:
            return await asyncio.gather(*map(one, names))

        names = list(self._silent)
        answers: dict[str, str | None] = dict(zip(names, self._client.sync(all_of_them), strict=True))
        self._give_up([name for name, answer in answers.items() if answer is None])
        return {name: answer for name, answer in answers.items() if answer is not None}

    def lost(self, surely: bool) -> bool:
        if self._client.status == "running" and not surely:
            if time.monotonic() - self._looked < LOOK:
                return False
            with contextlib.suppress(OSError):
                if not self._look():
                    self._wait()
                return False
        self.close()
        self._connect()
        return True

    def end(self, executor: Executor, over: bool) -> None:
        """Where the connection ends, Dask gives up what came through it."""

    def close(self) -> None:
        """Let go of the scheduler, whether or not it is there."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT)

    def _connect(self) -> None:
        from distributed import Client

        self._wait()
        self._client = Client(self.address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]

    def _wait(self) -> None:
        """Until there is a scheduler that has a worker."""
        end, said = time.monotonic() + PATIENCE, ""
        while True:
            try:
                if self._look():
                    return
                why = "has no worker"
            except OSError:
                why = "does not answer"
            if why != said:
                self.say(f"waits for the scheduler {self.address}: it {why}")
            if time.monotonic() > end:
                raise ClusterError(f"the scheduler {self.address} {why}, for {PATIENCE:g} s now; {ANEW}")
            said = why
            time.sleep(TICK)

    def _look(self) -> bool:
        """Ask for all workers, give up those that are silent; is there one that works?"""
        workers = _ask(self.address, CONNECT)["workers"]
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, LOOK), now  # this program itself may have been stopped
        silent = {}
        for name, worker in workers.items():
            before, since = self._silent.get(name, (0.0, 0.0))
            silent[name] = (worker["last_seen"], since + passed if worker["last_seen"] == before else 0.0)
            if silent[name][1] >= SILENT / 2 > since:
                self.say(f"waits for the worker {name}: nothing for {silent[name][1]:.0f} s")
        self._silent = silent
        self._give_up([name for name, (_, since) in silent.items() if since >= SILENT])
        working = [
            each["nthreads"] for name, each in workers.items() if name in self._silent and each["status"] == "running"
        ]
        self.width = 2 * sum(working) or self.width
        return bool(working)

    def _give_up(self, names: list[str]) -> None:
        if names:
            _ask(self.address, CONNECT, names)
        for name in names:
            del self._silent[name]
            self.say(f"the worker {name} is given up: nothing for {SILENT:g} s; others get what it had")


# ---------------------------------------------------------------------------------------------- for all of them


def results(
    workers: Workers,
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    say: Callable[[str], None] = lambda _: None,
    idle: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Task, Result | Exception]]:
    """What a function makes of each task, as it comes.

    Parameters
    ----------
    workers : Workers
        Who does it.
    function : callable
        From a task to its result.
    tasks : iterable
        Asked for the next one only when there is room for it.
    say : callable
        Gets a line when nothing has come for long.
    idle : callable
        Called when nothing has come for a moment.

    Yields
    ------
    task, result
        The result is an exception where the function raised, or where workers died of the task again and again.

    Raises
    ------
    ClusterError
        If there are no workers any more. What was on its way has no result.
    """
    coming, last = iter(tasks), deque[Task]()
    suspects = set[int]()
    pending: dict[Future[Result], Task] = {}
    executor, over, surely, came = workers.executor(), False, False, time.monotonic()
    try:
        while True:
            if workers.lost(surely):
                coming, pending = chain(list(pending.values()), coming), {}
                executor, surely = workers.executor(), False
            while len(pending) < workers.width and (task := next(coming, None)) is not None:
                pending[executor.submit(function, task)] = task
            if not pending and last:  # alone: all others are done
                task = last.popleft()
                pending[executor.submit(function, task)] = task
            if not pending:
                over = True
                return
            done, _ = wait(pending, timeout=TICK, return_when=FIRST_COMPLETED)
            if done:
                came = time.monotonic()
            else:
                idle()
            if time.monotonic() - came > QUIET:
                came = time.monotonic()
                say(f"waits for {', '.join(map(str, islice(pending.values(), 5)))}: nothing for {QUIET:g} s")
            for future in done:
                task = pending.pop(future)
                try:
                    yield task, future.result()
                except CancelledError:  # its scheduler is lost
                    coming, surely = chain([task], coming), True
                except workers.killed:
                    if id(task) in suspects:
                        yield task, LostError("each worker that had it died, also when it had nothing else to do")
                    else:
                        suspects.add(id(task))
                        last.append(task)
                except workers.unable as error:
                    raise ClusterError(f"a worker cannot do the work: {error}; {ANEW}") from None
                except Exception as error:
                    yield task, error
    finally:
        workers.end(executor, over)
