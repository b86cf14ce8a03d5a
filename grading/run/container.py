"""Student code in a container, for machines where bubblewrap cannot run: podman or docker, one for each submission.

It has no network, no capabilities and no way to get any, its system is read-only, and the system holds all of its
processes together to a limit of memory and number. On Linux podman needs no image: the container sees what a sandbox of
bubblewrap sees. Elsewhere, and for docker, there is an image that the instructor builds once from ``Containerfile``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from grading.run import sandbox
from grading.run.sandbox import ENOUGH, PROCESSES, SPARE, Place, Sandbox, SandboxError, Use
from grading.student import OWN

__all__ = ["ContainerSandbox", "engine", "obstacle"]

ENGINES = ("podman", "docker")
MADE = tuple(name for name in OWN if name != "/dev/shm")  # that one every container has
NOBODY = "65534:65534"
LONGEST = 86_400  # seconds after which podman ends a container, should all else have failed
ROOM = SPARE + (1 << 28)  # bytes above a submission's own that its container may hold: Python is in it
PATIENCE = 5.0  # seconds for a container to end
NEEDED = "without root, that needs control groups of version 2, of which the system hands memory and pids to users"
START = "from grading.student.contained import main; main()"


@cache
def engine(image: str = "") -> str:
    """Which of podman and docker can isolate here; found by starting the container that grading would start.

    Parameters
    ----------
    image : str, optional
        The name of an image; without it, podman alone, with the files of this machine.

    Raises
    ------
    SandboxError
        If neither can; it says why.
    """
    if sys.platform == "win32":
        raise SandboxError("on Windows, grade in WSL, where Linux's ways to isolate work")
    if not image and sys.platform != "linux":
        raise SandboxError("a container needs an image here: build it from grading/Containerfile, and name it")
    why = []
    for name in ENGINES if image else ENGINES[:1]:
        if not shutil.which(name):
            why.append(f"{name} is not installed")
            continue
        with ContainerSandbox(image, name) as tried:
            try:
                tried.prepare()
            except OSError as error:
                why.append(f"{name} does not start a container: {error}")
            else:
                return name
    raise SandboxError("; ".join(why))


def obstacle(image: str = "") -> str:
    """Why no container can isolate here; nothing, if one can."""
    try:
        engine(image)
    except SandboxError as error:
        return str(error)
    return ""


class ContainerSandbox(Sandbox):
    """Makes places for student code, each a container; a context manager.

    Parameters
    ----------
    image : str, optional
        The name of an image; without it, podman alone, with the files of this machine.
    way : str, optional
        ``podman`` or ``docker``, if it was found out before.
    libraries : sequence of str
        As for `Sandbox`.

    Attributes
    ----------
    way : str
        Of the two that which is used.

    Raises
    ------
    SandboxError
        If neither works.
    """

    def __init__(self, image: str = "", way: str = "", libraries: Sequence[str] = ()) -> None:
        super().__init__(way or engine(image), libraries)
        self.image = image
        self._folder = self._folder.resolve()  # macOS shares the folder, and not the link to it
        self._root = self._folder / "root"
        self._see = [] if image else list(self._files())

    def prepare(self) -> None:
        """Start a container once, so that a fault is known at once; raises OSError."""
        try:
            self.place(0, 1 << 30).end()
        except SandboxError as error:
            raise OSError(str(error)) from None

    def place(self, seed: int, memory: int) -> Place:
        """As `Sandbox.place`."""
        about = self._about(seed, memory)
        name = f"grading-{os.getpid()}-{secrets.token_hex(8)}"
        run = [*self._command(name, memory), "python", "-P", "-c", START, json.dumps(about)]
        wire, end = socket.socketpair()
        with end:
            number = end.fileno()
            try:
                client = subprocess.Popen(
                    run,
                    stdin=number,
                    stdout=number,
                    stderr=subprocess.PIPE,
                    cwd=self._folder,  # podman leaves a file where it stands when memory was short
                    start_new_session=True,  # Ctrl-C is for the runner
                )
            except OSError as error:
                wire.close()
                raise SandboxError(f"{self.way} does not start: {error}") from None
        return _Contained(wire, client, self.way, name, memory)

    def _files(self) -> Iterator[str]:
        """A root that is empty but for links; what bubblewrap would show is mounted into it."""
        self._root.mkdir()
        for name in MADE:
            (self._root / name.lstrip("/")).mkdir()
            (self._root / name.lstrip("/")).chmod(0o1777)  # the mounted folder takes it over
        for kind, *about in sandbox.view(self._folder, self.libraries):
            there = about[-1]
            match kind:
                case "symlink":
                    (self._root / there.lstrip("/")).symlink_to(about[0])
                case "ro-bind" | "ro-bind-try" if Path(about[0]).exists():
                    yield from ("--mount", f"type=bind,source={about[0]},target={there},readonly")
                case "tmpfs" if there not in OWN:
                    yield from ("--mount", f"type=tmpfs,target={there},tmpfs-size=4096,ro,notmpcopyup")

    def _command(self, name: str, memory: int) -> list[str]:
        most = str(memory + ROOM)
        command = [self.way, "run", "--rm", "--interactive", "--name", name, "--log-driver", "none"]
        command += ["--network", "none", "--read-only", "--user", NOBODY, "--workdir", "/"]
        command += ["--cap-drop", "all", "--security-opt", "no-new-privileges"]
        command += ["--security-opt", "label=disable"]  # SELinux would have us relabel what is only looked at
        command += ["--memory", most, "--memory-swap", most, "--pids-limit", str(PROCESSES + 1)]
        command += [
            "--ulimit",
            "nofile=1024:1024",
            "--ulimit",
            "nproc=4096:4096",
            "--ulimit",
            "core=0:0",
            "--shm-size",
            "256m",
        ]
        for folder in MADE:
            command += ["--tmpfs", f"{folder}:rw,nosuid,nodev,size=256m,mode=1777"]
        if self.way == "podman":
            command += ["--read-only-tmpfs=false", "--no-hosts", "--timeout", str(LONGEST)]
        if self.image:
            course = f"type=bind,source={self._folder / 'modules'},target=/course,readonly"
            command += ["--mount", course, "--pull", "never", self.image]
            path = "/usr/local/bin:/usr/bin:/bin"
        else:
            command += [*self._see, "--passwd=false", "--rootfs", str(self._root)]
            path = os.pathsep.join([str(Path(sandbox.PYTHON).parent), os.defpath])
        kept = {**sandbox._environment(Path("/course"), "/student"), "PATH": path}
        return [*command, "/usr/bin/env", "-i", *(f"{name}={value}" for name, value in kept.items())]


class _Contained(Place):
    """The wire goes through the engine's client, and the container's words on standard error too."""

    def __init__(
        self, connection: socket.socket, client: subprocess.Popen[bytes], engine: str, name: str, memory: int
    ) -> None:
        self._client, self._engine, self._name = client, engine, name
        self._told = list[dict[str, Any]]()  # the first and the last
        self._words, self._ready = "it ended without a word", threading.Event()
        super().__init__(connection, client.pid, memory)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._ready.wait(ENOUGH)
        if not self._told:
            self.end()
            raise SandboxError(self._words)
        self._ahead = time.monotonic() - self._told[0]["clock"]  # a virtual machine has a clock of its own
        for limit, most in zip(self._told[0]["limits"], (memory + ROOM, PROCESSES + 1), strict=True):
            if limit is None or limit > most:
                self.end()
                raise SandboxError(f"{engine} cannot limit memory and processes here: {NEEDED}")

    def _listen(self) -> None:
        assert self._client.stderr is not None
        with self._client.stderr as lines:
            for line in lines:
                try:
                    told = json.loads(line)
                except ValueError:
                    self._words = line.decode(errors="replace").strip() or self._words
                    continue
                last = (self._told or [told])[-1]
                self._told[1:] = [{**told, "memory": max(told["memory"], last["memory"])}]
                self._ready.set()
        self._ready.set()

    def interrupt(self) -> None:
        self._kill("INT")

    def kill(self) -> None:
        self._kill("KILL")

    def _kill(self, signal: str) -> None:
        command = [self._engine, "kill", "--signal", signal, self._name]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def cpu(self) -> float:
        """Seconds that the processes in the container had computed a moment ago."""
        return float(self._told[-1]["cpu"])

    def _look_at_time(self, clock: float) -> sandbox._Look:
        """What the container saw a moment ago; the moment is nobody's time, so it counts as waited."""
        last, me = self._told[-1], threading.get_native_id()
        ago = time.monotonic() - self._ahead - last["clock"]
        waited = {thread: seconds + ago for thread, seconds in last["waited"].items()}
        return sandbox._Look(clock, last["cpu"], waited, me, sandbox._waited(os.getpid()).get(me, 0.0))

    def _watch(self) -> None:
        """The engine holds them to their limits, and the container's first process ends them."""

    def end(self) -> Use:
        """End the container, and tell what was used."""
        self._over.set()
        with contextlib.suppress(OSError):
            self.socket.close()  # which ends it, unless something is wrong there
        for harder in (None, self.kill, self._client.kill):
            if harder:
                harder()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._client.wait(PATIENCE)
                break
        self._listener.join(PATIENCE)
        if not self._told:
            return Use()
        first, last = self._told[0], self._told[-1]
        ended = f"it used more than {self._memory >> 20} MB" if last["short"] else ""
        return Use(last["cpu"] - first["cpu"], last["memory"] >> 20, ended)
