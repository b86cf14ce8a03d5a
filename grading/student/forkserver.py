"""Inside the sandbox: one process that has imported everything, and a fork of it for each submission.

Python, NumPy, IPython and matplotlib take a second to import, and a fork of a process that has done so takes a
hundredth. The server itself never runs student code. Each fork lives in namespaces of its own (users,
processes, mounts, shared memory): it sees no other process, can signal none, and its writable folders are new and
vanish with it; together they hold no more than it may use of memory. When its first process ends, the system ends all
others in it.

Where namespaces cannot be nested the server says so, and is then used for a single submission.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from grading.student import OWN, bridge, seccomp

NEWUSER, NEWPID, NEWNS, NEWIPC = 0x10000000, 0x20000000, 0x00020000, 0x08000000
PDEATHSIG, DUMPABLE, SUBREAPER = 1, 4, 36
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Serve until the door is closed: each message brings the sockets of a submission and says its limits."""
    door = socket.socket(fileno=int(sys.argv[1]))
    own = [folder for folder in OWN if os.access(folder, os.W_OK)]
    bridge.prepare()
    gc.freeze()  # so that the forks' collector does not touch, and copy, what is shared
    _libc.prctl(DUMPABLE, 0)  # nobody may look into this process's memory
    seccomp.program()  # where it cannot be made, nothing is served
    nested = _tried(_separate, lambda: _mount(own, 1 << 20))
    counted = _tried(_separate if nested else lambda: None, _fork_alone)
    door.sendall(json.dumps({"nested": nested}).encode())
    while True:
        message, handles, *_ = socket.recv_fds(door, 1 << 16, 2)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not message:
            return
        if os.fork() == 0:
            door.close()
            wire, reins = handles
            about = json.loads(message)
            if not counted:  # the watcher looks alone
                about["limits"].pop("processes")
            _keep(wire, reins, about, own if nested else None)
            os._exit(0)
        for handle in handles:
            os.close(handle)


def _tried(*steps: Callable[[], object]) -> bool:
    """Try in a fork whether something can be done here."""
    pid = os.fork()
    if pid == 0:
        try:
            for step in steps:
                step()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def _fork_alone() -> None:
    """Works where a limit of processes counts those of the namespace, and not all that the user has anywhere."""
    resource.setrlimit(resource.RLIMIT_NPROC, (6, 6))
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def _separate() -> None:
    """New namespaces for this process and, of processes, for its children."""
    user, group = os.getuid(), os.getgid()
    _libc.prctl(DUMPABLE, 1)  # else the files below are not ours
    if _libc.unshare(NEWUSER | NEWPID | NEWNS | NEWIPC):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        handle = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(handle, text.encode())
        os.close(handle)
    _libc.prctl(DUMPABLE, 0)


def _mount(own: list[str], size: int) -> None:
    """New folders, which share what they may hold."""
    first, *others = (folder.encode() for folder in own)
    _mounted(b"tmpfs", first, b"tmpfs", 6, b"size=%d" % size)  # nosuid, nodev
    for folder in others:
        there = os.path.join(first, os.path.basename(folder))
        os.mkdir(there)
        _mounted(there, folder, None, 4096, None)  # the same folder in another place


def _mounted(*about: Any) -> None:
    if _libc.mount(*about):
        raise OSError(ctypes.get_errno(), "mount", about[1])


def _drop() -> None:
    """Give up the rights over the new namespaces."""
    head, none = array.array("I", [0x20080522, 0]), array.array("I", [0] * 6)
    if _libc.capset(ctypes.c_void_p(head.buffer_info()[0]), ctypes.c_void_p(none.buffer_info()[0])):
        raise OSError(ctypes.get_errno(), "capset")


def _keep(wire: int, reins: int, about: dict[str, Any], own: list[str] | None) -> None:
    """Start a student's process and hold it: ``i`` interrupts, anything else ends it, and then its use is told."""
    if own is not None:
        _separate()
    _libc.prctl(SUBREAPER, 1)  # without namespaces of its own, what it leaves behind becomes a child of this process
    pid = os.fork()
    if pid == 0:
        try:
            os.write(reins, b"!")  # which tells the other end the number of this process, as it is seen there
            _student(wire, about, own)
        finally:
            os._exit(0)
    os.close(wire)
    watched = os.pidfd_open(pid)
    while True:
        ready, *_ = select.select([reins, watched], [], [])
        if watched in ready:
            break
        os.kill(pid, signal.SIGINT if os.read(reins, 1) == b"i" else signal.SIGKILL)
    _, status, use = os.wait4(pid, 0)
    with contextlib.suppress(OSError):
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
                for child in children.read().split():
                    os.kill(int(child), signal.SIGKILL)
            os.wait()
    told = {"status": status, "cpu": use.ru_utime + use.ru_stime, "memory": use.ru_maxrss >> 10}
    with contextlib.suppress(OSError):
        os.write(reins, json.dumps(told).encode())


def _student(wire: int, about: dict[str, Any], own: list[str] | None) -> None:
    os.dup2(wire, 3)
    os.closerange(4, 1 << 16)
    _libc.prctl(PDEATHSIG, signal.SIGKILL)
    if own is not None:
        _mount(own, about["limits"]["memory"])
        _drop()
        _libc.prctl(DUMPABLE, 1)
    seccomp.install()
    os.makedirs("/student/work")
    os.chdir("/student/work")
    with bridge._silent():
        bridge.answer(socket.socket(fileno=3), about["seed"], about["limits"], about["libraries"])


if __name__ == "__main__":
    main()
