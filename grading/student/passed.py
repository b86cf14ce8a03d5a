"""What a notebook asks of its surroundings and does not get when it is graded: the rest of its cell runs all the same.

A notebook is written where there is somebody at the keyboard, a browser, a network, and whatever is installed. Here a
statement that needs one of them is passed over: an import, a magic, a question to whoever sits there. What is passed
over is told beside the outputs, so that a later "name 'pd' is not defined" does not hide why.
"""

from __future__ import annotations

import ast
import dis
import re
import subprocess
from collections.abc import Callable
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from grading.student.borrowed import NotThere

__all__ = ["PassingShell"]

INSTALLERS = {"pip", "pip3", "conda", "mamba", "micromamba", "uv"}  # there is no network, and they would try for long
INSTALLS = re.compile(rf"\s*(sudo\s+)?(python3?\s+-m\s+)?({'|'.join(INSTALLERS)}|apt|apt-get|brew)\b")
OF_CODE = {"time", "timeit", "prun"}  # line magics that run a statement, whose exceptions are the student's
ASIDE = {"timeit", "debug"}  # cell magics that keep nothing of what their cell defines


class NobodyThere(EOFError):
    """A question that nobody answers."""


class Absent:
    """Stands for what a statement that was passed over should have made, and says why when it is used."""

    _why: Exception

    def __init__(self, why: Exception) -> None:
        self._why = why

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # what IPython, NumPy and copy look for in any object
            raise AttributeError(name)
        self()

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        why: Exception = self._why
        raise type(why)(*why.args)


USES = "mro_entries enter getitem setitem iter len contains bool int float index lt le gt ge neg pos abs add sub mul"
USES += " truediv floordiv mod pow matmul and or xor radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul rand ror"
for _use in USES.split():
    setattr(Absent, f"__{_use}__", Absent.__call__)


class _Imports(ast.NodeTransformer):
    """Each import of a cell by itself, and one that fails does not end the cell.

    Where code expects that it may fail, in a ``try`` or a ``with``, it fails as ever; so it does in functions.
    """

    def _as_ever(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _as_ever
    visit_Try = visit_TryStar = visit_With = visit_AsyncWith = _as_ever

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [self._tried(node, ast.Import([each]), each.name, "", each) for each in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        if node.module == "__future__":
            return node
        module = "." * node.level + (node.module or "")
        parts = [(ast.ImportFrom(node.module, [each], node.level), each) for each in node.names]
        return [self._tried(node, part, module, each.name, each) for part, each in parts]

    def _tried(self, node: ast.stmt, part: ast.stmt, module: str, name: str, alias: ast.alias) -> ast.stmt:
        bound = alias.asname or (name or module).partition(".")[0]
        code = f"get_ipython().not_imported(_error, {module!r}, {name!r}, {bound!r})"
        handler = ast.ExceptHandler(ast.Name("ImportError", ast.Load()), "_error", ast.parse(code).body)
        tried = ast.Try([part], [handler], [], [])
        for each in ast.walk(tried):
            ast.copy_location(each, node)
        return tried


class PassingShell(InteractiveShell):
    """IPython that passes over what cannot be had here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.ast_transformers.append(_Imports())

    def passed(self, what: str, name: str, words: str = "") -> None:
        """Tell that something is passed over; ``what`` is an import, a magic or a question."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------ statements

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run a statement; one that is passed over has not failed, so that those after it run."""
        failed: bool = await super().run_code(code_obj, result, async_=async_)  # type: ignore[no-untyped-call]
        error = result.error_in_exec if failed and result is not None else None
        if not isinstance(error, ImportError | NobodyThere):
            return failed
        result.error_in_exec = None
        made = {step.argval for step in dis.get_instructions(code_obj) if step.opname == "STORE_NAME"}
        why = error if isinstance(error, NotThere | NobodyThere) else NotThere(error.name or _words(error))
        for name in made - self.user_ns.keys():
            self.user_ns[name] = Absent(why)
        return False

    def told(self, error: BaseException | None) -> bool:
        """Whether an exception is of what is passed over; then it is told."""
        if isinstance(error, NobodyThere):
            self.passed("question", str(error))
        elif isinstance(error, ImportError):
            name = str(error) if isinstance(error, NotThere) else error.name
            self.passed(*(("import", name) if name else ("magic", "a line", _words(error))))
        return isinstance(error, ImportError | NobodyThere)

    def not_imported(self, error: ImportError, module: str, name: str, bound: str) -> None:
        """Tell of an import that failed, and let what it should have bound say so too."""
        missing = str(error) if isinstance(error, NotThere) else error.name or module
        if name not in ("", "*") and missing == module and not isinstance(error, ModuleNotFoundError | NotThere):
            missing = f"{module}.{name}"  # the module is there, and has no such name
        self.passed("import", missing)
        if bound != "*":
            self.user_ns[bound] = Absent(NotThere(missing))

    def ask(self, prompt: object = "", /) -> NoReturn:
        """In the place of ``input``."""
        print(prompt, end="")
        raise NobodyThere("nobody answers input() when graded")

    # ------------------------------------------------------------------------------------------ magics

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a magic, or pass it over."""
        if magic_name in INSTALLERS:
            return self.passed("magic", f"%{magic_name}", "nothing is installed here")
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except Exception as error:
            if isinstance(error, NotThere | NobodyThere) or (
                magic_name in OF_CODE and not isinstance(error, UsageError)
            ):
                raise
            return self.passed("magic", f"%{magic_name}", _words(error))

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a magic, or pass it over; then its cell is run, if that is Python."""
        known = self.find_cell_magic(magic_name) is not None  # type: ignore[no-untyped-call]
        result = None
        try:
            result = super().run_cell_magic(magic_name, line, cell)  # type: ignore[no-untyped-call]
        except Exception as error:
            if isinstance(error, NotThere | NobodyThere):
                raise
            self.passed("magic", f"%%{magic_name}", _words(error))
        if not known:
            self._defined(cell, lambda node: True)
        elif magic_name in ASIDE:
            self._defined(cell, lambda node: isinstance(node, ast.FunctionDef | ast.ClassDef))
        return result

    def _defined(self, cell: str, wanted: Callable[[ast.stmt], bool]) -> None:
        """Run those statements of a cell that are wanted, if the cell is Python."""
        try:
            tree = ast.parse(self.transform_cell(cell))  # type: ignore[no-untyped-call]
        except (SyntaxError, ValueError, RecursionError):
            return
        tree.body = [node for node in tree.body if wanted(node)]
        if tree.body:
            self.run_cell(ast.unparse(tree))  # type: ignore[no-untyped-call]

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:
        """All is drawn into the notebook, whatever was asked for."""
        return "inline", "inline"

    def system(self, cmd: str) -> None:
        """``!command``: what it prints is printed."""
        command = str(self.var_expand(cmd, depth=1))  # type: ignore[no-untyped-call]
        if INSTALLS.match(command):
            self.passed("magic", f"!{command.split()[0]}", "nothing is installed here")
            return
        done = subprocess.run(
            command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        print(done.stdout.decode("utf-8", "replace"), end="")
        self.user_ns["_exit_code"] = done.returncode


def _words(error: Exception) -> str:
    """The first line of what an exception says."""
    return (str(error).split("\n") or [""])[0][:200]
