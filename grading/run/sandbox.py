"""Where student code runs: a process that sees Python, NumPy, its own folders, and nothing of the course.

With bubblewrap (Linux) it has no network, no repository, no gradebook and no solutions, its system is read-only, it
cannot see other processes, and whatever it starts ends with it. Where bubblewrap cannot work there is no sandbox, and
`obstacle` says why; a plain process has to be asked for, since malice can do harm there.

Limits, and who holds a submission to them:

============  ==========================================================================================================
memory        of one process, the system: it gets a MemoryError at the limit. Of all together, a control group where one
              can be had (`grading.run.cgroup`), a little above; else this module, which adds up what it sees ten
              times a second, while `grading.student.seccomp` refuses what could not be seen
processes     the group; else the system where it counts those of a namespace alone; else this module
time          `grading.run.execution`, by `Place.charged`
============  ==========================================================================================================
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil

import grading
import nnlib
from grading.course import NEVER
from grading.run import cgroup
from grading.student import OWN
from grading.student.borrowed import LIBRARIES

__all__ = ["Place", "Sandbox", "SandboxError", "Use", "obstacle"]

STUB = '''"""The part of nnlib that an exercise may use: the visible checks and the data."""


def __getattr__(name):
    raise AttributeError(f"nnlib.{name} is not here; this part asks for your own code, with NumPy alone")
'''
# in the environment, not in the sandbox: the course's own packages, and what would do the exercises
HIDDEN = frozenset({*NEVER, *LIBRARIES})
PYTHON = os.path.abspath(sys.executable)  # of "../course/.venv/bin/python" the sandbox does not see all folders
SPARE = 1 << 27  # bytes above the limit: what a process changes of those, and so much that it sees a MemoryError first
HANDLE = 208 << 10  # bytes that a socket or a pipe holds at most
PROCESSES = 64
TICK = 0.1  # seconds after which a submission is looked at again
SLOWEST = 5  # where waiting cannot be told from sleeping, the clock counts for a fifth
ENOUGH = 120.0  # seconds for a process to start, on a slow and busy machine too


class SandboxError(Exception):
    """The sandbox failed, as far as we know not by the student's doing."""


@dataclass(frozen=True)
class Use:
    """What a student's process used, and why it was ended if it was ended early."""

    cpu: float = 0.0
    memory: int = 0
    ended: str = ""


# ---------------------------------------------------------------------------------------------- is there one?


TRIAL = """
import os, sys
folder, *outside = sys.argv[1:]
same = [name.split(":")[0] for name in outside if os.readlink("/proc/self/ns/" + name.split(":")[0]) == name]
same += ["files"] * os.path.exists(folder)
sys.exit(f"what it runs is not kept apart from this machine ({', '.join(same)})" if same else 0)
"""


def _namespaces() -> list[str]:
    """Those of this process that a sandbox must not share."""
    there = [f"/proc/self/ns/{kind}" for kind in ("ipc", "mnt", "net", "pid")]
    return [os.readlink(path) for path in there if os.path.islink(path)]


@cache
def obstacle() -> str:
    """Why bubblewrap cannot isolate student code here, and what to do about it; empty if it can.

    It is tried with the very command that grades: a smaller one passes where a mask over ``/proc`` stops that. What it
    runs looks around: a program of that name could run it and keep nothing apart.
    """
    found, said = shutil.which("bwrap") is not None, ""
    if found and sys.platform == "linux":
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            Path(folder, "modules").mkdir()
            tried = subprocess.run(
                [*_command(Path(folder)), PYTHON, "-I", "-S", "-c", TRIAL, folder, *_namespaces()],
                env=_environment(Path("/course"), "/student"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        if tried.returncode == 0:
            return ""
        said = tried.stderr.strip().split("\n")[-1] or f"it ended with {tried.returncode}"
    return _remedy(sys.platform, found, said, {name: _setting(name) for name in SETTINGS})


SETTINGS = {
    "kernel.apparmor_restrict_unprivileged_userns": (
        "1",
        "Ubuntu's AppArmor lets only programs that it knows make namespaces. Give bubblewrap a profile, as the guide "
        "shows, or until the next start of the machine: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "kernel.unprivileged_userns_clone": (
        "0",
        "this system lets only root make namespaces. Allow it: sudo sysctl kernel.unprivileged_userns_clone=1",
    ),
    "user.max_user_namespaces": (
        "0",
        "this system allows no namespaces of users. Allow some: sudo sysctl user.max_user_namespaces=15000",
    ),
}
CONTAINED = (
    "Grade on a machine of your own, or start the container so that it may make namespaces: for podman "
    "--security-opt unmask=ALL, for docker --security-opt systempaths=unconfined --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined, for a pod of JupyterHub procMount: Unmasked; see the guide"
)


def _setting(name: str) -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    return ""


def _remedy(platform: str, found: bool, said: str, settings: Mapping[str, str]) -> str:
    """What stands in bubblewrap's way, and the way out.

    Parameters
    ----------
    platform : str
        As ``sys.platform``.
    found : bool
        Whether there is a program ``bwrap``.
    said : str
        Its last words.
    settings : dict
        Of ``SETTINGS`` what the kernel says.
    """
    if platform != "linux":
        system = {"darwin": "macOS", "win32": "Windows"}.get(platform, platform)
        return f"bubblewrap needs Linux, and this is {system}. Grade in a container, as the guide shows"
    if not found:
        return "bubblewrap is not installed: sudo apt install bubblewrap (Fedora: sudo dnf install bubblewrap)"
    for name, (forbids, words) in SETTINGS.items():
        if settings.get(name) == forbids:
            return f"bubblewrap cannot work: {words} ({said})"
    if "mount proc" in said:
        return f"bubblewrap cannot work: this is a container, whose /proc is masked. {CONTAINED} ({said})"
    if "namespace" in said:
        return f"bubblewrap cannot work: this system forbids namespaces, as containers do. {CONTAINED} ({said})"
    return f"bubblewrap does not work: {said}"


# ---------------------------------------------------------------------------------------------- a place


class _Look(NamedTuple):
    """What was seen at once: seconds of the clock, computed, waited; and which thread looked, and has waited itself."""

    clock: float
    cpu: float
    waited: dict[int, float]
    thread: int
    own: float


def _waited(pid: int) -> dict[int, float]:
    """Of each thread the seconds in which it was ready and had no processor, where the kernel counts them."""
    found = dict[int, float]()
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            _, waited, turns = Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()
            if turns != "0":
                found[int(thread)] = int(waited) / 1e9
    return found


def _family(pid: int) -> list[int]:
    """A process and all that it started; the children of those that ended are the first one's."""
    family = [pid]
    for each in family:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{each}/task"):
                family += map(int, Path(f"/proc/{each}/task/{thread}/children").read_text().split())
    if len(family) == 1 and not Path("/proc/self/task", str(threading.get_native_id()), "children").exists():
        with contextlib.suppress(psutil.Error):  # some kernels do not tell of children: all processes are looked at
            family += [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return family


def _computed(pid: int) -> float:
    """Seconds of a process and of those of its children that have ended."""
    with contextlib.suppress(psutil.Error):
        return float(sum(psutil.Process(pid).cpu_times()[:4]))
    return 0.0


def _device(path: str) -> int | None:
    try:
        return os.stat(path).st_dev
    except OSError:
        return None


def _held(pid: int, family: list[int], most: int) -> int:
    """Bytes that processes hold together: their memory, their files, and what sockets and pipes may hold.

    What they share, which is most of a process that was forked, is counted once; to find out takes milliseconds, so it
    is done when they could be over what they may have ``most``.
    """
    folders, sizes = dict[int | None, int](), dict[int, int]()
    for own in OWN:
        path = f"/proc/{pid}/root{own}"
        if (device := _device(path)) not in (None, _device(own)):  # a plain process has those of the machine
            with contextlib.suppress(OSError):
                files = os.statvfs(path)
                folders[device] = (files.f_blocks - files.f_bfree) * files.f_frsize
    held = sum(folders.values())
    for each in family:
        with contextlib.suppress(OSError, psutil.Error):
            held += len(os.listdir(f"/proc/{each}/fd")) * HANDLE
            sizes[each] = psutil.Process(each).memory_info().rss
    if held + sum(sizes.values()) > most:
        for each in sizes:
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
                sizes[each] = sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss_Anon:"))
    return held + sum(sizes.values())


class Place:
    """A student's process: the socket to it, and the reins.

    Parameters
    ----------
    connection : socket.socket
        To the process, for `grading.student.wire`.
    pid : int
        Of the process.
    memory : int
        Bytes that all its processes may hold together.
    group : Group, optional
        That counts them.
    top : int, optional
        The process below which all of them are, if it is not the first one.

    Attributes
    ----------
    socket : socket.socket
        To the process.
    """

    _charged = 0.0
    _seen: _Look | None = None

    def __init__(
        self, connection: socket.socket, pid: int, memory: int, group: cgroup.Group | None = None, top: int = 0
    ) -> None:
        self.socket, self.pid, self._memory, self._group, self._top = connection, pid, memory, group, top or pid
        self._ended, self._over, self._cpu = "", threading.Event(), 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def interrupt(self) -> None:
        """Ask Python there to stop what it does."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the process and all that it started."""
        raise NotImplementedError

    def cpu(self) -> float:
        """Seconds that the process, and what it started, have computed; of interest are differences."""
        total = sum(_computed(pid) for pid in _family(self._top))
        self._cpu = max(self._cpu, total)  # when they have ended, it is what was seen last
        return self._cpu

    def charged(self, clock: float | None = None) -> float:
        """Seconds to hold against the student; of interest are differences.

        They are seconds of the clock, without those in which a thread was ready and waited for a processor: so a
        process that sleeps is charged, and one on a busy machine is not. Where it computes more than that, with several
        threads or processes, it is what it computes. A clock of one's own can stand still while nobody waits for the
        process.

        Where the kernel does not tell who waited, the clock counts for a fifth. What was seen a moment ago is looked at
        no more, but for the clock: a look takes longer than many a call.
        """
        seen, clock = self._seen, time.monotonic() if clock is None else clock
        if seen is not None and (since := clock - seen.clock) < TICK:
            return self._charged + since
        now = self._look_at_time(clock)
        if seen is not None:
            clock -= seen.clock
            both = [now.waited[thread] - waited for thread, waited in seen.waited.items() if thread in now.waited]
            waited = max(both, default=clock * (1 - 1 / SLOWEST))
            if seen.thread == now.thread:  # while this side is answering, it is the one that waits
                waited += now.own - seen.own
            self._charged += max(now.cpu - seen.cpu, clock - waited)
        self._seen = now
        return self._charged

    def _look_at_time(self, clock: float) -> _Look:
        me, waited = threading.get_native_id(), dict[int, float]()
        for pid in _family(self._top):
            waited |= _waited(pid)
        return _Look(clock, self.cpu(), waited, me, _waited(os.getpid()).get(me, 0.0))

    def end(self) -> Use:
        """Kill, and tell what was used."""
        self._over.set()
        with contextlib.suppress(OSError):
            self.socket.close()
        self.kill()
        try:
            use = self._use()
            if self._group is not None:
                self._look()
                use = Use(use.cpu, (self._group.peak() or use.memory << 20) >> 20, self._ended)
        finally:
            if self._group is not None:
                self._group.remove()
        return use

    def _use(self) -> Use:
        raise NotImplementedError

    def _watch(self) -> None:
        """See whether all together are too many or too large, where the kernel does not hold them to it."""
        while not self._over.wait(TICK):
            self._look()
            if self._ended:
                self.kill()
                return

    def _look(self) -> None:
        if self._group is not None:
            if self._group.overrun():
                self._ended = f"it used more than {self._memory >> 20} MB"
            return
        family, most = _family(self._top), self._memory + SPARE
        if len(family) > PROCESSES:
            self._ended = f"it started more than {PROCESSES} processes"
        elif _held(self.pid, family, most) > most:
            self._ended = f"it used more than {self._memory >> 20} MB"


class _Fork(Place):
    def __init__(self, connection: socket.socket, reins: socket.socket, *about: Any) -> None:
        self.reins = reins
        super().__init__(connection, *about)

    def interrupt(self) -> None:
        self._pull(b"i")

    def kill(self) -> None:
        self._pull(b"q")

    def _pull(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self.reins.send(word)

    def _use(self) -> Use:
        with self.reins:
            self.reins.settimeout(ENOUGH)
            try:
                told = json.loads(self.reins.recv(1000))
            except (OSError, ValueError):
                raise SandboxError("the sandbox does not say that the process has ended") from None
        return Use(float(told["cpu"]), int(told["memory"]), self._ended)


class _Plain(Place):
    def __init__(self, connection: socket.socket, process: subprocess.Popen[str], memory: int) -> None:
        self.process, self._size = process, 0
        super().__init__(connection, process.pid, memory)

    def interrupt(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)
        else:
            self.kill()

    def kill(self) -> None:
        with contextlib.suppress(psutil.Error):
            self.cpu()
            root = psutil.Process(self.pid)
            self._size = root.memory_info().rss >> 20
            for child in root.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self.process.kill()
        self.process.wait()

    def _use(self) -> Use:
        return Use(self._cpu, self._size, self._ended)


# ---------------------------------------------------------------------------------------------- the sandbox


class Sandbox:
    """Makes places for student code, one after the other; a context manager.

    Parameters
    ----------
    way : str, optional
        "bubblewrap", which is what is meant where nothing is said, or "none" for a plain process.
    libraries : sequence of str
        Of those that would do the lecture's exercises the ones that may be used nevertheless.

    Raises
    ------
    SandboxError
        If bubblewrap cannot work here; it says why.
    """

    def __init__(self, way: str | None = None, libraries: Sequence[str] = ()) -> None:
        self.way, self.libraries = way or "bubblewrap", tuple(libraries)
        if self.way == "bubblewrap" and (why := obstacle()):
            raise SandboxError(why)
        self._server: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self.nested = True
        self._folder = Path(tempfile.mkdtemp(prefix="grading-"))
        _modules(self._folder)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the server and every process in the sandbox, and remove the folder."""
        self._stop()
        if self.way == "bubblewrap" and (home := cgroup.home()):
            cgroup.sweep(home)
        shutil.rmtree(self._folder, ignore_errors=True)

    def prepare(self) -> None:
        """Start what all places share.

        Raises
        ------
        OSError
            If it does not start.
        """
        if self.way != "none":
            self._started()

    def place(self, seed: int, memory: int) -> Place:
        """A new process for student code.

        Parameters
        ----------
        seed : int
            Of the process's own random generators.
        memory : int
            Bytes that it may use.

        Raises
        ------
        SandboxError
            If none can be started.
        """
        about = self._about(seed, memory)
        if self.way == "none":
            return self._plain(about, memory)
        about["limits"]["processes"] = PROCESSES
        if not self.nested:
            self._stop()  # one place for each sandbox
        for _ in range(2):
            try:
                return self._fork(about, memory)
            except (OSError, ValueError) as error:
                failed = error
                self._stop()  # it may have been killed; a new one is started once
        raise SandboxError(f"the sandbox does not start: {failed}")

    def _about(self, seed: int, memory: int) -> dict[str, Any]:
        return {"seed": seed, "limits": {"memory": memory}, "libraries": self.libraries}

    def _fork(self, about: dict[str, Any], memory: int) -> Place:
        door, server = self._started()
        wire, wire_end = socket.socketpair()
        reins, reins_end = socket.socketpair()
        reins.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with wire_end, reins_end:
            socket.send_fds(door, [json.dumps(about).encode()], [wire_end.fileno(), reins_end.fileno()])
        pid = _number(reins)
        home = cgroup.home()
        group = cgroup.Group(home, memory + SPARE, PROCESSES) if home else None
        try:
            if group is not None:
                group.add(pid)  # before there is anything of the student's to run
            return _Fork(wire, reins, pid, memory, group, 0 if self.nested else server.pid)
        except OSError:
            assert group is not None
            group.remove()
            raise

    def _started(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        if self._door is None or self._server is None or self._server.poll() is not None:
            self._stop()
            self._door, end = socket.socketpair()
            with end:
                server = [PYTHON, "-P", "-m", "grading.student.forkserver", str(end.fileno())]
                self._server = subprocess.Popen(
                    [*_command(self._folder, self.libraries), *server],
                    env=_environment(Path("/course"), "/student"),
                    pass_fds=[end.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=(self._folder / "log").open("wb"),
                    start_new_session=True,  # Ctrl-C is for the runner, which then ends its sandboxes
                )
            self._door.settimeout(ENOUGH)
            said = self._door.recv(1000)
            if not said:
                words = (self._folder / "log").read_text(errors="replace").strip().split("\n")[-1]
                raise OSError(words or "it ended without a word")
            self.nested = bool(json.loads(said)["nested"])
        return self._door, self._server

    def _stop(self) -> None:
        if self._door is not None:
            self._door.close()
        if self._server is not None:
            self._server.kill()  # bubblewrap's processes end with it
            self._server.wait()
        self._door = self._server = None

    def _plain(self, about: dict[str, Any], memory: int) -> Place:
        word = secrets.token_bytes(32)
        home = Path(tempfile.mkdtemp(dir=self._folder))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(ENOUGH)
            process = subprocess.Popen(
                [PYTHON, "-P", "-c", "from grading.student.bridge import main; main()"],
                env=_environment(self._folder / "modules", str(home)),
                cwd=home,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
            assert process.stdin is not None
            process.stdin.write(json.dumps({**about, "port": listener.getsockname()[1], "word": word.hex()}) + "\n")
            process.stdin.close()
            try:
                connection, _ = listener.accept()
                connection.settimeout(ENOUGH)
                if not secrets.compare_digest(connection.recv(32, socket.MSG_WAITALL), word):
                    raise OSError("another program answered")
            except OSError as error:
                process.kill()
                process.wait()
                raise SandboxError(f"the student's process does not start: {error}") from None
        return _Plain(connection, process, memory)


def _number(reins: socket.socket) -> int:
    """Of the process that speaks first at the other end: the kernel tells it as it is on this side."""
    reins.settimeout(ENOUGH)
    _, about, *_ = reins.recvmsg(1, socket.CMSG_SPACE(12))
    reins.settimeout(None)
    for _, kind, data in about:
        if kind == socket.SCM_CREDENTIALS:
            return int(struct.unpack("3i", data)[0])
    raise OSError("the student's process did not start")


def _modules(folder: Path) -> None:
    """Put what student code may import, beside Python and its packages, into a folder."""
    there = folder / "modules"
    (there / "nnlib").mkdir(parents=True)
    (there / "nnlib" / "__init__.py").write_text(STUB, encoding="utf-8")
    library, own = Path(nnlib.__file__).parent, Path(grading.__file__).parent
    caches = shutil.ignore_patterns("__pycache__")
    for part in "checks", "data":
        shutil.copytree(library / part, there / "nnlib" / part, ignore=caches)
    shutil.copytree(own / "student", there / "grading" / "student", ignore=caches)
    (there / "grading" / "__init__.py").touch()  # else another package of this name would be taken


def _environment(modules: Path, home: str) -> dict[str, str]:
    """The variables of the student's process: none of those of whoever grades."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(Path(PYTHON).parent), os.defpath]),
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "PYTHONPATH": str(modules),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def view(folder: Path, libraries: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """All files that student code may see, as options of bubblewrap; the modules lie in ``/course``."""
    hidden = HIDDEN - set(libraries)
    python = sorted({sys.prefix, sys.base_prefix, str(Path(PYTHON).resolve().parents[1])})
    see: list[tuple[str, ...]] = [("ro-bind", "/usr", "/usr")]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            see.append(("symlink", os.readlink(path), str(path)))
        elif path.is_dir():
            see.append(("ro-bind", str(path), str(path)))
    see += [("ro-bind-try", name, name) for name in ("/etc/ld.so.cache", "/etc/fonts")]
    for own in OWN:  # writable, unless the environment lies there
        see.append(("dir" if any(path.startswith(f"{own}/") for path in python) else "tmpfs", own))
    see += [("tmpfs", "/usr/src")] if os.path.isdir("/usr/src") else []
    for prefix in dict.fromkeys(["/usr", *python]):
        see += [("ro-bind", prefix, prefix)] if prefix != "/usr" else []
        see += [("tmpfs", path) for path in _hidden(prefix, hidden)]
    return [*see, ("ro-bind", str(folder / "modules"), "/course")]


@cache
def _hidden(prefix: str, hidden: frozenset[str]) -> list[str]:
    """Folders of packages that are to be hidden, and copies of the course, wherever somebody may have installed them.

    Packages are not looked through, nor what the system's own packages bring to ``/usr``.
    """
    roots = [prefix] if prefix != "/usr" else ["/usr/local", *map(str, Path("/usr").glob("lib*/python*"))]
    found, ahead = list[str](), [root for root in roots if os.path.isdir(root)]
    for folder in ahead:
        try:
            with os.scandir(folder) as entries:
                inside = {entry.name: entry for entry in entries}
        except OSError:
            continue
        if {"grading", "solutions"} <= set(inside):
            found.append(folder)
        elif "__init__.py" not in inside or folder in roots:
            for name, entry in inside.items():
                if entry.is_dir(follow_symlinks=False) and name != "__pycache__":
                    (found if name in hidden else ahead).append(entry.path)
    return found


def _command(folder: Path, libraries: Sequence[str] = ()) -> list[str]:
    see = ["--proc", "/proc", "--dev", "/dev", "--dev-bind", "/dev/null", "/dev/zero"]  # maps of it are memory
    for kind, *about in view(folder, libraries):
        see += [f"--{kind}", *about]
    see += ["--remount-ro", "/dev", "--remount-ro", "/"]
    program = shutil.which("bwrap") or "bwrap"  # our PATH, not the one that student code gets
    alone = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    return [*alone, "--uid", "1000", "--gid", "1000", *see, "--chdir", "/"]
