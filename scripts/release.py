"""Make what is derived from solutions/: the students' notebooks in exercises/, and the tables of each guide.md.

python scripts/release.py [ASSIGNMENT ...]          all of them, where none is named
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small products gain nothing from threads

import fair  # noqa: E402

from grading import engine  # noqa: E402
from grading.tell import words  # noqa: E402


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
        raise SystemExit(f"nbgrader could not make the release of {assignment}:\n{done.stderr}")
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


def main(names: list[str]) -> None:
    for checks in sorted((ROOT / "solutions").glob("*/checks.py")):
        assignment, guide = checks.parent.name, checks.parent / "guide.md"
        if names and assignment not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = generate(assignment, Path(folder))
            kept = ROOT / "exercises" / assignment
            kept.mkdir(parents=True, exist_ok=True)
            for file in sorted(made.iterdir()):
                shutil.copy(file, kept / f".{file.name}")
                (kept / f".{file.name}").replace(kept / file.name)  # in one step: never half a notebook
        guide.write_text(with_tables(guide.read_text(encoding="utf-8"), assignment), encoding="utf-8")
        print(f"exercises/{assignment} and {guide.relative_to(ROOT)} are up to date")


if __name__ == "__main__":
    main(sys.argv[1:])
