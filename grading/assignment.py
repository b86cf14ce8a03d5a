"""Is an assignment whole? Its notebook, checks and mistakes are tried, and what is wrong is said in a sentence each.

`faults` are what nobody should be graded with: a release and a round refuse them. `findings` has all that there is to
say, and takes as long as all known mistakes together.
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
import runpy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from grading import engine
from grading.course import CONFIG, books_of, prefix, sources
from grading.engine import AssignmentError, Item, Reference
from grading.judge.item import Call
from grading.judge.reference import cells_of, is_reference
from grading.record import Verdict
from grading.tell import words

__all__ = ["NAME", "Finding", "checked_before", "faults", "findings", "tests"]

Finding = tuple[bool | None, str]  # None: nothing is wrong, but something could be better
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
MARKS = ("SOLUTION", "HIDDEN TESTS")
MARK = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS)\b")
LIKE_A_MARK = re.compile(r"\s*#+\s*(begin|end)[ _-]*(of )?(the )?(solutions?|hidden[ _-]*tests?)\s*$", re.IGNORECASE)
SCORE = re.compile(r"""^\s*score\(\s*["']([^"']*)["']""", re.MULTILINE)
AUTOTEST = re.compile(r"^\s*### (HASHED )?AUTOTEST", re.MULTILINE)
STUB = "raise NotImplementedError"
FIELDS = ("id", "name", "page", "latex", "code")  # of an equation
TABLES = ("items", "mistakes", "students")  # of a guide: scripts/release.py makes them


def faults(name: str, root: Path) -> list[str]:
    """What nobody should be graded with, each in a sentence; it takes as long as one right submission.

    Parameters
    ----------
    name : str
        The assignment.
    root : Path
        The course.

    Returns
    -------
    list of str
        Empty if the solution has full marks, the stub none, and the notebook what nbgrader needs.
    """
    if not NAME.fullmatch(name):
        return [
            f"an assignment's name is also that of files and addresses; {name!r} has more than letters, digits, - _"
        ]
    try:
        books, items = _books(name, root), engine.load_items(name, root)
        found = [(book, said) for book, cells in books.items() for said in _written(cells, bool(items))]
        found += [("", said) for said in _belonging(books, items)]
        with engine.allowing(name, root):
            for book, cells, own in _parts(books, items):
                right = _reference(name, root, book, cells)
                solved = [item for item in own if item.function in right.source]
                lost = [(book, said) for item in solved for said in _solved(item, right, cells)]
                found += lost or [(book, said) for item in solved if not found for said in _stub(item, right)]
    except AssignmentError as error:
        return [str(error)]
    where = sources(root).name
    return [f"{where}/{name}{f'/{book}.ipynb' if book else ''}: {said}" for book, said in found]


def _books(name: str, root: Path) -> dict[str, list[dict[str, Any]]]:
    """The cells of each source notebook."""
    folder = sources(root) / name
    names = books_of(folder)
    if len(names) == 1 and names != [name] and (folder / "checks.py").is_file():
        raise AssignmentError(f"{folder / f'{name}.ipynb'} is missing: the notebook has the name of its folder")
    if not names:
        there = ", ".join(sorted({path.parent.name for path in sources(root).glob("*/*.ipynb")})) or "none"
        raise AssignmentError(f"there is no notebook in {folder.parent.name}/{name}; there is {there}")
    return {book: cells_of(folder / f"{book}.ipynb") for book in names}


def _parts(
    books: Mapping[str, Sequence[Mapping[str, Any]]], items: Sequence[Item]
) -> Iterator[tuple[str, Sequence[Mapping[str, Any]], list[Item]]]:
    """The notebooks with items that are judged from outside, each with its cells and these items."""
    for book, cells in books.items():
        graded = {_about(cell).get("grade_id") for cell in cells if _graded(cell)}
        if own := [item for item in items if item.id in graded]:
            yield book, cells, own


def tests(name: str, root: Path) -> list[str]:
    """The items that are judged by their own cells, where student code runs; as a row names them."""
    books, declared = _books(name, root), {item.id for item in engine.load_items(name, root)}
    graded = ((book, _about(cell)["grade_id"]) for book, cells in books.items() for cell in cells if _graded(cell))
    return [prefix(book, books) + item for book, item in graded if item not in declared]


def checked_before(name: str, root: Path, stamp: Path) -> list[str]:
    """The same, and not again for what had none: a file holds what was tried then.

    Parameters
    ----------
    name, root
        As in `faults`.
    stamp : Path
        That file.
    """
    here = Path(__file__).parent
    files = [
        here / "assignment.py",
        here / "record.py",
        *sorted(here.glob("judge/*.py")),
        *sorted(here.glob("student/*")),
    ]
    files += [*sorted((sources(root) / name).glob("*")), sources(root) / "mistakes.toml", root / CONFIG]
    sha = hashlib.sha256()
    for path in files:
        if path.is_file():
            sha.update(f"{path.name}\0".encode() + path.read_bytes())
    if stamp.is_file() and stamp.read_text() == sha.hexdigest():
        return []
    if not (found := faults(name, root)):
        stamp.touch(mode=0o600)
        stamp.write_text(sha.hexdigest())
    return found


def findings(name: str, root: Path) -> Iterator[Finding]:
    """All that there is to say of an assignment.

    Parameters
    ----------
    name, root
        As in `faults`.

    Yields
    ------
    good, words
        ``good`` is None where grading works nevertheless.
    """
    found = faults(name, root)
    yield from ((False, said) for said in found)
    try:
        books, items = _books(name, root), engine.load_items(name, root)
        parts = [(own, _reference(name, root, book, cells)) for book, cells, own in _parts(books, items)]
    except AssignmentError:
        return
    if not found and items:
        points = ", ".join(f"{item.id} {item.max_points:g}" for item in items)
        yield True, f"the solution has full marks and the stub none: {points}"
    yield from ((None, said) for cells in books.values() for said in _remarks(cells, items))
    if not found:
        with engine.allowing(name, root):
            for own, right in parts:
                for item in own:
                    yield from _mistakes(item, right)
                yield from ((False, said) for said in _answers(name, root, own, right))
    if items:
        yield from ((False, said) for said in _elsewhere(name, root, items))
        yield from _guide(sources(root) / name / "guide.md")
    if (root / "solutions").is_dir() and not all(
        (root / "exercises" / name / f"{book}.ipynb").is_file() for book in books
    ):
        how = f"python scripts/release.py {name}, or nbgrader generate_assignment {name}"
        yield None, f"exercises/{name} is missing: {how}"


# ------------------------------------------------------------------------------------------------- the notebook


def _about(cell: Mapping[str, Any]) -> dict[str, Any]:
    found = cell["metadata"].get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def _graded(cell: Mapping[str, Any]) -> bool:
    """By a machine: a person reads what is graded and a solution too."""
    about = _about(cell)
    return bool(cell["cell_type"] == "code" and about.get("grade") and not about.get("solution"))


def _named(cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, cell in enumerate(cells, start=1):
        name = _about(cell).get("grade_id") or cell.get("id")
        yield f"cell {name!r}" if name else f"cell {number}", cell


def _written(cells: Sequence[Mapping[str, Any]], declared: bool) -> Iterator[str]:
    """What nbgrader could not read, or would read otherwise than it was meant."""
    for where, cell in _named(cells):
        about, text = _about(cell), cell["source"]
        if (about.get("grade") or about.get("task")) and not _number(about.get("points")):
            yield f"{where} has {about.get('points')!r} points; give it a number, 0 or more"
        if (about.get("grade") or about.get("solution")) and not about.get("grade_id"):
            yield f"{where} has no grade id: give it one in Create Assignment"
        for what, wanted in zip(MARKS, ("solution", "grade"), strict=True):
            marks = re.findall(rf"\b(BEGIN|END) {what}\b", text)
            if marks != ["BEGIN", "END"] * (len(marks) // 2):
                yield f"{where}: ### BEGIN {what} and ### END {what} do not come in pairs, one after the other"
            elif marks and not about.get(wanted):
                kind = "manually graded answer, or autograded answer" if wanted == "solution" else "autograded tests"
                yield f"{where} has ### BEGIN {what} and is no {wanted} cell: make it one in Create Assignment ({kind})"
        unread = [line.strip() for line in text.splitlines() if LIKE_A_MARK.match(line) and not MARK.search(line)]
        if unread:
            yield f"{where}: nbgrader does not read {unread[0]!r}: write ### BEGIN SOLUTION, or what else it should be"
        if _graded(cell):
            for score in SCORE.findall(text):
                if score != about.get("grade_id"):
                    yield f'{where} calls score("{score}"): the id is that of the cell, {about.get("grade_id")!r}'
                if "BEGIN HIDDEN TESTS" not in text:
                    yield f"{where} calls score and has no ### BEGIN HIDDEN TESTS above and END below: students get it"
    ids = {"grade id": lambda cell: _about(cell).get("grade_id")}
    if declared:  # else they are of no use here, and editors that copy cells leave them as they were
        ids["id"] = lambda cell: cell.get("id")
    for key, of in ids.items():
        for name, times in Counter(map(of, cells)).items():
            if name and times > 1:
                yield f"{times} cells have the {key} {name!r}; give each its own"


def _number(points: Any) -> bool:
    return isinstance(points, int | float) and not isinstance(points, bool) and 0 <= points < math.inf


def _belonging(books: Mapping[str, Sequence[Mapping[str, Any]]], items: Sequence[Item]) -> Iterator[str]:
    """Where notebooks and checks.py say different things."""
    all_cells = [cell for cells in books.values() for cell in cells]
    graded = {_about(cell).get("grade_id"): cell for cell in all_cells if _graded(cell)}
    defined = {node.name for cell in all_cells if is_reference(cell) for node in _functions(cell["source"])}
    for item in items:
        if item.id not in graded:
            there = ", ".join(map(str, graded)) or "none"
            yield f"checks.py declares the item {item.id!r}, and no autograded cell has this id; there is {there}"
        elif _number(points := _about(graded[item.id]).get("points")) and points != item.max_points:
            yield f"cell {item.id!r} has {points:g} points, and its groups in checks.py {item.max_points:g}"
        if item.function not in defined:
            yield f"checks.py asks for the function {item.function}, and no solution cell defines it"
    for name, cell in graded.items():
        if name in [item.id for item in items]:
            continue
        if SCORE.search(cell["source"]):
            yield f'cell {name!r} calls score("{name}"), and checks.py declares no such item'
        if AUTOTEST.search(cell["source"]):
            yield f"cell {name!r} has AUTOTEST, which only nbgrader fills in: write asserts instead"


def _functions(source: str) -> list[ast.FunctionDef | ast.ClassDef]:
    try:
        return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    except SyntaxError:  # the reference says so
        return []


def _remarks(cells: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> Iterator[str]:
    """What works, and could be meant otherwise."""
    ids = {item.id for item in items}
    for where, cell in _named(cells):
        if _graded(cell) and _about(cell).get("grade_id") not in ids:
            yield f"{where} is judged by its own tests, beside the student's code: checks.py declares no item for it"
        elif _graded(cell) and not SCORE.search(cell["source"]):
            yield f"{where} does not call score: in your own notebook it shows no points"
        names = {node.name for node in _functions(cell["source"])} & {item.function for item in items}
        if names and is_reference(cell) and "BEGIN SOLUTION" not in cell["source"]:
            yield f"{where} has no ### BEGIN SOLUTION: students do not get the def of {', '.join(names)} either"


# --------------------------------------------------------------------------------------- the solution and the stub


def _reference(name: str, root: Path, book: str, cells: Sequence[Mapping[str, Any]]) -> Reference:
    try:
        return engine.reference(name, root, book)
    except AssignmentError as error:
        raise AssignmentError(f"{error}{_untagged(str(error.__cause__), cells)}") from None


def _untagged(said: str, cells: Sequence[Mapping[str, Any]]) -> str:
    """Where a name is not there for the reference, and a cell that has no tag makes it: what to do."""
    for name in re.findall(r"name '(\w+)' is not defined", said):
        for where, cell in _named(cells):
            if cell["cell_type"] == "code" and not is_reference(cell) and name in _bound(cell["source"]):
                return f"; {where} makes {name}: give that cell the tag `provided`, so that the solution has it too"
    return ""


def _bound(source: str) -> set[str]:
    """The names that a cell makes."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imported = (each for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for each in node.names)
    return found | {(each.asname or each.name).partition(".")[0] for each in imported}


def _judged(item: Item, call: Call, right: Reference) -> Verdict | str:
    """The verdict, or what is wrong with what judges."""
    try:
        return engine.check(item, call, right)
    except Exception as error:
        return f"the item {item.id!r} of checks.py cannot be checked: {type(error).__name__}: {error}"


def _solved(item: Item, right: Reference, cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    verdict = _judged(item, engine.caller(right.functions), right)
    if isinstance(verdict, str):
        yield verdict + _untagged(verdict, cells)
    elif (verdict.points or 0.0) < item.max_points:
        why = words.line(verdict)
        yield f"the solution of {item.id!r} has {_of(verdict)} points: {why}{_untagged(why, cells)}"


def _stub(item: Item, right: Reference) -> Iterator[str]:
    names = dict(right.functions)
    names.pop(item.function, None)
    try:
        exec(compile(_without(right.source[item.function]), "<stub>", "exec", dont_inherit=True), names)
    except SyntaxError as error:
        yield f"what students get for {item.id!r} is no Python: {error.msg}"
        return
    except Exception:  # a cell that is a stub as a whole
        return
    verdict = _judged(item, engine.caller(names), right)
    if isinstance(verdict, Verdict) and verdict.points:
        earned = ", ".join(group.name for group in verdict.groups if group.points)
        yield f"the stub of {item.id!r} has {_of(verdict)} points, for {earned}: is the answer outside of the markers?"


def _without(source: str) -> str:
    """A cell as students get it."""
    lines, inside = list[str](), False
    for line in source.splitlines():
        if "BEGIN SOLUTION" in line:
            inside = True
            lines.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif "END SOLUTION" in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines) if STUB in "\n".join(lines) else STUB


def _of(verdict: Verdict) -> str:
    return f"{verdict.points:g} of {verdict.max_points:g}"


# ------------------------------------------------------------------------------------------------- what goes wrong


def _mistakes(item: Item, right: Reference) -> Iterator[Finding]:
    good = 0
    for mistake in item.mistakes:
        where = f"mistake {mistake.name!r} of {item.id!r}"
        try:
            verdict = _judged(item, engine.variant(item, right, mistake), right)
        except AssignmentError as error:
            yield False, str(error)
            continue
        if isinstance(verdict, str):
            yield False, f"{where}: {verdict}"
        elif verdict.points == item.max_points:
            yield False, f"{where} costs nothing: add a case that shows it, or take it out"
        elif [each.name for each in verdict.mistakes] != [mistake.name]:
            yield False, f"{where} is not named; what is said is: {words.line(verdict)}"
        else:
            good += 1
    if good:
        yield True, f"{item.id}: {good} of {len(item.mistakes)} ways to be wrong cost points and are named"
    if not item.mistakes:
        yield None, f"{item.id}: mistakes.toml has no mistake of it, so feedback names none"


def _answers(name: str, root: Path, items: Sequence[Item], right: Reference) -> Iterator[str]:
    """Right and wrong answers in other words, where somebody has written such."""
    path = root / "tests" / "exercises" / "answers" / f"{name.replace('-', '_')}.py"
    if not path.is_file():
        return
    try:
        there = runpy.run_path(str(path))
        known = [(kind, *each) for kind in ("RIGHT", "WRONG") for each in there.get(kind, {}).items()]
    except Exception as error:
        yield f"{path}: {type(error).__name__}: {error}"
        return
    for kind, function, texts in known:
        item = next((item for item in items if item.function == function), None)
        if item is None:
            yield f"{path}: {kind} answers {function}, which is no item"
            continue
        for number, source in enumerate(texts, start=1):
            names = {**right.functions, "__name__": "student"}
            exec(compile(source, f"<{function}>", "exec", dont_inherit=True), names)
            with engine.predecessors(names, item, right):
                verdict = _judged(item, engine.caller(names), right)
            full = isinstance(verdict, Verdict) and verdict.points == item.max_points
            if full != (kind == "RIGHT"):
                said = verdict if isinstance(verdict, str) else f"{_of(verdict)} points, {words.line(verdict)}"
                yield f"{path}: {kind} answer {number} of {function}: {said}"


# ------------------------------------------------------------------------------------------------ what lies around


def _elsewhere(name: str, root: Path, items: Sequence[Item]) -> Iterator[str]:
    for other in sorted(sources(root).glob("*/checks.py")):
        if other.parent.name != name:
            try:
                taken = {item.id for item in engine.load_items(other.parent.name, root)}
            except (AssignmentError, OSError):  # its own doctor says so
                continue
            for item in items:
                if item.id in taken:
                    yield f"the item {item.id!r} is also one of {other.parent.name}: in a notebook, score finds both"
    book = root / "book"
    if not book.is_dir():
        return
    for page in sorted({mistake.page for item in items for mistake in item.mistakes} - {""}):
        file, _, label = page.partition("#")
        found = [path for path in (book / f"{file}.ipynb", book / f"{file}.md") if path.is_file()]
        if not found:
            yield f"mistakes.toml: there is no page {file} in book/"
        elif label and f"({label})=" not in found[0].read_text(encoding="utf-8"):
            yield f"mistakes.toml: the page {file} has no section {label}: no line of it is ({label})="
    yield from _equations(book / "equations.yml", {item.id for item in items})


def _equations(path: Path, ids: set[str]) -> Iterator[str]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield f"{path} is no YAML: {' '.join(str(error).split())}"
        return
    for entry in entries or []:
        if (
            isinstance(entry, dict)
            and entry.get("id") in ids
            and (lacks := [each for each in FIELDS if each not in entry])
        ):
            yield f"{path}: the equation {entry['id']} has no {' and no '.join(lacks)}"


def _guide(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield None, f"{path.parent.name} has no guide.md: nobody needs one, and whoever teaches it is glad of one"
        return
    text = path.read_text(encoding="utf-8")
    for table in TABLES:
        begin, end = text.find(f"<!-- {table} -->"), text.find(f"<!-- end of {table} -->")
        if (begin < 0) != (end < 0) or end < begin:
            yield False, f"{path}: the table of {table} stands between <!-- {table} --> and <!-- end of {table} -->"
        elif begin < 0 and table != "students":
            yield None, f"{path} has no <!-- {table} -->: the table of {table} has no place in it"
