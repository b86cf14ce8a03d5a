"""What is there when an assignment is graded: a check says so of anything else before it is handed in."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["THERE", "absent", "told"]

THERE = ("numpy", "matplotlib", "PIL", "IPython", "tqdm", "nnlib.checks", "nnlib.data")


def absent(namespace: Mapping[str, Any]) -> list[str]:
    """Name the modules that a notebook uses and that are not there when it is graded.

    Parameters
    ----------
    namespace : mapping
        The notebook's global names.

    Returns
    -------
    list of str
        In order. A module beside the notebook is handed in with it, and is none of them.
    """
    found = set[str]()
    for name, value in namespace.items():
        if isinstance(value, types.ModuleType):
            module = value.__name__
        elif isinstance(value, types.FunctionType | types.BuiltinFunctionType | type):
            module = str(getattr(value, "__module__", None) or "")
        else:
            continue
        top = module.partition(".")[0]
        if not name.startswith("_") and top and top not in sys.stdlib_module_names and not _there(module, top):
            found.add(module if top == "nnlib" else top)
    return sorted(found)


def _there(module: str, top: str) -> bool:
    if (
        module == "nnlib"
        or top in ("__main__", "ipykernel", "grading")  # the course's own, which only who teaches it has
        or any(f"{module}.".startswith(f"{each}.") for each in THERE)
    ):
        return True
    file = getattr(sys.modules.get(top), "__file__", None)
    return bool(file) and Path.cwd() in list(Path(str(file)).resolve().parents)[:2]


def told(modules: list[str]) -> str:
    """Say it in a line."""
    names = " and ".join(modules)
    are = "are" if len(modules) > 1 else "is"
    return f"! {names} {are} not there when graded: there are Python's own modules, {', '.join(THERE)}"
