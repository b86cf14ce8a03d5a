"""Grade a class: ``python -m grading run ASSIGNMENT --submissions FOLDER``, and what comes after it.

``nncourse-grading`` is the same command, as the distribution of this name installs it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from grading import new
from grading.course import CourseError, find_course
from grading.engine import AssignmentError
from grading.intake.archive import some
from grading.intake.classlist import ClassList
from grading.intake.find import TEAM
from grading.keep import copies, prints, term
from grading.keep.changes import Change
from grading.keep.changes import table as changes_table
from grading.keep.gradebook import AddressError, LockedError, address, file_of, shown
from grading.keep.handback import feedback_zip, handed_on
from grading.keep.journal import JournalError, replace_file
from grading.keep.memory import Memory, recall
from grading.keep.round import Course, Standing, UsageError, feedback_again, grade, read_students, standing_of
from grading.record import Row
from grading.run import pool
from grading.run.execution import Limits
from grading.tell import report, similar, words

FAILURES = (
    AssignmentError,
    CourseError,
    UsageError,
    AddressError,
    JournalError,
    LockedError,
    copies.CopyError,
    pool.ClusterError,
)


def _folder(text: str) -> Path:
    if not text:  # an empty variable in a shell or Makefile would mean the current folder
        raise argparse.ArgumentTypeError("say which folder")
    return Path(text)


def _between(least: float, most: float, unit: str, kind: Callable[[str], float] = float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}{unit}")
        return value

    return number


def _parser() -> argparse.ArgumentParser:
    called = Path(sys.argv[0]).stem
    prog = called if called == "nncourse-grading" else "python -m grading"
    parser = argparse.ArgumentParser(prog=prog, description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, words: str, assignment: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words)
        if assignment:
            made.add_argument("assignment", help="its name: a folder in solutions/")
        found = "the course (the current folder, or the nearest above it, with _config.yml and solutions/)"
        made.add_argument("--course", type=_folder, metavar="FOLDER", help=found)
        made.add_argument(
            "--state", type=_folder, help="where gradebook, journal, feedback lie (the course's grading/state)"
        )
        made.add_argument(
            "--gradebook", default="", metavar="URL", help="its address, if it is not a file in the state"
        )
        return made

    run = command("run", "grade submissions: a folder, or a zip")
    where = "a folder or zip with something for each student (where the last round found them)"
    run.add_argument("--submissions", type=_folder, help=where)
    students = (
        "who takes part: CSV with id, first_name, last_name, email, or what Canvas or Moodle exports (the last one)"
    )
    run.add_argument("--students", type=_folder, help=students)
    run.add_argument("--student", default="", metavar="ID", help="this one alone")
    run.add_argument(
        "--time-limit", type=_between(0.5, 3600, " seconds"), default=20.0, metavar="S", help="for a cell (20)"
    )
    run.add_argument(
        "--memory", type=_between(256, 1 << 20, " MB", int), default=2048, metavar="MB", help="for each (2048)"
    )
    forget = "the class list and the gradebook that earlier rounds were given, if they are not named again"
    run.add_argument("--forget", action="store_true", help=forget)
    allow = "grade also where most of the class list handed in nothing"
    run.add_argument("--allow-missing", action="store_true", help=allow)
    gone = "go on where the gradebook that was here is gone, and with it what persons gave"
    run.add_argument("--new-gradebook", action="store_true", help=gone)
    dry = "say what would change, and change nothing"
    run.add_argument("--dry-run", action="store_true", help=dry)
    jobs = run.add_mutually_exclusive_group()
    jobs.add_argument("--jobs", type=_between(1, 64, "", int), default=min(2, os.cpu_count() or 1), help="at once (2)")
    jobs.add_argument("--scheduler", metavar="URL", help="of Dask: tcp://host:8786, or local")
    again = run.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="grade only what is new or changed: so it is anyway")
    again.add_argument("--fresh", action="store_true", help="grade again what has not changed")
    inside = "in a container: of this image, or of podman's own with the files of this machine"
    run.add_argument("--container", nargs="?", const="", metavar="IMAGE", help=inside)
    accept = "run student code as yourself where there is no sandbox: for code that you trust, for one round"
    run.add_argument("--allow-unisolated", action="store_true", help=accept)
    status = command("status", "what became of whom, from the last rounds; nothing is run")
    status.add_argument("--students", type=_folder, help=students)
    page = command("report", "one HTML page for the instructor")
    page.add_argument("--students", type=_folder, help=students)
    back = command("feedback", "write the feedback again, with what persons gave in formgrader")
    back.add_argument("--student", default="", metavar="ID", help="this one alone")
    moodle = "also a zip of the pages, as Moodle takes it: Upload multiple feedback files in a zip"
    back.add_argument("--zip", type=_folder, metavar="FILE", help=moodle)
    back.add_argument("--students", type=_folder, help=students)
    out = command("export", "the grades for a spreadsheet or a learning platform")
    zeros = "who is missing gets 0 also where somebody is graded who is not on the class list"
    out.add_argument("--allow-missing", action="store_true", help=zeros)
    out.add_argument("--students", type=_folder, help=students)
    out.add_argument("--format", choices=report.KINDS, default="plain")
    out.add_argument("--output", type=_folder, help="a file; without it the text is printed")
    command("similar", "pairs of submissions with nearly the same code")
    doctored = command("doctor", "what is missing on this machine, or in an assignment", assignment=False)
    doctored.add_argument("assignment", nargs="?", default="", help="try this one: its solution, stub and mistakes")
    made = command("new", "begin an assignment: one item that works, to be changed")
    made.add_argument("--title", default="", help="its heading (its name)")
    kept = command("archive", "all of the state as one file, to keep", assignment=False)
    kept.add_argument("file", type=_folder, metavar="FILE", help="a new file, as course.tar.gz")
    put = command("restore", "put a copy of the gradebook back, or an archive; without FILE, what there is", False)
    put.add_argument("file", nargs="?", default="", metavar="FILE", help="a copy's number or name, or an archive")
    put.add_argument("--replace", action="store_true", help="also where the state is newer; it is moved aside")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if it was done, 1 if something is missing, 2 if the command was wrong."""
    options = _parser().parse_args(arguments)
    try:
        with _ended():
            return _command(options)
    except FAILURES as error:
        print(f"grading: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"grading: {error.strerror or error}{where}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print("\ngrading: stopped; the same command goes on where it was", file=sys.stderr)
        return 143 if stop.args else 130


@contextlib.contextmanager
def _ended() -> Iterator[None]:
    """To be told to end is to be interrupted: what was begun is put in order, as after Ctrl-C."""

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _command(options: argparse.Namespace) -> int:
    root = find_course(options.course)
    state = (options.state or root / "grading" / "state").resolve()
    if options.command == "doctor":
        from grading import doctor  # it imports what no other command needs

        return doctor.main(root, state, options.assignment)
    if options.command == "new":
        print(new.make(root, options.assignment, options.title))
        return 0
    own = Course(root, "", Path()).config()
    memory = _memory(state, options)
    gradebook = memory.gradebook or ("" if options.state else str(own.CourseDirectory.get("db_url", "")))
    gradebook = gradebook and address(gradebook)
    site = str(own.FeedbackExporter.get("site", ""))
    course = Course(root, getattr(options, "assignment", ""), state, gradebook, site, memory)
    return {
        "run": _run,
        "status": _status,
        "report": _report,
        "feedback": _feedback,
        "export": _export,
        "similar": _similar,
        "archive": _archive,
        "restore": _restore,
    }[options.command](course, options)


def _memory(state: Path, options: argparse.Namespace) -> Memory:
    """What the command names, or else what the last round was given."""
    last = Memory() if getattr(options, "forget", False) else recall(state)
    named = getattr(options, "students", None)
    gradebook = address(options.gradebook) if options.gradebook else last.gradebook
    memory = Memory(str(named.resolve()) if named else last.students, gradebook)
    if options.command == "run":
        for what, now, given in (("students", memory.students, named), ("gradebook", gradebook, options.gradebook)):
            if now and not given:
                told = f"{what.title()}: {shown(now)}, as before (--{what} names another, --forget drops it)"
                print(told, file=sys.stderr)
    return memory


def _students(course: Course) -> ClassList:
    path = course.memory.students
    if path and not Path(path).exists():
        raise UsageError(f"the students file {path} is not there: name it with --students, or run with --forget")
    return read_students(Path(path)) if path else ClassList()


def _run(course: Course, options: argparse.Namespace) -> int:
    start = time.monotonic()
    course.check()
    students, submissions = _students(course), (options.submissions or course.place).resolve()
    if not options.submissions:
        if not submissions.exists():
            raise UsageError(f"there are no submissions in {submissions}: say where they are, with --submissions")
        print(f"Submissions: {submissions}", file=sys.stderr)
    limits = Limits(options.time_limit, 10 * options.time_limit, options.memory)
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(_Progress())
        if options.scheduler:
            workers = stack.enter_context(pool.cluster(options.scheduler, options.jobs, progress.say))
        else:
            workers = pool.processes(options.jobs)
        more = (
            options.fresh,
            options.student,
            options.allow_unisolated,
            options.container,
            progress.show,
            progress.say,
            options.allow_missing,
        )
        changes = list[Change]()
        if options.dry_run:
            course = stack.enter_context(term.tried(course))
        grade(course, submissions, students, limits, workers, *more, options.new_gradebook, changes.append)
        if options.dry_run:
            print(changes_table(changes) or "No points would change.")
            print("Nothing was written: this was a trial.")
            return 0
    standing = standing_of(course, students)  # with those whom only an earlier round had
    if standing.stale:
        feedback_again(course, standing.stale)
    rows = [row for row in standing.rows if options.student in ("", row.student)]
    print(report.table(rows, standing.source.points))
    _publish(course, standing)
    if changes:
        count = len({each.student for each in changes})
        print(f"Changed points of {words.number(count, 'student')}, also in {course.changes}:")
        print(changes_table(changes))
    print(f"Grades: {course.state / course.assignment}.csv")
    print(f"Report: {course.state / course.assignment}.html")
    print(f"Feedback: {_feedback_of(course)}")
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


def _feedback_of(course: Course) -> str:
    book = course.books[0] if len(course.books) == 1 else "<notebook>"
    return f"{course.state / 'feedback'}/<student>/{course.assignment}/{book}.html"


def _publish(course: Course, standing: Standing) -> list[similar.Pair]:
    """The table, the CSV and the report."""
    rows, source = standing.rows, standing.source
    teams = {row.student: {told for told in map(words.said, row.notes) if told.startswith(TEAM)} for row in rows}
    pairs = [pair for pair in prints.pairs(course) if not teams.get(pair.one, set()) & teams.get(pair.other, set())]
    page = report.html(
        course.assignment,
        rows,
        source.points,
        similar=pairs,
        questions=source.stubs,
        made=time.strftime("%Y-%m-%d %H:%M"),
        source="; ".join(dict.fromkeys(standing.checks.get(row.source, row.source[:8]) for row in rows if row.source)),
    )
    name = course.assignment
    replace_file(course.state / f"{name}.txt", report.table(rows, source.points) + "\n")
    replace_file(course.state / f"{name}.csv", report.export(rows, source.points, "plain", name, standing.checks))
    replace_file(course.state / f"{name}.html", page)
    return pairs


class _Progress:
    """A bar with a count for each status on a terminal, and in any case a line for each submission."""

    def __init__(self) -> None:
        tqdm.set_lock(threading.RLock())  # its own is for processes, and leaves a warning where a round is killed
        self.bar = tqdm(unit="", leave=False, disable=None, file=sys.stderr)
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def show(self, row: Row, done: int, count: int) -> None:
        """Tell of one more."""
        self.counts[row.status] += 1
        self.bar.total = count
        self.bar.set_postfix_str(", ".join(f"{number} {status}" for status, number in self.counts.most_common()))
        self.bar.update(done - self.bar.n)
        self.say(f"{done}/{count} {row.student}: {row.status}, {words.number(row.total, 'point')}")

    def say(self, line: str) -> None:
        """A line above the bar."""
        tqdm.write(line, file=sys.stderr)


def _status(course: Course, options: argparse.Namespace) -> int:
    standing = standing_of(course, _students(course))
    print(report.table(standing.rows, standing.source.points))
    _tell(standing)
    return 0


def _tell(standing: Standing) -> None:
    """What journal, gradebook and pages do not say alike."""
    if standing.doubt:
        print(f"in doubt: {_doubt(standing)}", file=sys.stderr)
    if standing.stale:
        told = "feedback is older than the gradebook (the command feedback writes it again)"
        print(f"{told}: {some(standing.stale)}", file=sys.stderr)


def _doubt(standing: Standing) -> str:
    many = words.number(len(standing.doubt), "student")
    said = f"journal and gradebook do not say the same of {many}: {some(standing.doubt)}"
    return f"{said}. Give the run command again: it grades them again"


def _report(course: Course, options: argparse.Namespace) -> int:
    standing = standing_of(course, _students(course))
    if standing.stale:
        feedback_again(course, standing.stale)
        standing = replace(standing, stale=[])
    _publish(course, standing)
    _tell(standing)
    print(f"Report: {course.state / course.assignment}.html")
    return 0


def _feedback(course: Course, options: argparse.Namespace) -> int:
    written = feedback_again(course, [options.student] if options.student else ())
    if not written:
        raise UsageError(f"there is no graded submission of {options.student!r}")
    if not options.student and (book := file_of(course.url)):
        copies.keep(course.state, book)  # what persons gave since the last round
    print(f"{words.number(written, 'page')}: {_feedback_of(course)}")
    if options.zip:
        students = _students(course)
        rows = [row for row in standing_of(course, students).rows if options.student in ("", row.student)]
        data, count, left_out = feedback_zip(course, rows, students)
        replace_file(options.zip.resolve(), data)
        print(f"{words.number(count, 'page')} for Moodle: {options.zip}")
        if left_out:
            why = "not graded, or Moodle's number is neither in the folders' names nor on the list"
            print(f"left out: {some(left_out)}: {why}", file=sys.stderr)
    return 0


def _export(course: Course, options: argparse.Namespace) -> int:
    students = _students(course)
    standing = standing_of(course, students)
    rows, source, column = standing.rows, standing.source, course.assignment
    if standing.doubt:
        raise UsageError(f"nothing is exported: {_doubt(standing)}")
    _tell(standing)
    if options.format != "plain":
        rows, column, said = handed_on(rows, students, options.format, course.assignment, options.allow_missing)
        for line in said:
            print(line, file=sys.stderr)
        if not any(row.final for row in rows):
            print("nothing to upload yet: there are no final points of anybody on the list", file=sys.stderr)
    text = report.export(rows, source.points, options.format, column, standing.checks)
    if options.output:
        replace_file(options.output.resolve(), text)
    else:
        sys.stdout.write(text)
    return 0


def _similar(course: Course, options: argparse.Namespace) -> int:
    print(similar.table(_publish(course, standing_of(course))))
    return 0


def _archive(course: Course, options: argparse.Namespace) -> int:
    print(term.archive(course, options.file.resolve()))
    return 0


def _restore(course: Course, options: argparse.Namespace) -> int:
    if options.file:
        print(term.restore(course, options.file, options.replace))
        return 0
    for number, path in enumerate(copies.copies(course.state), 1):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
        print(f"{number}  {path.name}  as it was at {when}: {copies.held(path)}")
    print(f"The copies lie in {course.state / copies.FOLDER}. To put one back: restore NUMBER", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
