"""Control groups: what all processes of a submission hold together is counted, and bounded, by the kernel.

A limit on each process does not see many together, nor what no process holds: files in memory, buffers of sockets and
pipes. The kernel counts these for a group. Two kinds of it are known here. *Version 1* has a folder for each resource,
and only root may make groups. *Version 2* has one tree, and systemd hands a part of it to whoever asks::

    systemd-run --user --scope -p Delegate=yes python -m grading run backprop ...

Other groups are left alone: all that is made, emptied or removed is called ``grading-...`` and lies below the group in
which this process was started.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from functools import cache
from pathlib import Path

__all__ = ["Group", "Home", "home", "sweep"]

NEEDED = ("memory", "pids")
SELF = "grading-self"  # in version 2 a group with groups in it holds no process of its own: whoever grades moves here
_count = itertools.count()

Home = dict[str, Path]  # for memory and for pids the folder in which groups are made


@cache
def home() -> Home | None:
    """Where groups can be made for this process, found by making one; None if nowhere."""
    with contextlib.suppress(OSError, ValueError):
        found = _found(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
        Group(found, 1 << 30, 64).remove()
        return found
    return None


def _found(groups: str, mounts: str) -> Home:
    """Where a process may make groups, from what its files in ``/proc`` say.

    Raises
    ------
    OSError, ValueError
        If it may not, or if there are none.
    """
    own = {
        kind: path
        for _, kinds, path in (line.split(":", 2) for line in groups.splitlines())
        for kind in kinds.split(",")
    }
    places = dict[str, Path]()
    for line in mounts.splitlines():
        (_, _, _, root, point, *_), (kind, _, options) = (part.split() for part in line.split(" - ", 1))
        for name in {"cgroup": options.split(","), "cgroup2": [""]}.get(
            kind, []
        ):  # version 2 has one tree, and no name
            if name in own and not (below := os.path.relpath(own[name], root)).startswith(".."):
                places[name] = Path(point, below)
    if all(name in places for name in NEEDED):
        return {name: places[name] for name in NEEDED}
    if "" not in places or any(name in places for name in NEEDED):
        raise ValueError("memory and processes are not counted together")
    return dict.fromkeys(NEEDED, _delegated(places[""]))


def _delegated(own: Path) -> Path:
    """In version 2: make groups possible in a group that was handed to this user."""
    own = own.parent if own.name == SELF else own
    if set(NEEDED) <= set((own / "cgroup.subtree_control").read_text().split()):
        return own
    if not set(NEEDED) <= set((own / "cgroup.controllers").read_text().split()):
        raise ValueError("memory and pids are not counted here")
    if not any(_says(own, name) for name in ("user.delegate", "trusted.delegate")):
        raise ValueError("the group was not handed to this user")
    (own / SELF).mkdir(exist_ok=True)
    for process in (own / "cgroup.procs").read_text().split():
        (own / SELF / "cgroup.procs").write_text(process)
    (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in NEEDED))
    return own


def _says(own: Path, name: str) -> bool:
    try:
        return os.getxattr(own, name) == b"1"  # systemd's sign
    except OSError:
        return False


class Group:
    """A group for one submission.

    Parameters
    ----------
    home : dict
        Where it is made.
    memory : int
        Bytes that all its processes may hold.
    processes : int
        How many there may be, threads included.

    Raises
    ------
    OSError
        If it cannot be made.
    """

    def __init__(self, home: Home, memory: int, processes: int) -> None:
        name = f"grading-{os.getpid()}-{next(_count)}"
        self._at = {kind: folder / name for kind, folder in home.items()}
        sweep(home)
        for folder in dict.fromkeys(self._at.values()):
            folder.mkdir()
        try:
            self._limit(memory, processes)
        except OSError:
            self.remove()
            raise

    def _limit(self, memory: int, processes: int) -> None:
        at = self._at["memory"]
        if (at / "memory.max").exists():
            limits = {"memory.max": memory, "memory.swap.max": 0, "memory.oom.group": 1}
        else:
            limits = {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}
        for name, value in limits.items():
            if (at / name).exists():  # of swap there may be none
                (at / name).write_text(str(value))
        (self._at["pids"] / "pids.max").write_text(str(processes))

    def add(self, pid: int) -> None:
        """Count a process, and all that it will start."""
        for folder in dict.fromkeys(self._at.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def peak(self) -> int | None:
        """The most bytes that were held; None where the kernel does not tell."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            with contextlib.suppress(OSError):
                return int((self._at["memory"] / name).read_text())
        return None

    def overrun(self) -> bool:
        """Did the kernel end a process because there was no memory left?"""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                told = dict(line.split() for line in (self._at["memory"] / name).read_text().splitlines())
                return int(told["oom_kill"]) > 0
        return False

    def remove(self) -> None:
        """End what is left in the group, and remove it."""
        for folder in dict.fromkeys(self._at.values()):
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:  # the last processes are there, or on their way out
                    with contextlib.suppress(OSError):
                        for process in (folder / "cgroup.procs").read_text().split():
                            os.kill(int(process), signal.SIGKILL)
                    time.sleep(0.01)
                    continue
                break


def sweep(home: Home) -> None:
    """Remove what graders left that were killed."""
    for old in (old for folder in set(home.values()) for old in folder.glob("grading-*-*")):
        if not Path("/proc", old.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                old.rmdir()
