"""In the place of ``<!-- equations -->`` each formula of book/equations.yml with its page, code, tests and exercises.

A formula without a label in its page, without code that names it, without a test, or with neither an exercise nor a
reason for having none is a warning, and so is one that a page or a test names and the list does not. A warning fails
the build.
"""

import inspect
import itertools
import json
import re
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import yaml
from assignments import NAMED, names
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)
FIELDS = {"id", "name", "page", "latex", "code"}
OPTIONAL = {"note", "unasked"}
MARK = re.compile(r"""mark\.equation\(["']([\w-]+)["']\)""")
CODE = re.compile(r"\bequation ([\w-]+)")
LIST = "<!-- equations -->"
ITEM = re.compile(r"""\b[Ii]tem\(\s*["']([\w-]+)["']""")


def formulas(book: Path) -> list[dict[str, str]]:
    """The entries of equations.yml.

    Raises
    ------
    ExtensionError
        If it is no list of entries that each have the fields: Sphinx shows the sentence alone.
    """
    try:
        entries = yaml.safe_load((book / "equations.yml").read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExtensionError(f"book/equations.yml is no YAML in UTF-8: {' '.join(str(error).split())}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ExtensionError("book/equations.yml is no list of entries: each begins with `- id: ...`")
    for number, entry in enumerate(entries, start=1):
        lacks, unknown = sorted(FIELDS - entry.keys()), sorted(entry.keys() - FIELDS - OPTIONAL)
        which = f"book/equations.yml: {entry.get('id', f'entry {number}')}"
        if lacks:
            raise ExtensionError(f"{which} has no {' and no '.join(lacks)}; an entry has {', '.join(sorted(FIELDS))}")
        if unknown:
            raise ExtensionError(f"{which} has {', '.join(unknown)}, which nothing reads")
        if not exists(entry["code"]):
            raise ExtensionError(f"{which}: code names {entry['code']}, and there is no such thing in nnlib")
    return entries


def places(files: Any, pattern: re.Pattern[str]) -> dict[str, list[Path]]:
    """For each id, the files that name it."""
    found: dict[str, list[Path]] = {}
    for file in sorted(files):
        for name in sorted(set(pattern.findall(file.read_text(encoding="utf-8")))):
            found.setdefault(name, []).append(file)
    return found


def exists(code: str) -> bool:
    """Is `code` a public name of nnlib?"""
    try:
        resolve_name(code)
    except (ImportError, AttributeError):
        return False
    return True


def asked(root: Path) -> dict[str, list[str]]:
    """For each id, the assignments with a page whose text names it, or which have an item of that name."""
    found: dict[str, list[str]] = {}
    for assignment in sorted(names(root / "book")):
        cells = json.loads((root / "exercises" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))[
            "cells"
        ]
        named = NAMED.findall("\n".join("".join(cell["source"]) for cell in cells))
        checks = root / "solutions" / assignment / "checks.py"
        items = ITEM.findall(checks.read_text(encoding="utf-8")) if checks.is_file() else []
        for name in {*items, *(each for group in named for each in re.findall(r"`([\w-]+)`", group))}:
            found.setdefault(name, []).append(assignment)
    return found


def line_of(file: Path, text: str) -> int:
    """The first line that holds the text."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return next((number for number, line in enumerate(lines, start=1) if text in line), 1)


def title(page: Path) -> str:
    """The heading of a page that is a notebook."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    found = re.search(r"^# (.+)$", "".join(cells[0]["source"]), re.MULTILINE)
    return found[1] if found else page.stem


class Index:
    """The list of all formulas as Markdown, each with its facts as links."""

    def __init__(self, app: Sphinx) -> None:
        self.config, self.book = app.config, Path(app.srcdir)
        self.root = self.book.parent
        self.tests, self.asked = places((self.root / "tests").rglob("*.py"), MARK), asked(self.root)

    def text(self) -> str:
        """All of it, a section for each page."""
        lines: list[str] = []
        for page, entries in itertools.groupby(formulas(self.book), key=lambda entry: entry["page"]):
            lines += [f"## {title(self.book / f'{page}.ipynb')}", "", ":::{container} equation-index"]
            for entry in entries:
                lines += [f"{{eq}}`{entry['id']}` **{entry['name']}**", f": ${entry['latex']}$", ""]
                lines += [f"  {'; '.join(self.facts(entry))}", ""]
            lines += [":::", ""]
        return "\n".join(lines)

    def facts(self, entry: dict[str, str]) -> list[str]:
        """What there is to say of a formula, each thing with a link."""
        label = entry["id"]
        code = inspect.unwrap(resolve_name(entry["code"]))
        code = code.fget if isinstance(code, property) else code if hasattr(code, "__qualname__") else type(code)
        file, line = Path(inspect.getsourcefile(code) or ""), inspect.getsourcelines(code)[1]
        note = f" ({entry['note']})" if "note" in entry else ""
        facts = [f"code: {{py:obj}}`{entry['code']}`, {self.link('its source', file, line)}{note}"]
        tests = (self.link(f"`{file.name}`", file, line_of(file, f'"{label}"')) for file in self.tests.get(label, []))
        facts.append("tested in " + ", ".join(tests))
        if label in self.asked:
            facts.append(
                "asked for in " + ", ".join(f"{{ref}}`{name} <exercise-{name}>`" for name in self.asked[label])
            )
        return facts + ([f"no exercise: {entry['unasked']}"] if "unasked" in entry else [])

    def link(self, words: str, file: Path, line: int) -> str:
        """To a line of a file of the repository."""
        address = str(self.config.html_theme_options["repository_url"]).rstrip("/")
        branch = self.config.html_theme_options["repository_branch"]
        return f"[{words}]({address}/blob/{branch}/{file.relative_to(self.root)}#L{line})"


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the list in the place of the comment."""
    if LIST in source[0]:
        root = Path(app.srcdir).parent
        below = [root / "tests", *root.glob("tests/*/"), *root.glob("nnlib/**/*.py")]  # a folder changes with its names
        for path in (root / "book" / "equations.yml", *below, *root.glob("tests/**/*.py")):
            app.env.note_dependency(str(path))
        for path in (*root.glob("exercises/*/*.ipynb"), *root.glob("solutions/*/checks.py")):
            app.env.note_dependency(str(path))
        source[0] = source[0].replace(LIST, Index(app).text())


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every side that is missing."""
    book = Path(app.srcdir)
    entries = formulas(book)
    named = places((book.parent / "nnlib").rglob("*.py"), CODE)
    tests = places((book.parent / "tests").rglob("*.py"), MARK)
    exercises = asked(book.parent)
    labelled = {label: page for label, (page, _) in env.get_domain("math").equations.items()}  # type: ignore[attr-defined]
    for entry in entries:
        if (entry["id"] in exercises) == ("unasked" in entry):
            logger.warning("equations.yml: %s: an assignment names it, or `unasked` says why none does", entry["id"])
        elif labelled.get(entry["id"]) != entry["page"]:
            logger.warning("equations.yml: %s: %s has no equation with this label", entry["id"], entry["page"])
        elif entry["id"] not in named:
            logger.warning("equations.yml: %s: no docstring or comment in nnlib says 'equation %s'", *[entry["id"]] * 2)
        elif entry["id"] not in tests:
            logger.warning("equations.yml: %s: no test is marked with pytest.mark.equation", entry["id"])
    known = {entry["id"] for entry in entries}
    for label, files in tests.items():
        if label not in known:
            logger.warning("%s: equations.yml has no equation %s", files[0].relative_to(book.parent), label)
    for label, page in labelled.items():
        if label not in known and not label.startswith("step-"):  # a step of a derivation is no formula to look up
            logger.warning("equations.yml: the equation %s of %s is not listed", label, page)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", insert)
    app.connect("env-check-consistency", check)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
