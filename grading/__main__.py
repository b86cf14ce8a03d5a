"""``python -m grading run ASSIGNMENT --submissions FOLDER``: grade a folder of submissions, and say what went wrong."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from grading import report, sandbox
from grading.intake import Source
from grading.kernel import Limits
from grading.run import Course, UsageError, grade, read_students

NOT_ISOLATED = (
    "Student code was not isolated: bubblewrap is missing, or not allowed here. "
    "On Debian and Ubuntu: apt install bubblewrap"
)
ROOT = Path(os.environ.get("NNCOURSE_ROOT") or Path(__file__).resolve().parents[1])


def _folder(text: str) -> Path:
    if not text:  # an empty variable in a shell or Makefile would mean the current folder
        raise argparse.ArgumentTypeError("say which folder")
    return Path(text)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.5 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.5 and 3600 seconds")
    return seconds


def _jobs(text: str) -> int:
    jobs = int(text)
    if not 1 <= jobs <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 64")
    return jobs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    run = parser.add_subparsers(dest="command", required=True).add_parser("run", help="grade a folder of submissions")
    run.add_argument("assignment", help="its name: a folder in solutions/")
    run.add_argument("--submissions", type=_folder, required=True, help="a folder with a subfolder for each student")
    run.add_argument("--students", type=_folder, help="CSV with id, first_name, last_name, email: who takes part")
    run.add_argument("--time-limit", type=_seconds, default=20.0, metavar="S", help="seconds for a cell (default 20)")
    run.add_argument("--state", type=_folder, help="where gradebook, journal and feedback lie (default grading/state)")
    run.add_argument("--jobs", type=_jobs, default=min(2, os.cpu_count() or 1), help="at the same time (default 2)")
    run.add_argument("--fresh", action="store_true", help="grade again what has not changed")
    run.add_argument("--require-isolation", action="store_true", help="refuse to run student code without a sandbox")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if every student got a row, 2 if the command was wrong."""
    options = _parser().parse_args(arguments)
    state = (options.state or ROOT / "grading" / "state").resolve()
    course, limits = Course(ROOT, options.assignment, state), Limits(options.time_limit, 10 * options.time_limit)
    start = time.monotonic()
    if options.require_isolation and not sandbox.isolated():
        print(f"grading: {NOT_ISOLATED}", file=sys.stderr)
        return 2
    try:
        students = read_students(options.students) if options.students else {}
        submissions = options.submissions.resolve()
        rows = grade(course, submissions, students, limits, options.jobs, options.fresh, _progress)
    except UsageError as error:
        print(f"grading: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ngrading: stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    points = Source.load(course.notebook, course.release).points
    report.replace_file(state / f"{course.assignment}.csv", report.grades_csv(rows, points))
    text = report.table(rows, points)
    if not sandbox.isolated():
        text += f"\n{NOT_ISOLATED}"
    report.replace_file(state / f"{course.assignment}.txt", text + "\n")
    print(text)
    print(f"Grades: {state / course.assignment}.csv")
    print(f"Feedback: {state / 'feedback'}/<student>/{course.assignment}/{course.assignment}.html")
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
