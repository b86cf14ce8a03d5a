"""In a minute: linter, types, who imports whom, and the tests that a change touches. ``make test`` runs the rest.

    python scripts/quick.py [base]     what differs from the commit `base`; by default from where this branch left main

First come the tests that have changed or are called after a file that has; then those that import it or name it; then
all of the folder that belongs to its folder. When the time is over no further test is begun, which is said.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINUTE = 60.0
LAST = 40.0  # seconds after which no test is begun: one may take twenty
FOLDERS = {"nnlib": "tests/nnlib", "grading": "tests/grading"}
FOLDERS |= {"solutions": "tests/exercises", "exercises": "tests/exercises"}
ABOUT = ("tests/test_project.py", "tests/test_prose.py")  # of everything else


def git(*words: str) -> list[str]:
    """The lines that git answers."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()


def changed(base: str = "") -> list[str]:
    """What differs from a commit, and what git does not know yet."""
    base = base or next(iter(git("merge-base", "HEAD", "main")), "HEAD")
    return [*git("diff", "--name-only", base, "--"), *git("ls-files", "--others", "--exclude-standard")]


def tests() -> dict[str, str]:
    """Every test file and its text."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def touched(files: Iterable[str], tests: dict[str, str]) -> list[str]:
    """The test files that these files touch, the nearest first."""
    own: list[str] = []
    near: list[str] = []
    far: list[str] = []
    for path in map(Path, files):
        name, folder = path.stem if path.stem != "__init__" else path.parent.name, path.parts[0]
        says = re.compile(rf"^\s*(?:from|import) .*\b{name}\b|[\"'/]{re.escape(path.name)}[\"']", re.MULTILINE)
        own += [each for each in tests if each == path.as_posix() or Path(each).stem == f"test_{name}"]
        near += [each for each, text in tests.items() if path.suffix in (".py", ".toml") and says.search(text)]
        beside = FOLDERS.get(
            folder, path.parent.as_posix() if path.as_posix() not in tests and folder == "tests" else ""
        )
        far += [each for each in tests if beside and each.startswith(f"{beside}/")] or ABOUT
    return list(dict.fromkeys([*own, *near, *far]))


def main(base: str = "") -> int:
    """Say what is wrong; 0 if nothing is."""
    start, python, files = time.monotonic(), sys.executable, changed(base)
    mine = [name for name in files if name.startswith("nnlib/") and name.endswith(".py") and (ROOT / name).is_file()]
    chosen = [name for name in [*touched(files, tests()), *mine] if (ROOT / name).is_file()]
    if not files:
        print("nothing has changed")
        return 0
    print(f"{len(files)} files have changed, which touch {len(chosen)} of tests:", *chosen)
    commands = {"ruff": ["ruff", "check", "."], "format": ["ruff", "format", "--check", "."]}
    if any(name.startswith(("nnlib/", "grading/", "pyproject.toml")) for name in files):
        commands["mypy"] = ["mypy"]
        commands["imports"] = ["lint-imports", "--no-logo", "--no-cache"]
    commands["pytest"] = ["pytest", "-q", "-n", "auto", "--dist", "loadfile", *chosen]
    environment = os.environ | {"QUICK_UNTIL": str(time.time() + LAST), "PYTHONPATH": str(ROOT)}
    programs = Path(python).parent
    running = {
        name: subprocess.Popen([programs / program, *words], cwd=ROOT, env=environment)
        for name, (program, *words) in commands.items()
    }
    wrong = []
    for name, process in running.items():
        try:
            if process.wait(max(0.1, start + MINUTE - time.monotonic())):
                wrong.append(name)
        except subprocess.TimeoutExpired:
            process.kill()
            wrong.append(f"{name}, which took too long")
    print(f"{time.monotonic() - start:.0f} s;", f"wrong: {', '.join(wrong)}" if wrong else "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
