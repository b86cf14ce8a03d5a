"""How functions are called: the student's with a deadline, ours within bounds, and with right ones before it."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import re
import signal
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grading.judge.item import Call, Case, Item, Reference
from grading.record import Reason, Why
from grading.student import borrowed
from grading.student.borrowed import Borrowed, Missing, NoFunction, NotThere, Unusable
from grading.student.wire import NotNumbers, plain

__all__ = ["OWN", "Gone", "Lent", "Ours", "Outcome", "Unusable"]
__all__ += ["attempt", "bounded", "caller", "earlier", "lend", "nested", "predecessors", "quiet"]


class Lent:
    """A right version of a function, as it is lent to a student's code: it counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.function(*args, **kwargs)

    @staticmethod
    def counted(names: Mapping[str, Any]) -> Counter[str]:
        """How often those of a namespace were called until now."""
        return Counter({name: value.calls for name, value in names.items() if isinstance(value, Lent)})


def lend(item: Item, right: Reference) -> dict[str, Any]:
    """Right versions of the functions before an item's, which count their calls."""
    return {name: Lent(right[name]) for name in earlier(item, right)}


class _Caller:
    """Calls of the functions of a namespace in this process."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name not in self.namespace:
            raise Missing(name)
        function = self.namespace[name]
        if not callable(function):
            raise NoFunction(name)
        with borrowed.watched(function):
            return function(*args, **kwargs)

    def counted(self) -> Counter[str]:
        """How often each function that was lent was called until now."""
        return Lent.counted(self.namespace)

    def stepped(self, name: str) -> str:
        """What `borrowed.stepped` says of a function."""
        return borrowed.stepped(self.namespace.get(name))


def caller(namespace: Mapping[str, Any]) -> Call:
    """A call that looks the function up in a namespace of this process.

    It is `Unusable` where there is none, and where it leaves its work to a library (see `borrowed`).
    """
    return _Caller(namespace)


@dataclass(frozen=True)
class Ours:
    """The same for functions of ours: nobody has to look at their code, but they may compute for no longer either."""

    namespace: Mapping[str, Any]

    def within(self, seconds: float) -> Call:
        def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            with bounded(seconds):
                return self.namespace[name](*args, **kwargs)

        return call

    def __call__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.within(OWN)(name, args, kwargs)


def earlier(item: Item, right: Reference) -> list[str]:
    """The functions that stand before an item's in the notebook: its answer may use these, and none that come later.

    A class is not among them: an object does not cross to where student code runs, so theirs stays their own.
    """
    names = list(right.source)
    return [name for name in names[: names.index(item.function)] if not isinstance(right[name], type)]


@contextlib.contextmanager
def predecessors(namespace: dict[str, Any], item: Item, right: Reference) -> Iterator[None]:
    """Put right versions of the functions before it into a student's namespace, and take them out again.

    A later item must not fail for an earlier mistake, nor for a given function that was overwritten.
    """
    others = lend(item, right)
    kept = {name: namespace[name] for name in others if name in namespace}
    namespace.update(others)
    try:
        yield
    finally:
        for name in others:
            namespace.pop(name, None)
        namespace.update(kept)


UNUSABLE = {
    Missing: Reason.MISSING,
    NoFunction: Reason.NO_FUNCTION,
    Borrowed: Reason.BORROWED,
    NotThere: Reason.ABSENT,
}


class Gone(Exception):
    """The process of a student's functions answers no more."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Outcome:
    """What a call gave: a value, or why there is none; `over` if the next call would say the same, only later.

    `left` are the arguments as the call left them.
    """

    value: Any = None
    why: Why | None = None
    over: bool = False
    left: tuple[Any, ...] = field(default=(), compare=False)

    @property
    def kind(self) -> str:
        """The kind of failure: the exception's name, where there is one."""
        return str(self.why.data.get("error", self.why.reason)) if self.why else ""


class _Deadline(BaseException):
    pass


CONVERTED = 5.0  # seconds of computing in which a result must have become arrays
OWN = 60.0  # seconds of computing for the reference, or a judge, in a case: far more than any needs


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Let this process compute for so many seconds, however long a busy machine takes for them.

    What is ours is bounded too: how much of it is done, a student decides.

    Raises
    ------
    TimeoutError
        When they are over. Where there is no such alarm, as in a thread, nothing happens.
    """
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise _Deadline

    handler = signal.signal(signal.SIGPROF, ring)
    left, again = signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)  # rings again for code that catches everything
    try:
        yield
    except _Deadline:
        raise TimeoutError(f"it takes more than {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, left, again)
        signal.signal(signal.SIGPROF, handler)


class _Sink(io.TextIOBase):
    """Swallows what student code prints, however much it is."""

    def write(self, text: str, /) -> int:
        return len(text)


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield  # no alarm on this system or in this thread: the runner's own limit has to do
        return

    def ring(*_: Any) -> None:
        raise _Deadline

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # rings again for code that catches everything
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def attempt(call: Call, name: str, case: Case, seconds: float) -> Outcome:
    """Call a function with copies of the arguments, and take whatever comes of it."""
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    within = getattr(call, "within", None)  # of a call that keeps the time itself
    call, limit = (within(seconds), contextlib.nullcontext()) if within else (call, _deadline(seconds))
    try:
        with contextlib.redirect_stdout(_Sink()), contextlib.redirect_stderr(_Sink()), quiet(), limit:
            value = call(name, args, kwargs)
            try:
                with bounded(CONVERTED) if within else contextlib.nullcontext():
                    # a copy in plain arrays: a later call may change what this one returned
                    return Outcome(nested(value), left=args)
            except TimeoutError:
                return Outcome(why=Reason.ENDLESS(), over=True)
    except _Deadline:
        return Outcome(why=Reason.LATE(seconds=seconds), over=True)
    except KeyboardInterrupt:  # from outside: the runner's own limit
        return Outcome(why=Reason.INTERRUPTED(), over=True)
    except NotImplementedError:
        return Outcome(why=Reason.UNSOLVED(), over=True)
    except Gone as gone:
        return Outcome(why=gone.why, over=True)
    except Unusable as error:
        return Outcome(why=UNUSABLE.get(type(error), Reason.NO_FUNCTION)(name=str(error)), over=True)
    except ModuleNotFoundError as error:  # the function imports it
        module = re.search(r"No module named '([^']+)'", str(error))
        return Outcome(why=Reason.ABSENT(name=module[1] if module else str(error)[:200]), over=True)
    except NotNumbers as error:
        return Outcome(why=Reason.NOT_NUMBERS(kind=str(error)))
    except BaseException as error:  # SystemExit too: nothing that student code does may stop the grading
        kind = type(error).__name__
        try:
            words = str(error).split("\n")[0][:200]
        except BaseException:
            words = ""
        return Outcome(why=Reason.RAISED(error=kind, words=words))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def nested(value: Any) -> Any:
    """A list of numbers becomes an array, a list of anything else stays a list; every array is a copy."""
    value = plain(value)
    if isinstance(value, list | tuple):
        parts = [nested(part) for part in value]
        if parts and all(isinstance(part, np.ndarray) and part.ndim == 0 for part in parts):
            return np.array(parts)
        return parts
    array = np.array(value)
    if array.dtype.kind not in "fiub":
        raise NotNumbers("complex" if array.dtype.kind == "c" else type(value).__name__)
    return array
