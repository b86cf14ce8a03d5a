"""Inside a container: its first process. It holds the student's one, and says what all together use.

Podman and docker hand in the three standard streams and nothing else. So standard input and output are the wire, which
is copied to and from the student's process, and on standard error goes a line of JSON ten times a second::

    {"clock": ..., "cpu": seconds, "waited": seconds of each thread, "memory": bytes, "short": was memory short}

The first says in ``limits`` how many bytes all processes together may hold, and how many they may be: null, if nobody
holds them to it. When the wire is cut on either side this process ends, and the system ends all others in the container
with it. So no container outlives its round.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from grading.student import bridge, forkserver

TICK = 0.1  # seconds after which what was used is looked at again
LAST = 0.2  # seconds in which the engine hands on the last line: it may drop what it holds when this process ends
CHUNK = 1 << 18
GROUP = Path("/sys/fs/cgroup")  # where a container sees its own control group; version 1 has folders in it


def main() -> None:
    """Start a student's process as the first argument says, and serve it until the wire is cut."""
    about = json.loads(sys.argv[1])
    bridge.prepare()
    gc.freeze()
    forkserver._libc.prctl(forkserver.DUMPABLE, 0)  # the student may look into no process but their own
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            forkserver._libc.prctl(forkserver.DUMPABLE, 1)  # else the file below is not ours
            Path("/proc/self/oom_score_adj").write_text("1000")  # where memory is short, this process ends
            forkserver._student(theirs.detach(), about, None)
        finally:
            os._exit(0)
    theirs.close()
    signal.signal(signal.SIGINT, lambda *_: os.kill(pid, signal.SIGINT))
    with contextlib.suppress(OSError):
        _serve(ours)
    _tell()
    select.select([0], [], [], LAST)
    os._exit(0)


def _serve(student: socket.socket) -> None:
    """Copy both ways until one end is closed, or memory was short."""
    inner = student.fileno()
    for end in (0, 1, inner):
        os.set_blocking(end, False)
    inward, outward = bytearray(), bytearray()
    limits = _number("memory.max", "memory/memory.limit_in_bytes"), _number("pids.max", "pids/pids.max")
    _tell(limits=limits)
    told = time.monotonic()
    while True:
        reads = [0, inner] if len(outward) < CHUNK else [0]  # what the checker sends is never too much
        writes = [end for end, waiting in ((inner, inward), (1, outward)) if waiting]
        ready, free, _ = select.select(reads, writes, [], TICK)
        if 0 in ready:
            more = os.read(0, CHUNK)
            inward += more
            if not more:
                return
        if inner in free:
            del inward[: student.send(inward)]
        if inner in ready:
            more = student.recv(CHUNK)
            outward += more
            if not more:
                os.set_blocking(1, True)
                os.write(1, outward)
                return
        if 1 in free:
            del outward[: os.write(1, outward)]
        if time.monotonic() - told >= TICK:
            told = time.monotonic()
            if _tell()["short"]:
                return
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:  # processes whose parents have ended are this one's children
                    pass


def _tell(**more: Any) -> dict[str, Any]:
    short = _counted("memory.events", "memory/memory.oom_control", "oom_kill")  # processes that the system ended
    held = _counted("memory.stat", "memory/memory.stat", "anon", "rss", "shmem")
    now = {"clock": time.monotonic(), "cpu": _cpu(), "waited": _waited(), "memory": held, "short": short > 0}
    os.write(2, json.dumps({**now, **more}).encode() + b"\n")
    return now


def _waited() -> dict[int, float]:
    """Of each thread of the student's the seconds in which it was ready and had no processor."""
    found = dict[int, float]()
    for path in Path("/proc").glob("[0-9]*/task/[0-9]*/schedstat"):
        with contextlib.suppress(OSError, ValueError):
            _, waited, turns = path.read_text().split()
            if turns != "0" and path.parts[2] != "1":
                found[int(path.parts[4])] = int(waited) / 1e9
    return found


def _cpu() -> float:
    """Seconds that all but this process have computed."""
    spent = _counted("cpu.stat", "", "usage_usec") / 1e6 or (_number("", "cpuacct/cpuacct.usage") or 0) / 1e9
    return round((spent or _times()) - time.process_time(), 2)


def _times() -> float:
    """Seconds that all processes have computed, and those that they waited for; where no group is counted."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            total += sum(map(int, path.read_text().rpartition(")")[2].split()[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def _text(new: str, old: str) -> str:
    """A file of the control group, by its name in version 2 or in version 1."""
    for name in filter(None, (new, old)):
        with contextlib.suppress(OSError):
            return (GROUP / name).read_text()
    return ""


def _number(new: str, old: str) -> int | None:
    text = _text(new, old).strip()
    return int(text) if text.isdigit() else None


def _counted(new: str, old: str, *names: str) -> int:
    """The sum of what stands in lines that begin with one of the names."""
    lines = (line.split() for line in _text(new, old).splitlines())
    return sum(int(line[1]) for line in lines if line[0] in names)
