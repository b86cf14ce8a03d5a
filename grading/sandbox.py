"""Where student code runs: a process that sees Python, NumPy, its own folders, and nothing of the course.

With bubblewrap (Linux) it has no network, no repository, no gradebook and no solutions, its system is read-only, it
cannot see other processes, and whatever it starts ends with it. Without bubblewrap it is a plain process with the same
few modules: a mistake can do no harm there, malice can, and the round says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

import grading
import nnlib
from grading.forkserver import OWN

__all__ = ["Place", "Sandbox", "SandboxError", "Use", "isolated"]

STUB = '''"""The part of nnlib that an exercise may use: the visible checks and the data."""


def __getattr__(name):
    raise AttributeError(f"nnlib.{name} is not here; this part asks for your own code, with NumPy alone")
'''
# in the environment, not in the sandbox
HIDDEN = ("torch", "sklearn", "scipy", "tensorflow", "jax", "keras", "nbgrader", "sqlalchemy", "distributed")
SLACK = 1 << 29  # bytes that Python and its packages take before a student's first line
PROCESSES = 64
OLD = 0.1  # seconds after which the time that was computed is looked at again
ENOUGH = 30.0  # seconds for a process to start


class SandboxError(Exception):
    """The sandbox failed, as far as we know not by the student's doing."""


@dataclass(frozen=True)
class Use:
    """What a student's process used, and why it was ended if it was ended early."""

    cpu: float = 0.0
    memory: int = 0
    ended: str = ""


@cache
def obstacle() -> str:
    """Why bubblewrap cannot isolate here."""
    return "" if isolated() else "bubblewrap is missing"


@cache
def isolated() -> bool:
    """Is there a bubblewrap that works here?"""
    if not shutil.which("bwrap"):
        return False
    probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


class Place:
    """A student's process: the socket to it, and the reins.

    Attributes
    ----------
    socket : socket.socket
        To the process, for `grading.wire`.
    """

    def __init__(self, connection: socket.socket, root: psutil.Process, memory: int) -> None:
        self.socket, self._root, self._memory = connection, root, memory
        self._ended, self._over = "", threading.Event()
        self._cpu, self._seen = 0.0, -OLD
        self._base = self.cpu()
        threading.Thread(target=self._watch, daemon=True).start()

    def interrupt(self) -> None:
        """Ask Python there to stop what it does."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the process and all that it started."""
        raise NotImplementedError

    def cpu(self, now: bool = False) -> float:
        """Seconds that the process, and what it started, have computed; of interest are differences.

        To look costs milliseconds, so what was seen a moment ago is told again, unless it must be ``now``.
        """
        if now or time.monotonic() - self._seen > OLD:
            total = 0.0
            with contextlib.suppress(psutil.Error):
                for process in [self._root, *self._root.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        times = process.cpu_times()
                        total += times.user + times.system
            self._cpu, self._seen = total, time.monotonic()
        return self._cpu

    def charged(self, waited: float) -> float:
        """Seconds to hold against the student, where the process was waited for so long."""
        return max(self.cpu() - self._base, waited)

    def end(self) -> Use:
        """Kill, and tell what was used."""
        self._over.set()
        with contextlib.suppress(OSError):
            self.socket.close()
        self.kill()
        return self._use()

    def _use(self) -> Use:
        raise NotImplementedError

    def _watch(self) -> None:
        """The limits of one process do not stop many together."""
        while not self._over.wait(0.25):
            sizes = []
            for process in self._root.children(recursive=True) if self._root.is_running() else []:
                with contextlib.suppress(psutil.Error):
                    sizes.append(process.memory_info().rss)
            if len(sizes) > PROCESSES:
                self._ended = f"it started more than {PROCESSES} processes"
            elif sum(sizes) > self._memory + SLACK:
                self._ended = f"it used more than {self._memory >> 20} MB"
            if self._ended:
                self.kill()
                return


class _Fork(Place):
    def __init__(self, connection: socket.socket, reins: socket.socket, root: psutil.Process, memory: int) -> None:
        self.reins = reins
        super().__init__(connection, root, memory)

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
        self.process, self._last = process, Use()
        super().__init__(connection, psutil.Process(process.pid), memory)

    def interrupt(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)
        else:
            self.kill()

    def kill(self) -> None:
        with contextlib.suppress(psutil.Error):
            times, size = self._root.cpu_times(), self._root.memory_info().rss
            self._last = Use(times.user + times.system, size >> 20, self._ended)
            for child in self._root.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self.process.kill()
        self.process.wait()

    def _use(self) -> Use:
        return Use(self._last.cpu, self._last.memory, self._ended)


class Sandbox:
    """Makes places for student code, one after the other; a context manager.

    Parameters
    ----------
    bubblewrap : bool, optional
        Whether to isolate; where it can be done, unless something else is said.
    """

    def __init__(self, way: str = "bubblewrap") -> None:
        self.way = way
        self.isolated = way != "none"
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
        shutil.rmtree(self._folder, ignore_errors=True)

    def prepare(self) -> None:
        """Start what all places share.

        Raises
        ------
        OSError
            If it does not start.
        """
        if self.isolated:
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
        about = {"seed": seed, "limits": {"memory": memory + SLACK, "processes": PROCESSES}}
        if not self.isolated:
            return self._plain(about, memory)
        if not self.nested:
            self._stop()  # one place for each sandbox
        for _ in range(2):
            try:
                return self._fork(about, memory)
            except (OSError, ValueError) as error:
                failed = error
                self._stop()  # it may have been killed; a new one is started once
        raise SandboxError(f"the sandbox does not start: {failed}")

    def _fork(self, about: dict[str, Any], memory: int) -> Place:
        door, server = self._started()
        wire, wire_end = socket.socketpair()
        reins, reins_end = socket.socketpair()
        with wire_end, reins_end:
            socket.send_fds(door, [json.dumps(about).encode()], [wire_end.fileno(), reins_end.fileno()])
        return _Fork(wire, reins, psutil.Process(server.pid), memory)

    def _started(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        if self._door is None or self._server is None or self._server.poll() is not None:
            self._stop()
            self._door, end = socket.socketpair()
            with end:
                command = [*_command(self._folder), sys.executable, "-P", "-m", "grading.forkserver", str(end.fileno())]
                self._server = subprocess.Popen(
                    command,
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
                [sys.executable, "-P", "-c", "from grading.bridge import main; main()"],
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


def _modules(folder: Path) -> None:
    """Put what student code may import, beside Python and its packages, into a folder."""
    there = folder / "modules"
    (there / "nnlib").mkdir(parents=True)
    (there / "grading").mkdir()
    (there / "nnlib" / "__init__.py").write_text(STUB, encoding="utf-8")
    library, own = Path(nnlib.__file__).parent, Path(grading.__file__).parent
    shutil.copy(library / "checks.py", there / "nnlib")
    shutil.copytree(library / "data", there / "nnlib" / "data", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__", "borrowed", "bridge", "forkserver", "wire"):
        shutil.copy(own / f"{name}.py", there / "grading")


def _environment(modules: Path, home: str) -> dict[str, str]:
    """The variables of the student's process: none of those of whoever grades."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "PYTHONPATH": str(modules),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _command(folder: Path) -> list[str]:
    """Bubblewrap with all that student code may see; the modules lie in ``/course``."""
    python = sorted({sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])})
    see = ["--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            see += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            see += ["--ro-bind", str(path), str(path)]
    see += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/fonts", "/etc/fonts"]
    for own in OWN:  # writable, unless the environment lies there
        see += ["--dir", own] if any(path.startswith(f"{own}/") for path in python) else ["--tmpfs", own]
    for prefix in python:
        if not prefix.startswith("/usr/"):
            see += ["--ro-bind", prefix, prefix]
    packages = Path(sysconfig.get_paths()["purelib"])
    for name in HIDDEN:
        if (packages / name).is_dir():
            see += ["--tmpfs", str(packages / name)]
    see += ["--ro-bind", str(folder / "modules"), "/course", "--remount-ro", "/dev", "--remount-ro", "/"]
    alone = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    return [*alone, "--uid", "1000", "--gid", "1000", *see, "--chdir", "/"]
