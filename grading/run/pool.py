"""Do tasks beside each other, written against `concurrent.futures.Executor`: threads here, Dask for clusters.

A thread here leaves its work to a process of its own (`grading.run.watched`). A worker of a cluster that dies takes
nothing with it: what it had is done again, one at a time, so that a submission which ends workers is found, and harms
no other.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from grading.run import watched

__all__ = ["ClusterError", "cluster", "processes", "results"]

TRIES = 3
CONNECT = 5  # seconds for a scheduler to answer
TICK = 0.5  # seconds without a result after which there is time for something else
PATIENCE = 60  # seconds for its first worker
Task = TypeVar("Task")
Result = TypeVar("Result")


class ClusterError(Exception):
    """The cluster cannot be used; the sentence says why."""


class Workers:
    """A way to make an executor, and how many tasks it should hold.

    Parameters
    ----------
    make : callable
        Makes an executor; again when one broke.
    width : int
        Tasks that are handed over before the first has come back: memory stays flat however many there are.
    everywhere : callable, optional
        From a function to what it gives on each worker, by the worker's name. Without it all work is done here.
    """

    def __init__(
        self,
        make: Callable[[], Executor],
        width: int,
        everywhere: Callable[[Callable[[], str]], dict[str, str]] = lambda function: {"this machine": function()},
    ) -> None:
        self.make, self.width, self.everywhere = make, width, everywhere
        self._started: Executor | None = None

    def start(self) -> None:
        """Let the workers of this machine begin now, while others do something else."""
        self._started = self.make()
        if isinstance(self._started, Threads):
            for _ in range(self.width // 2):
                self._started.submit(_prepare)

    def executor(self) -> Executor:
        """The one that was started, or else a new one."""
        started, self._started = self._started, None
        return started or self.make()


def _prepare() -> None:
    watched.mine().prepare()


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


@contextlib.contextmanager
def cluster(scheduler: str, jobs: int) -> Iterator[Workers]:
    """Workers of Dask: those of a scheduler, as ``tcp://host:8786``, or ``local`` for some of this machine's own.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ClusterError("Dask is not installed: pip install distributed") from None
    with contextlib.ExitStack() as stack:
        if scheduler == "local":
            free = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # else it takes a port of its own liking
            made = LocalCluster(n_workers=jobs, threads_per_worker=1, scheduler_kwargs=free)  # type: ignore[no-untyped-call]
            address: Any = stack.enter_context(made)
        else:
            address = scheduler
        try:
            client = stack.enter_context(Client(address, timeout=CONNECT, set_as_default=False))  # type: ignore[no-untyped-call]
        except Exception as error:  # what is there may be no scheduler at all, and then Dask reads nonsense
            why = " ".join(str(error).split()) or "it does not answer"
            form = "expected an address as tcp://host:8786, of a scheduler that runs, or local"
            raise ClusterError(f"the scheduler {scheduler} cannot be used, {form}: {why}") from None
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, TimeoutError) as error:
            raise ClusterError(f"the scheduler {scheduler} has no worker after {PATIENCE} s: {error}") from None
        threads = sum(client.nthreads().values())
        yield Workers(lambda: client.get_executor(retries=TRIES, pure=False), 2 * threads, client.run)


def results(
    workers: Workers,
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    patience: float,
    idle: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Task, Result | BaseException]]:
    """What a function makes of each task, as it comes.

    Parameters
    ----------
    workers : Workers
        Who does it.
    function : callable
        From a task to its result.
    tasks : iterable
        Asked for the next one only when there is room for it.
    patience : float
        Seconds without any result after which the workers are given up, and new ones made.
    idle : callable
        Called when nothing has come for a moment.

    Yields
    ------
    task, result
        The result is an exception where the function raised, or where workers died of the task again and again.
    """
    coming, again, tries = iter(tasks), deque[Task](), Counter[int]()
    pending: dict[Future[Result], Task] = {}
    executor, over, came = workers.executor(), False, time.monotonic()
    try:
        while True:
            broken = False
            while len(pending) < (1 if again else workers.width):
                task = again[0] if again else next(coming, None)
                if task is None:
                    break
                try:
                    pending[executor.submit(function, task)] = task
                except BrokenExecutor:
                    broken = True
                    if not again:
                        again.append(task)
                    break
                if again:
                    again.popleft()
            if not pending and not broken:
                over = True
                return
            done, _ = (
                wait(pending, timeout=min(TICK, patience), return_when=FIRST_COMPLETED) if pending else (set(), None)
            )
            if done:
                came = time.monotonic()
            else:
                idle()
            for future in done:
                task = pending.pop(future)
                try:
                    yield task, future.result()
                except BrokenExecutor as error:
                    broken = True
                    tries[id(task)] += 1
                    if tries[id(task)] < TRIES:
                        again.append(task)
                    else:
                        yield task, error
                except Exception as error:
                    yield task, error
            if broken or (pending and time.monotonic() - came > patience):
                came = time.monotonic()
                for task in pending.values():
                    tries[id(task)] += 1
                    if tries[id(task)] < TRIES:
                        again.append(task)
                    else:
                        yield task, BrokenExecutor("its worker died, or did not answer")
                pending.clear()
                executor.shutdown(wait=False)
                executor = workers.make()
    finally:
        executor.shutdown(wait=over)
