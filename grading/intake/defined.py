"""What the code of a cell defines, as far as one can tell without running it."""

from __future__ import annotations

import ast
import re

__all__ = ["alike", "defined", "is_code", "unsolved"]

MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
DEFINES = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) *=(?!=)", re.MULTILINE)
LONGEST = 200_000  # characters: the parser recurses, and no answer is so long


def _tree(text: str) -> ast.Module | None:
    if len(text) > LONGEST:
        return None
    try:
        return ast.parse(MAGIC.sub(r"\1pass", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defined(text: str) -> set[str]:
    """The names that code binds at its top level; of code that is no Python, those that its lines seem to bind."""
    tree = _tree(text)
    if tree is None:
        return {name for found in DEFINES.finditer(text[:LONGEST]) for name in found.groups() if name}
    names = set[str]()
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            case ast.Assign():
                names |= {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value:
                names.add(name)
    return names


def is_code(text: str) -> bool:
    """Whether a text is Python that defines a function: code that was typed into a cell for words."""
    tree = _tree(text)
    return tree is not None and any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)


def unsolved(text: str) -> bool:
    """Whether code is nothing but functions that say that they are not written yet, as stubs of any release do."""
    tree = _tree(text)
    return tree is not None and bool(tree.body) and all(map(_only_raises, tree.body))


def _only_raises(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef) or not isinstance(last := node.body[-1], ast.Raise):
        return False
    docstring = [isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in node.body[:-1]]
    return all(docstring) and any(isinstance(n, ast.Name) and n.id == "NotImplementedError" for n in ast.walk(last))


def alike(text: str, other: str, code: bool) -> bool:
    """Whether two texts differ in white space alone; if they are code, in comments at most."""
    if " ".join(text.split()) == " ".join(other.split()):
        return True
    trees = [_tree(each) for each in (text, other)] if code else []
    return bool(trees) and None not in trees and ast.dump(trees[0]) == ast.dump(trees[1])  # type: ignore[arg-type]
