"""The directive ``equation-index``: each formula of book/equations.yml with its page, code, tests and exercise.

A formula without a label in its page, without code that names it or without a test is a warning, and so is one that
a page or a test names and the list does not. A warning fails the build.
"""

import re
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
FIELDS = {"id", "name", "page", "latex", "code"}
MARK = re.compile(r"""mark\.equation\(["']([\w-]+)["']\)""")
CODE = re.compile(r"\bequation ([\w-]+)")
ITEM = re.compile(r"""\b[Ii]tem\(\s*["']([\w-]+)["']""")


def formulas(book: Path) -> list[dict[str, str]]:
    """The entries of equations.yml."""
    return list(yaml.safe_load((book / "equations.yml").read_text(encoding="utf-8")))


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


class EquationIndex(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        book = Path(self.env.srcdir)
        tests = places((book.parent / "tests").rglob("*.py"), MARK)
        items = places((book.parent / "solutions").glob("*/checks.py"), ITEM)
        lines: list[str] = []
        for entry in formulas(book):
            label = entry["id"]
            facts = [f"code: {{py:obj}}`{entry['code']}`"]
            if label in tests:
                facts.append("tested in " + ", ".join(f"`{f.relative_to(book.parent)}`" for f in tests[label]))
            if label in items:
                facts.append("asked for in the assignment " + ", ".join(f"`{f.parent.name}`" for f in items[label]))
            lines += [f"{{eq}}`{label}` **{entry['name']}**", f": ${entry['latex']}$", "", f"  {'; '.join(facts)}", ""]
        self.env.note_dependency(str(book / "equations.yml"))
        container = nodes.container(classes=["equation-index"])
        self.state.nested_parse(StringList(lines, source="equations.yml"), self.content_offset, container)
        return [container]


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every side that is missing."""
    book = Path(app.srcdir)
    entries = formulas(book)
    named = places((book.parent / "nnlib").rglob("*.py"), CODE)
    tests = places((book.parent / "tests").rglob("*.py"), MARK)
    labelled = {label: page for label, (page, _) in env.get_domain("math").equations.items()}  # type: ignore[attr-defined]
    for entry in entries:
        if set(entry) != FIELDS:
            logger.warning("equations.yml: %s: expected the fields %s", entry.get("id"), ", ".join(sorted(FIELDS)))
        elif labelled.get(entry["id"]) != entry["page"]:
            logger.warning("equations.yml: %s: %s has no equation with this label", entry["id"], entry["page"])
        elif not exists(entry["code"]):
            logger.warning("equations.yml: %s: there is no %s", entry["id"], entry["code"])
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
    app.add_directive("equation-index", EquationIndex)
    app.connect("env-check-consistency", check)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
