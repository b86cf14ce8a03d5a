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
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from grading import sandbox
from grading.forkserver import OWN
from grading.sandbox import ENOUGH, PROCESSES, SLACK, Place, SandboxError, Use

__all__ = ["ENGINES", "Containers", "engine"]

ENGINES = ("podman", "docker")
NOBODY = "65534:65534"
LONGEST = 86_400  # seconds after which podman ends a container, should all else have failed
PATIENCE = 5.0  # seconds for a container to end
START = "from grading.contained import main; main()"


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
        If neither can; it says why, and what to do.
    """
    if sys.platform == "win32":
        raise SandboxError("on Windows, grade in WSL, where Linux's ways to isolate work")
    if not image and sys.platform != "linux":
        raise SandboxError("here a container needs an image: build it from grading/Containerfile, and name it")
    why = []
    for name in ENGINES if image else ENGINES[:1]:
        if not shutil.which(name):
            why.append(f"{name} is not installed")
            continue
        folder = Path(tempfile.mkdtemp(prefix="grading-"))
        try:
            sandbox._modules(folder)
            Containers(folder, name, image).place({"seed": 0, "limits": {"memory": 1 << 30}}, 1 << 30).end()
            return name
        except SandboxError as error:
            why.append(f"{name}: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise SandboxError("; ".join(why))


class Containers:
    """Makes places in containers.

    Parameters
    ----------
    folder : Path
        With ``modules``, what student code may import; a root for the containers is made in it.
    name : str
        Of the engine.
    image : str
        Of the image, or nothing.
    """

    def __init__(self, folder: Path, name: str, image: str = "") -> None:
        self.folder, self.name, self.image = folder, name, image
        self.root = folder / "root"
        self._see = [] if image else list(self._files())

    def place(self, about: dict[str, Any], memory: int) -> Place:
        """A new container; raises SandboxError if it does not start."""
        name = f"grading-{os.getpid()}-{secrets.token_hex(8)}"
        wire, end = socket.socketpair()
        with end:
            run = [*self._command(name, memory), "python", "-P", "-c", START, json.dumps(about)]
            client = subprocess.Popen(
                run,
                stdin=end,
                stdout=end,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        place = _Contained(wire, client, run, memory)
        place.begin()
        return place

    def _files(self) -> Iterator[str]:
        """A root that is empty but for links; what bubblewrap would show is mounted into it."""
        self.root.mkdir()
        for kind, *about in sandbox.view(self.folder):
            there = about[-1]
            match kind:
                case "symlink":
                    (self.root / there.lstrip("/")).symlink_to(about[0])
                case "ro-bind" | "ro-bind-try" if Path(about[0]).exists():
                    yield from ("--mount", f"type=bind,source={about[0]},target={there},readonly")
                case "tmpfs" if there not in OWN:
                    yield from ("--mount", f"type=tmpfs,target={there},tmpfs-size=4096,ro,notmpcopyup")

    def _command(self, name: str, memory: int) -> list[str]:
        most = str(memory + SLACK)
        command = [self.name, "run", "--rm", "--interactive", "--name", name, "--log-driver", "none"]
        command += ["--network", "none", "--read-only", "--user", NOBODY, "--workdir", "/"]
        command += ["--cap-drop", "all", "--security-opt", "no-new-privileges"]
        command += ["--security-opt", "label=disable"]  # SELinux would have us relabel what is only looked at
        command += ["--memory", most, "--memory-swap", most, "--pids-limit", str(PROCESSES + 1)]
        command += ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", "--ulimit", "core=0:0", "--shm-size", "256m"]
        for own in OWN:
            if own != "/dev/shm":
                command += ["--tmpfs", f"{own}:rw,nosuid,nodev,size=256m,mode=1777"]
        if self.name == "podman":
            command += ["--read-only-tmpfs=false", "--no-hosts", "--timeout", str(LONGEST)]
        if self.image:
            course = f"type=bind,source={self.folder / 'modules'},target=/course,readonly"
            command += ["--mount", course, "--pull", "never", self.image]
            path = "/usr/local/bin:/usr/bin:/bin"
        else:
            command += [*self._see, "--rootfs", str(self.root)]
            path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
        kept = {**sandbox._environment(Path("/course"), "/student"), "PATH": path}
        return [*command, "/usr/bin/env", "-i", *(f"{name}={value}" for name, value in kept.items())]


class _Contained(Place):
    """The wire goes through the engine's client; what it says on standard error is the container's use, or its own woe."""

    def __init__(self, connection: socket.socket, client: subprocess.Popen[bytes], run: list[str], memory: int) -> None:
        self.socket, self._client, self._memory = connection, client, memory
        self._engine, self._name = run[0], run[run.index("--name") + 1]
        self._told, self._words, self._ready = list[dict[str, Any]](), "it ended without a word", threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def begin(self) -> None:
        """Wait until it is there, and see whether it is held to its limit."""
        self._ready.wait(ENOUGH)
        if not self._told:
            self.end()
            raise SandboxError(self._words)
        limit = self._told[0].get("limit")
        if limit is None or limit > self._memory + SLACK:
            self.end()
            raise SandboxError("it cannot limit memory here; that needs control groups of version 2, or root")

    def _listen(self) -> None:
        assert self._client.stderr is not None
        with self._client.stderr as lines:
            for line in lines:
                try:
                    told = json.loads(line)
                    self._told[1:] = [{**told, "memory": max(told["memory"], self._told[-1]["memory"])}] if self._told else [told]
                    self._ready.set()
                except (ValueError, TypeError, KeyError):
                    self._words = line.decode(errors="replace").strip() or self._words
        self._ready.set()

    def interrupt(self) -> None:
        self._kill("INT")

    def kill(self) -> None:
        self._kill("KILL")

    def _kill(self, signal: str) -> None:
        command = [self._engine, "kill", "--signal", signal, self._name]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def cpu(self, now: bool = False) -> float:
        """Seconds that the processes in the container have computed, as they were a tenth of a second ago."""
        return float(self._told[-1]["cpu"])

    def end(self) -> Use:
        """End the container, and tell what was used."""
        with contextlib.suppress(OSError):
            self.socket.close()  # which ends it, unless something is wrong there
        for end in (lambda: None, self.kill, self._client.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._client.wait(PATIENCE)
                break
        self._listener.join(PATIENCE)
        if not self._told:
            return Use()
        first, last = self._told[0], self._told[-1]
        ended = f"it used more than {self._memory >> 20} MB" if last["ended"] else ""
        return Use(last["cpu"] - first["cpu"], last["memory"] >> 20, ended)
