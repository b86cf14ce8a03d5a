"""Make what is derived from solutions/: the students' notebooks in exercises/, and the tables of each guide.md.

python scripts/release.py [ASSIGNMENT ...]          all of them, where none is named

Only what has changed is made: of each assignment ``_build/released`` keeps a digest of all that its release and its
tables depend on, and of these as they were made. An assignment whose solution has not full marks is refused.
"""

import hashlib
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from itertools import repeat
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small products gain nothing from threads

import fair  # noqa: E402

from grading import assignment as whole  # noqa: E402
from grading import engine  # noqa: E402
from grading.tell import words  # noqa: E402

STAMPS = ROOT / "_build" / "released"
UNDER_ALL = (  # the files that a release and a table depend on, whatever the assignment
    *("scripts/release.py", "scripts/fair.py", "nbgrader_config.py", "nnlib/**/*", "solutions/mistakes.toml"),
    *(
        "grading/*.py",
        "grading/judge/*.py",
        "grading/student/*.py",
        "grading/tell/__init__.py",
        "grading/tell/words.py",
    ),
)
TABLE = re.compile(r"<!-- (\w+) -->.*?<!-- end of \1 -->", re.DOTALL)


def generate(assignment: str, folder: Path) -> Path:
    """The release that nbgrader makes, in ``folder/<assignment>``; the gradebook is not touched."""
    command = ["nbgrader", "generate_assignment", assignment, "--force", "--no-db"]
    done = subprocess.run(
        [sys.executable, "-m", *command, f"--CourseDirectory.release_directory={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise engine.AssignmentError(f"nbgrader could not make the release of {assignment}:\n" + "\n".join(said[-5:]))
    return folder / assignment


def tables(assignment: str) -> dict[str, str]:
    """The tables of the guide: what can be earned, and what the known mistakes cost."""
    lines = ["| item | function | points | for |", "|---|---|---|---|"]
    for item in engine.load_items(assignment, ROOT):
        groups = "; ".join(f"{group.name} ({group.points:g})" for group in item.groups)
        lines.append(f"| `{item.id}` | `{item.function}` | {item.max_points:g} | {groups} |")
    made = {"items": "\n".join(lines), "mistakes": engine.matrix(assignment, ROOT)}
    return made | {"students": handed_in(assignment)}


def handed_in(assignment: str) -> str:
    """What students wrote who knew of no catalogue, what it cost, and what the check said of it."""
    lines = ["| function | what is wrong | points | what is said |", "|---|---|---|---|"]
    right = engine.reference(assignment, ROOT)
    for answer in fair.students(assignment):
        if answer.kind == "wrong":
            with answer.call(answer.item) as call:
                verdict = engine.check(answer.item, call, right)
            wrong = answer.what.replace("|", "\\|")
            said = words.line(verdict).partition(". Try it:")[0].replace("|", "\\|")
            points = f"{verdict.points:g} of {verdict.max_points:g}"
            lines.append(f"| `{answer.function}` | {wrong} | {points} | {said} |")
    return "\n".join(lines)


def with_tables(text: str, assignment: str) -> str:
    """The guide's text with the tables between ``<!-- name -->`` and ``<!-- end of name -->`` made anew."""
    for name, table in tables(assignment).items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        text = re.sub(f"{begin}.*?{end}", lambda _, new=f"{begin}\n{table}\n{end}": new, text, flags=re.DOTALL)
    return text


def under_all() -> str:
    """The digest of what is under all assignments, with the versions that compute."""
    here = [sys.version, *(version(name) for name in ("numpy", "nbgrader", "nbconvert"))]
    return digest(here, {file for pattern in UNDER_ALL for file in ROOT.glob(pattern)})


def digest(words: list[str], files: set[Path]) -> str:
    """SHA-256 of these words and files."""
    sha = hashlib.sha256("\0".join(words).encode())
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            data = file.read_bytes()
            sha.update(f"\0{file.relative_to(ROOT).as_posix()} {len(data)}\0".encode() + data)
    return sha.hexdigest()


def source(assignment: str, under: str) -> str:
    """Of what an assignment is made."""
    folder = ROOT / "solutions" / assignment
    files = {file for file in folder.rglob("*") if file != folder / "guide.md"}
    return digest([under], files | {fair.WRITTEN / "students" / f"{assignment.replace('-', '_')}.py"})


def result(assignment: str) -> str:
    """What was made of it; prose between the tables of a guide is no part of that."""
    guide = ROOT / "solutions" / assignment / "guide.md"
    text = guide.read_text(encoding="utf-8") if guide.is_file() else ""
    return digest([found[0] for found in TABLE.finditer(text)], {*(ROOT / "exercises" / assignment).rglob("*")})


def fresh(assignment: str, under: str) -> bool:
    """Whether all is as it was when it was made."""
    stamp = STAMPS / assignment
    return stamp.is_file() and stamp.read_text() == f"{source(assignment, under)} {result(assignment)}"


def make(assignment: str, under: str) -> list[str]:
    """Make what students get, and the tables of the guide; what is wrong, if nothing could be made."""
    stamp, guide = STAMPS / assignment, ROOT / "solutions" / assignment / "guide.md"
    before = source(assignment, under)  # what changes from now on makes the result old
    stamp.unlink(missing_ok=True)
    if found := whole.faults(assignment, ROOT):
        return found
    try:
        text = guide.read_text(encoding="utf-8") if guide.is_file() else ""
        new = with_tables(text, assignment) if TABLE.search(text) else text
        with tempfile.TemporaryDirectory() as folder:
            made = generate(assignment, Path(folder))
            for file in sorted(file for file in made.rglob("*") if file.is_file()):
                put(ROOT / "exercises" / assignment / file.relative_to(made), file.read_bytes())
    except engine.AssignmentError as error:
        return [str(error)]
    if new != text:
        put(guide, new.encode())
    put(stamp, f"{before} {result(assignment)}".encode())
    return []


def put(path: Path, data: bytes) -> None:
    """Write a file in one step: never half a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)


def main(names: list[str]) -> int:
    """Make what has changed; 1 if something is wrong."""
    there = sorted({path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")})
    if unknown := set(names) - set(there):
        print(f"there is no assignment {', '.join(sorted(unknown))} in solutions/; there is {', '.join(there)}")
        return 2
    asked, under = names or there, under_all()
    stale = sorted(
        (name for name in asked if not fresh(name, under)), key=size, reverse=True
    )  # the longest comes first
    bad = False
    if stale:
        with ProcessPoolExecutor(min(len(stale), os.cpu_count() or 1), multiprocessing.get_context("spawn")) as pool:
            for name, found in zip(stale, pool.map(make, stale, repeat(under)), strict=True):
                bad |= bool(found)
                said = found or [f"exercises/{name} and the tables of solutions/{name}/guide.md are made anew"]
                print("\n".join(f"{name}: {line}" for line in said), flush=True)
    if len(stale) < len(asked):
        print(f"{len(asked) - len(stale)} of {len(asked)} assignments are as they were")
    return int(bad)


def size(assignment: str) -> int:
    """About how long it takes."""
    path = ROOT / "solutions" / assignment / "mistakes.toml"
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
