"""README's test command on a bare machine: can it do harm where nothing is installed but Python?

An ordinary user runs it who has no bubblewrap, no other container, no browser, no PostgreSQL and no aspell, in a PID
namespace of its own, beside a sentinel: a process of the same user, which has nothing to do with the tests. They may
skip, if they say what is missing; they may not fail, end the sentinel, leave a process behind, or write into the
checkout or the user's home.

``make bare`` runs all of it, ``python scripts/bare.py tests/grading -m sandboxed`` what runs student code and attacks.
The arguments are pytest's; where there are any, the built site is left out. It needs Linux, git and util-linux, and to
be root or to be allowed user namespaces.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UID = 54321  # of nobody's
GRACE = 5  # seconds for what the tests have ended to be gone
PROGRAMS = ("bwrap", "podman", "docker", "chromium", "chromium-browser", "google-chrome", "aspell", "initdb")
FOLDERS = ("/usr/lib/postgresql", "/usr/lib/chromium", "/opt/google")
CACHES = (".cache", ".config")  # Matplotlib keeps its list of fonts there
OURS = ("grading-", "postgres-", "tests-")  # temporary folders; pytest, Sphinx and PyTorch leave their own
MISSING = re.compile(
    r"bubblewrap|chromium|PostgreSQL|aspell|GPU|the site is not built|is not installed|only root", re.IGNORECASE
)


def command(paths: list[str]) -> list[str]:
    """README's test command; if paths are named, with them in the place of its own."""
    (line,) = re.findall(r"^\.venv/bin/(pytest .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    _, *words = shlex.split(line)
    if paths:
        words = [word for word in words if word.startswith("-") or not (ROOT / word).exists()] + paths
        words = [word for word in words if "nbval" not in word]
    return [sys.executable, "-m", "pytest", *words]


def checkout(folder: Path, site: bool) -> None:
    """A clone, with what is not committed, and with the built site if it is asked for."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    told = subprocess.run(
        ["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, told.stdout.split("\0")):
        (folder / name).unlink(missing_ok=True)
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    if site and (ROOT / "_build").is_dir():
        shutil.copytree(ROOT / "_build", folder / "_build", symlinks=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)  # so that a change is one of the tests


# ---------------------------------------------------------------------------------------------- in the namespaces


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def hide(base: Path) -> None:
    """Cover programs with a file that cannot be executed, and folders with empty ones."""
    nothing = base / "nothing"
    nothing.touch()
    places = {*os.environ["PATH"].split(os.pathsep), "/usr/bin", "/usr/local/bin", "/usr/sbin", "/snap/bin"}
    for name in PROGRAMS:
        for found in {(Path(place) / name).resolve() for place in places if (Path(place) / name).is_file()}:
            mount("--bind", nothing, found)
    for folder in filter(os.path.isdir, FOLDERS):
        mount("-t", "tmpfs", "-o", "mode=755", "none", folder)
    if left := [name for name in PROGRAMS if shutil.which(name)]:
        raise SystemExit(f"these could not be hidden: {', '.join(left)}")


def show(base: Path, root: bool) -> None:
    """The copy in the checkout's place, and a way to Python for everybody, also from a folder that is closed."""
    kept = [Path(sys.base_prefix).resolve(), Path(sys.executable).resolve().parents[1], Path(sys.prefix).resolve()]
    held = {path: base / f"held-{number}" for number, path in enumerate(dict.fromkeys(kept))}
    for path, there in held.items():
        there.mkdir()
        mount("--bind", path, there)
    ways = [way for path in (*kept, ROOT) for way in reversed(path.parents)] if root else []
    for way in dict.fromkeys(ways):
        if not way.stat().st_mode & 0o001:
            mount("-t", "tmpfs", "-o", "mode=755", "none", way)
            for path in (*kept, ROOT):
                if path.is_relative_to(way):
                    path.mkdir(parents=True, exist_ok=True)
    mount("--bind", base / "course", ROOT)
    for path, there in held.items():
        path.mkdir(parents=True, exist_ok=True)
        if not any(path.iterdir()):  # it was covered
            mount("--bind", "-o", "ro", there, path)


def known(base: Path) -> None:
    """An entry for the user, as every user has."""
    for file, line in (
        ("passwd", f"ordinary:x:{UID}:{UID}::{base / 'home'}:/bin/sh\n"),
        ("group", f"ordinary:x:{UID}:\n"),
    ):
        (base / file).write_text(Path("/etc", file).read_text(encoding="utf-8") + line, encoding="utf-8")
        (base / file).chmod(0o644)
        mount("--bind", base / file, Path("/etc", file))


def inside(base: Path, become: list[str], words: list[str]) -> int:
    """Process 1 of the namespace: runs the suite beside the sentinel, and buries what was orphaned."""
    show(base, become[0] == "setpriv")
    hide(base)
    known(base)
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    environment |= {"HOME": str(base / "home"), "TMPDIR": str(base / "tmp"), "USER": "ordinary", "LOGNAME": "ordinary"}
    sentinel = subprocess.Popen([*become, "sleep", "infinity"], env=environment)
    suite = subprocess.Popen([*become, *words], cwd=ROOT, env=environment)
    ended: dict[int, int] = {}
    while suite.pid not in ended:
        pid, status = os.wait()
        ended[pid] = os.waitstatus_to_exitcode(status)
    time.sleep(GRACE)
    with contextlib.suppress(ChildProcessError):
        while (gone := os.waitpid(-1, os.WNOHANG))[0]:
            ended[gone[0]] = os.waitstatus_to_exitcode(gone[1])
    faults = [f"the suite ended with {ended[suite.pid]}"] if ended[suite.pid] else []
    if sentinel.pid in ended:
        faults.append("the sentinel was killed: the tests reach what is not theirs")
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if pid not in (1, sentinel.pid):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            faults.append(f"it left a process behind: {line}")
    changed = subprocess.run(
        [*become, "git", "status", "--porcelain"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    faults += [f"it wrote into the checkout: {line}" for line in changed.stdout.splitlines() if line[1] != " "]
    (base / "faults").write_text("\n".join(faults), encoding="utf-8")
    return 0


# ---------------------------------------------------------------------------------------------- outside of them


def told(base: Path) -> list[str]:
    """Print what was tested and what was skipped; what is wrong comes back."""
    report = base / "tmp" / "result.xml"
    if not report.is_file():
        return ["there is no result"]
    cases = list(ET.parse(report).iter("testcase"))
    skips = Counter(skip.get("message", "") for case in cases for skip in case.iterfind("skipped[@type='pytest.skip']"))
    bad = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    print(f"{len(cases) - skips.total() - bad} passed, {skips.total()} skipped, {bad} failed")
    for reason, count in skips.most_common():
        print(f"{count:6} skipped: {reason}")
    return [f"a reason names nothing that is missing: {reason}" for reason in skips if not MISSING.search(reason)]


def main(paths: list[str]) -> int:
    root = os.getuid() == 0
    with tempfile.TemporaryDirectory(prefix="bare-") as name:
        base = Path(name)
        base.chmod(0o755)
        checkout(base / "course", site=not paths)
        for own in ("home", "tmp"):
            (base / own).mkdir()
        words = [*command(paths), f"--junitxml={base / 'tmp' / 'result.xml'}"]
        if root:
            subprocess.run(["chown", "--recursive", f"{UID}:{UID}", str(base)], check=True)
            become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--"]
        else:
            become = ["unshare", "--user", f"--map-user={UID}", f"--map-group={UID}", "--"]
        own = [] if root else ["--user", "--map-root-user"]
        unshare = ["unshare", *own, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if subprocess.run([*unshare, "true"]).returncode:
            print("no PID namespace can be made here, so nothing was run: be root, or allow user namespaces")
            return 2
        subprocess.run([*unshare, sys.executable, __file__, "--inside", json.dumps([name, become, words])], check=False)
        faults = (base / "faults").read_text(encoding="utf-8") if (base / "faults").is_file() else "it did not run"
        wrong = [*filter(None, faults.splitlines()), *told(base)]
        written = [path.name for path in (base / "home").iterdir()]
        wrong += [f"it wrote into the home: {name}" for name in written if name not in CACHES]
        left = [path.name for path in (base / "tmp").iterdir()]
        wrong += [f"it left {name} in the temporary folder" for name in left if name.startswith(OURS)]
    print(*[f"FAULT {line}" for line in wrong] or ["The sentinel lives, and nothing was left behind."], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        where, user, commanded = json.loads(sys.argv[2])
        sys.exit(inside(Path(where), user, commanded))
    sys.exit(main(sys.argv[1:]))
