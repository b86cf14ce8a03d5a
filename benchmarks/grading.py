"""Time `grading run` beside `nbgrader autograde` and `generate_feedback`, on the same files: make bench-grading.

Two copies of the assignment backprop are graded. The light one has no cells in which networks are trained, so that what
is left is the cost of grading. The other one is the assignment as it is; there the computing of the students is counted
apart. For both programs the gradebook and the release are there before. Writes ``grading.md``.

With ``--large 3000`` it grades a class of that size instead, of the small course that the tests have, and then gives
the other commands. Writes ``scale.md``: above all CPU seconds of the command, which a busy machine changes least.
"""

import argparse
import contextlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from distributed import LocalCluster

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "grading")]

import make_submissions as answers  # noqa: E402
from small_course import Small  # noqa: E402

from grading import engine  # noqa: E402

NAME = "backprop"
TRAINING = ("solve-train", "check-train", "train", "check-digits")  # cells of the assignment that compute for longer
PLAIN = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = ["*.md", "*.py", "*.pyc", "__pycache__"]
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
"""


def course(folder: Path, light: bool) -> None:
    """A course with the assignment alone, for both programs."""
    shutil.copytree(ROOT / "solutions" / NAME, folder / "solutions" / NAME)
    (folder / "nbgrader_config.py").write_text(PLAIN)
    if light:
        path = folder / "solutions" / NAME / f"{NAME}.ipynb"
        path.write_text(json.dumps(without_training(json.loads(path.read_text()))))


def without_training(notebook: Any) -> Any:
    """The notebook without the cells in which networks are trained."""
    return {**notebook, "cells": [cell for cell in notebook["cells"] if answers.grade_id(cell) not in TRAINING]}


def submissions(folder: Path, count: int, light: bool) -> None:
    """Half of them right, a third with one of the known mistakes, the rest not begun."""
    right, stub = answers.solved(), answers.load("exercises")
    items = [item for item in engine.load_items(NAME, ROOT) if not (light and item.id in TRAINING)]
    wrong = itertools.cycle([answers.mistaken(item.id, each.name) for item in items for each in item.mistakes])
    for number in range(count):
        made = right if number % 2 else next(wrong) if number % 3 else stub
        hand_in(folder / "submitted", f"s{number:05}", without_training(made) if light else made)
    hand_in(folder / "first", "first", stub)


def hand_in(folder: Path, student: str, notebook: Any) -> None:
    """Write a submission."""
    file = folder / student / NAME / f"{NAME}.ipynb"
    file.parent.mkdir(parents=True)
    file.write_text(answers.dump(notebook))


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds, and the most MB that the processes held together."""
    return measured(command, folder)[:2]


def measured(command: list[str], folder: Path) -> tuple[float, float, float, float]:
    """The same, and of the command without its workers MB and CPU seconds."""
    environment = {**os.environ, "NNCOURSE_ROOT": str(folder), "PYTHONPATH": str(ROOT)}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])  # for alembic
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    log = (folder / "log").open("a")
    start, most, own, over = time.perf_counter(), [0.0], [0.0, 0.0], threading.Event()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)

    def watch() -> None:
        while not over.wait(0.2):
            held, processes = 0, list[psutil.Process]()
            with contextlib.suppress(psutil.Error):  # it has ended
                processes = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            for each in processes:
                with contextlib.suppress(psutil.Error):
                    held += each.memory_full_info().pss
            most[0] = max(most[0], held / 1e6)
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(process.pid).cpu_times()
                own[:] = (
                    max(own[0], psutil.Process(process.pid).memory_full_info().pss / 1e6),
                    times.user + times.system,
                )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    over.set()
    watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command)} failed, see {folder / 'log'}:\n{(folder / 'log').read_text()[-2000:]}")
    return time.perf_counter() - start, most[0], *own


KINDS = ({}, {"double": "return x * x"}, {"triple": "return x"}, {"double": "return 1 / 0"}, {"triple": None})


def large(folder: Path, count: int) -> list[str]:
    """Lines of the table: a round of a large class, one without a change, and the other commands."""
    made = Small(folder / f"class-{count}", None)
    (made.root / "_config.yml").write_text("title: small\n")
    for number in range(count):
        made.hand_in(f"s{number:05}", own=f"mine = {number}", **KINDS[number % len(KINDS)])

    def line(what: str, *arguments: str, each: int = 0) -> str:
        seconds, memory, driver, cpu = measured([sys.executable, "-m", "grading", *arguments], made.root)
        per = f"{1000 * cpu / each:.1f} ms" if each else ""
        rate = f"{each / seconds:.0f}" if each else ""
        return f"| {what} | {seconds:.1f} | {rate} | {cpu:.1f} | {per} | {driver:.0f} | {memory:.0f} |"

    def again(what: str, *more: str, part: int = count) -> str:
        state, some = made.root / f"state {what}", made.root / f"part-{part}"
        for number in range(part):
            student = f"s{number:05}"
            shutil.copytree(made.submissions / student, some / student, dirs_exist_ok=True)
        where = ["--submissions", str(some), "--state", str(state), *more]
        return line(f"{part:,} {what}", "run", "small", *where, each=part)

    lines = [line(f"{count:,}, two processes", *made.command()[3:], each=count)]
    stored = sum(path.stat().st_blocks * 512 for path in made.state.rglob("*") if path.is_file())
    print(f"disk: {stored / 1e6:.0f} MB, {stored / count / 1e3:.0f} KB each", file=sys.stderr)
    lines.append(line("the same, nothing changed", *made.command()[3:]))
    lines += [line(name, name, "small", "--state", str(made.state)) for name in ("status", "export", "report")]
    some = min(count, 300)
    lines.append(again("of them, two processes", part=some))
    for jobs in (2, 4):
        with LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None) as cluster:
            address = cluster.scheduler_address
            lines.append(again(f"of them, Dask with {jobs} workers", "--scheduler", address, part=some))
    return [*lines, f"| kept on disk: {stored / 1e6:.0f} MB, {stored / count / 1e3:.0f} KB each | | | | | | |"]


def scale(counts: list[int], output: Path) -> None:
    """Write the page of large classes."""
    head = "| | s | submissions a second | CPU s of the command | for each | MB of the command | MB of all processes |"
    lines = ["# Large classes", "", "Made by `python benchmarks/grading.py --large`. See `README.md`.", ""]
    lines += [head, "|---|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for count in counts:
            lines += large(Path(name), count)
    output.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def ours(folder: Path, jobs: int) -> tuple[float, float, float]:
    """A whole round; seconds, MB, and of the seconds those that students computed."""
    shutil.rmtree(folder / "state", ignore_errors=True)
    command = [sys.executable, "-m", "grading", "run", NAME, "--state", "state", "--jobs", str(jobs), "--submissions"]
    timed([*command, "first"], folder)  # makes gradebook and release
    seconds, memory = timed([*command, "submitted"], folder)
    lines = map(json.loads, (folder / "state" / f"{NAME}.jsonl").read_text().splitlines())
    return seconds, memory, sum(line.get("cpu", 0) for line in lines) / jobs


def theirs(folder: Path) -> tuple[float, float]:
    """Seconds of autograde and of generate_feedback."""
    for made in ("autograded", "feedback", "gradebook.db", "exercises"):
        shutil.rmtree(folder / made, ignore_errors=True)
        (folder / made).unlink(missing_ok=True)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    timed([*nbgrader, "generate_assignment", NAME], folder)
    return timed([*nbgrader, "autograde", NAME], folder)[0], timed([*nbgrader, "generate_feedback", NAME], folder)[0]


def main() -> None:
    """Time, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--growth", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--real", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "grading.md")
    parser.add_argument("--large", type=int, nargs="*", default=[])
    options = parser.parse_args()
    if options.large:
        scale(options.large, ROOT / "benchmarks" / "scale.md")
        return
    rows, growth = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for light, count in ((True, options.count), (False, options.real)):
            folder = Path(name) / f"light-{light}"
            course(folder, light)
            submissions(folder, count, light)
            before = ours(folder, options.jobs)
            autograde, feedback = theirs(folder)
            after = ours(folder, options.jobs)
            seconds, students = (statistics.mean(pair) for pair in zip(before[::2], after[::2], strict=True))
            rows.append((light, count, autograde, feedback, seconds, students))
        for count in options.growth:
            folder = Path(name) / f"growth-{count}"
            course(folder, True)
            submissions(folder, count, light=True)
            growth.append((count, *ours(folder, options.jobs)))
    lines = ["# Grading, timed", "", f"Made by `make bench-grading`, {options.jobs} at a time.", ""]
    lines += [
        "| assignment | submissions | autograde : ours | autograde + feedback : ours | of ours, students' computing |"
    ]
    lines += ["|---|---|---|---|---|"]
    for light, count, autograde, feedback, seconds, students in rows:
        kind = "without training" if light else "as it is"
        ratios = f"{autograde / seconds:.1f} | {(autograde + feedback) / seconds:.1f}"
        lines.append(f"| backprop, {kind} | {count} | {ratios} | {students / seconds:.0%} |")
    lines += ["", "One pass of ours gives scores, executed notebooks and feedback. Growth, without training:", ""]
    lines += [
        "| submissions | time, of the first | time for one more, of the first | memory of all processes, of the first |"
    ]
    lines += ["|---|---|---|---|"]
    first = growth[0]
    for count, seconds, memory, _ in growth:
        one = (seconds / count) / (first[1] / first[0])
        lines.append(f"| {count} | {seconds / first[1]:.1f} | {one:.2f} | {memory / first[2]:.2f} |")
    options.output.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    print("seconds:", rows, growth, file=sys.stderr)


if __name__ == "__main__":
    main()
