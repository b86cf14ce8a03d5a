"""What a notebook does for a cell, for Python in a browser: magics that the book uses, the last value, figures, errors.

The worker sets `send` and calls `reset` and `run`. Everything that a cell shows goes through `send(kind, text, scale)`:
kind is "stdout", "stderr", "result", "html", "image" (PNG in base64, `scale` points for each of the page's), "error" (a
traceback) or "check" (the sentences of an error that speaks for itself).
"""

import ast
import gc
import importlib
import io
import linecache
import os
import sys
import time
import traceback
import types

MOST = 200_000  # characters that a cell may print: a page cannot hold more
PAUSE = 0.1  # seconds between two pieces of text

send = print  # the worker's function
names = {}  # of the cells


class Stream(io.TextIOBase):
    """Standard output of a cell, sent in pieces."""

    encoding = "utf-8"

    def __init__(self, kind):
        self.kind, self.kept, self.sent, self.total = kind, [], 0.0, 0

    def writable(self):
        return True

    def write(self, text):
        self.kept.append(text)
        if text.endswith("\n") and time.monotonic() - self.sent > PAUSE:
            self.flush()
        return len(text)

    def flush(self):
        text, self.kept, self.sent = "".join(self.kept), [], time.monotonic()
        left = MOST - self.total
        self.total += len(text)
        if text and left > 0:
            send(self.kind, text if len(text) <= left else text[:left] + "\n(a page cannot hold more)\n", 1)


time.process_time = time.perf_counter  # browsers have no clock of the processor: theirs stands still
os.environ["MPLBACKEND"] = "module://course_figures"  # figures.py; Matplotlib is imported when a cell asks for it


def figures():
    """Show the open figures."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].show()


def close():
    """Forget the open figures."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


# What pages import of IPython


class HTML:
    def __init__(self, data):
        self.data = data

    def _repr_html_(self):
        return self.data


def display(*values):
    for value in values:
        if type(value).__module__ == "matplotlib.figure":
            importlib.import_module("course_figures").picture(value)
        elif not isinstance(value, type) and (html := getattr(value, "_repr_html_", lambda: None)()) is not None:
            send("html", html, 1)
        else:
            send("result", repr(value), 1)


ipython, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
shown.HTML, shown.display, ipython.display = HTML, display, shown
ipython.get_ipython, ipython.version_info = lambda: None, (9, 0)  # Matplotlib asks
sys.modules |= {"IPython": ipython, "IPython.display": shown}


def plain(source):
    """The cell as Python, line by line: magics that the book uses become calls, or nothing."""
    lines = source.split("\n")
    for i, line in enumerate(lines):
        word, _, rest = line.strip().partition(" ")
        if word == "%run":
            lines[i] = f"__run__({rest.strip()!r})"
        elif word in ("%config", "%matplotlib"):
            lines[i] = "pass"
        elif word.startswith(("%", "!")) and _starts(lines[:i]):
            lines[i] = f"raise RuntimeError('{word} needs a notebook: a page in a browser has no such command')"
    return "\n".join(lines)


def _starts(lines):
    """Do these lines end a statement, so that a magic can follow?"""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def run_file(path):
    """``%run``: the file's names become the page's."""
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    kept = names.get("__file__")
    names["__file__"] = os.path.abspath(path)
    try:
        exec(code, names)
    finally:
        names.pop("__file__")
        if kept is not None:
            names["__file__"] = kept


def reset(folder):
    """Forget all names; cells run in `folder` from now on."""
    global names
    main = types.ModuleType("__main__")
    main.__dict__.update(display=display, __run__=run_file)
    sys.modules["__main__"], names = main, main.__dict__
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    close()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()
    gc.collect()


def tell(error):
    """What a reader is told: an error of a check says it itself; of others, the reader's lines and what they call."""
    if render := getattr(error, "_render_traceback_", None):
        send("check", "\n".join(render()), 1)
        return
    if isinstance(error, KeyboardInterrupt):
        send("check", "Stopped.", 1)
        return
    frames = error.__traceback__
    while frames and not frames.tb_frame.f_code.co_filename.startswith("cell "):
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames)
    send("error", "".join(lines).replace(", in <module>", "").replace('File "cell ', '"cell ').rstrip(), 1)


def run(source, label):
    """Run one cell; True if it came to its end."""
    name, code = f"cell {label}", plain(source)
    linecache.cache[name] = (len(code), None, source.splitlines(keepends=True), name)
    out, err = Stream("stdout"), Stream("stderr")
    sys.stdout, sys.stderr = out, err
    try:
        tree = ast.parse(code, name)
        quiet = code.rstrip().endswith(";")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and not quiet else None
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), names)
            if value is not None:
                names["_"] = value
                out.flush()
                display(value)
        out.flush()
        figures()
        return True
    except BaseException as error:
        out.flush()
        err.flush()
        tell(error)
        close()
        return False
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        gc.collect()
