"""The reference of nnlib: every public name with its docstring, each equation that it names as a link.

A page that holds ``<!-- reference: nnlib.layers -->`` gets what ``nnlib.layers.__all__`` names, in the order of the
code, through Sphinx's autodoc; ``<!-- names: nnlib.layers -->`` gets a list of them with the first sentences. A name
that nnlib itself offers stands there as ``nnlib.Dense``.
"""

import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from docutils import nodes
from equation_index import formulas
from sphinx.addnodes import desc, index, pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms import SphinxTransform

import nnlib

MARK = re.compile(r"<!-- (reference|names): (nnlib[\w.]*) -->")
NAMED = re.compile(r"\bequations?\s+[\w-]+(?:(?:,|\s+and)\s+[\w-]+)*")
CODE = re.compile(r"(``.+?``|`.+?`)", re.DOTALL)
SIGN = re.compile(r"""[*|'"]|_(?=\W|$)""")  # what reStructuredText would take for a mark, in text that is none


def names(module: str) -> dict[str, str]:
    """The kind of each public name of a module, in the order in which the code defines them."""
    found = import_module(module)
    public = [name for name in vars(found) if name in found.__all__]
    return {place(found, name): kind(getattr(found, name)) for name in public}


def place(module: Any, name: str) -> str:
    """Where a reader imports it from."""
    same = getattr(nnlib, name, None) is getattr(module, name) and name in nnlib.__all__
    return f"nnlib.{name}" if same else f"{module.__name__}.{name}"


def kind(value: Any) -> str:
    """The directive of autodoc."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isfunction(value) else "data"


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the directives in the place of the comments."""

    def put(found: re.Match[str]) -> str:
        app.env.note_dependency(str(import_module(found[2]).__file__))
        if found[1] == "names":
            lines = [f":py:obj:`{name}`\n   {linked(first(name), app)}\n" for name in names(found[2])]
        else:
            lines = [line for each in names(found[2]).items() for line in directive(*each)]
        return "\n".join(["```{eval-rst}", *lines, "```"])

    source[0] = MARK.sub(put, source[0])


def directive(name: str, kind: str) -> list[str]:
    """What autodoc is asked. The members of a private base class belong to those who inherit them."""
    options = {"class": ["   :members:"], "data": ["   :no-value:"]}.get(kind, [])
    if kind == "class":
        _, *bases = resolve_name(name).__mro__
        public = next(base.__name__ for base in bases if not base.__name__.startswith("_"))
        options += [f"   :inherited-members: {public}"] if bases[0].__name__.startswith("_") else []
    return [f".. auto{kind}:: {name}", *options, ""]


def first(name: str) -> str:
    """What stands in a docstring before its first empty line."""
    module, _, own = name.rpartition(".")
    value = resolve_name(name)
    if isinstance(value, str):  # the text stands below the assignment
        text = "\n".join(ModuleAnalyzer.for_module(module).find_attr_docs()["", own])
    else:
        text = inspect.getdoc(value) or ""
    return " ".join(text.partition("\n\n")[0].split())


def linked(text: str, app: Sphinx) -> str:
    """The text of a docstring as reStructuredText."""
    known = ids(Path(app.srcdir))

    def role(found: re.Match[str]) -> str:
        return f":eq:`{found[0]}`" if found[0] in known else found[0]

    def plain(text: str) -> str:
        return NAMED.sub(lambda found: re.sub(r"[\w-]+", role, found[0]), SIGN.sub(r"\\\g<0>", text))

    return "".join(part if odd % 2 else plain(part) for odd, part in enumerate(CODE.split(text)))


@cache
def ids(book: Path) -> set[str]:
    """Of the equations."""
    return {entry["id"] for entry in formulas(book)}


def link(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with names in backticks; ids of equations become links."""
    lines[:] = linked("\n".join(lines), app).split("\n")


def leave_out(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """The fields of a named tuple say nothing but their number."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field") else None


def signature(app: Sphinx, what: str, name: str, obj: Any, options: Any, given: str, back: str) -> Any:
    """A protocol is not called."""
    return ("", "") if getattr(obj, "_is_protocol", False) else None


def as_code(app: Sphinx, env: Any, node: pending_xref, shown: nodes.Element) -> nodes.Element | None:
    """A name in backticks that has no place of its own, as an argument, is code and no missing link."""
    return shown if node.get("refdomain") == "py" else None


class OutOfTheIndex(SphinxTransform):
    """The book's index has what its text explains, and not every method."""

    default_priority = 840  # before entries are collected

    def apply(self, **_: Any) -> None:
        for described in [*self.document.findall(desc)]:
            before = described.previous_sibling()
            if isinstance(before, index):
                before.parent.remove(before)


def setup(app: Sphinx) -> dict[str, Any]:
    for extension in ("autodoc", "napoleon"):
        app.setup_extension(f"sphinx.ext.{extension}")
    app.connect("source-read", insert)
    app.connect("autodoc-process-docstring", link, priority=400)  # before napoleon, which writes marks of its own
    app.connect("autodoc-skip-member", leave_out)
    app.connect("autodoc-process-signature", signature)
    app.connect("missing-reference", as_code)
    app.add_transform(OutOfTheIndex)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
