"""Where student code runs: a process that sees Python, NumPy, its own folder, and nothing of the course.

With bubblewrap (Linux) it has no network, no repository, no gradebook and no solutions, it cannot see other processes,
and whatever it starts ends with it. Without bubblewrap it is a plain process with the same few modules: a mistake can
do no harm there, malice can, and the round says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import grading
import nnlib

__all__ = ["command", "environment", "isolated", "modules"]

STUB = '''"""The part of nnlib that an exercise may use: the visible checks and the data."""


def __getattr__(name):
    raise AttributeError(f"nnlib.{name} is not here; this part asks for your own code, with NumPy alone")
'''
HIDDEN = (
    "torch",
    "sklearn",
    "scipy",
    "tensorflow",
    "jax",
    "keras",
    "nbgrader",
)  # in the environment, not in the sandbox


@cache
def isolated() -> bool:
    """Is there a bubblewrap that works here?"""
    if not shutil.which("bwrap"):
        return False
    probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def modules(folder: Path) -> Path:
    """Put what student code may import, beside Python and its packages, into a folder."""
    there = folder / "modules"
    (there / "nnlib").mkdir(parents=True)
    (there / "grading").mkdir()
    (there / "nnlib" / "__init__.py").write_text(STUB, encoding="utf-8")
    library, own = Path(nnlib.__file__).parent, Path(grading.__file__).parent
    shutil.copy(library / "checks.py", there / "nnlib")
    shutil.copytree(library / "data", there / "nnlib" / "data", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__", "bridge", "borrowed", "wire"):
        shutil.copy(own / f"{name}.py", there / "grading")
    return there


def environment(there: Path) -> dict[str, str]:
    """The variables of the student's process: none of those of whoever grades."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    home = "/tmp/home" if isolated() else str(there.parent / "home")
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
        "HOME": home,
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "PYTHONPATH": str(there),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
    }


def command(there: Path, work: Path, wires: Path) -> list[str]:
    """What stands before the kernel's command: bubblewrap with all that the process may see; nothing without it.

    Parameters
    ----------
    there : Path
        The folder of `modules`, read only.
    work : Path
        Its current folder, its own.
    wires : Path
        The sockets to the kernel and to the checker.
    """
    if not isolated():
        return []
    # the empty /tmp comes first: what is bound later may lie in it
    see = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/tmp/home", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            see += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            see += ["--ro-bind", str(path), str(path)]
    python = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])}
    for folder in sorted(python):
        if not folder.startswith("/usr"):
            see += ["--ro-bind", folder, folder]
    see += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/fonts", "/etc/fonts"]
    packages = Path(sysconfig.get_paths()["purelib"])
    for name in HIDDEN:
        if (packages / name).is_dir():
            see += ["--tmpfs", str(packages / name)]
    see += ["--ro-bind", str(there), str(there), "--bind", str(work), str(work), "--bind", str(wires), str(wires)]
    alone = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    # the kernel would look for its parent by a number that means another process in here, and end itself
    return [*alone, *see, "--unsetenv", "JPY_PARENT_PID", "--chdir", str(work)]
