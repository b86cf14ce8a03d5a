"""Work that goes wrong; in a module of its own, which the process that judges imports in no time."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from grading.run.watched import may_hold


def die_of_three(number):
    if number == 3:
        raise ValueError("three")
    return number * number


def _first(mark):
    """Is it the first time?"""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def stop_once(mark, begin, spared):
    """The process that does it is stopped, as by `kill -STOP`; the next one is not."""
    begin("stop", 0.1)
    if _first(mark):
        os.kill(os.getpid(), signal.SIGSTOP)
    return "right"


def end_workers(task):
    """Of the worker that does it: stop it or kill it the first time, or kill it whenever it comes."""
    what, mark = task
    if what == "kills" or (what in ("stops once", "kills once") and _first(mark)):
        os.kill(os.getpid(), signal.SIGSTOP if what == "stops once" else signal.SIGKILL)
    return what


def in_steps(argument, begin, spared):
    """Three steps, of which one does what the argument says."""
    done = {}
    for name in ("one", "two", "three"):
        if name in spared:
            done[name] = spared[name]
            continue
        begin(name, 0.1)
        if name == "two":
            BAD[argument]()
        done[name] = "right"
    begin("", 1.0)
    if argument == "outside":
        os._exit(1)
    return done, os.getpid()


def _forever():
    while True:
        pass


def _in_one_call():
    """No alarm interrupts it."""
    np.linalg.svd(np.zeros((3000, 3000)) + np.random.default_rng(0).normal(size=(3000, 3000)))
    _in_one_call()


def _memory():
    may_hold(1 << 20)
    try:
        np.ones(1 << 23)
    except MemoryError:
        return
    raise AssertionError("64 MB were given, and 1 MB is the limit")


def _raise():
    raise KeyError("two")


BAD = {
    "nothing": lambda: None,
    "forever": _forever,
    "waits": lambda: time.sleep(3600),
    "in one call": _in_one_call,
    "dies": lambda: os._exit(3),
    "memory": _memory,
    "raises": _raise,
    "prints": lambda: os.write(1, b"\x80\x04no answer of ours"),
    "outside": lambda: None,
}
