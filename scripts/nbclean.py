"""Keep of a notebook what a reader of a diff wants: cells, text outputs, execution counts. Drop pictures and noise.

The build draws the pictures again; tests/site/test_executed.py compares what a page prints with what is stored here. An
assignment's notebook keeps no outputs at all.

    python scripts/nbclean.py book solutions       rewrites every notebook below that is not clean
    python scripts/nbclean.py --check book         names them and exits with 1

What only a person can mend is named in both cases, and exits with 1: a path of somebody's machine, a tag that nothing
reads, an id that is there twice, an exception that no tag announces.
"""

import argparse
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import v4

KERNELS = ("Python 3 (ipykernel)", "Python 3")  # what Jupyter calls it, and what nbgrader's notebooks have
CELL = ("deletable", "editable", "mystnb", "nbgrader", "tags")  # what may stand in a cell's metadata
TAGS = {
    "hide-input": "the page folds the code",
    "hide-output": "the page folds the output",
    "hide-cell": "the page folds both",
    "remove-input": "the page shows the output alone",
    "remove-output": "the page shows the code alone",
    "remove-cell": "the page does not show the cell",
    "raises-exception": "the cell is meant to fail",
    "nbval-ignore-output": "the output differs from machine to machine",
    "provided": "the grading runs this cell of an assignment before the answers",
}
MACHINE = re.compile(
    r"(?<![\w.:/~-])/(?:home|root|tmp|var|opt|work|mnt|Users|private)/\w[\w./-]*"
    r"|\b[A-Za-z]:\\+(?:Users|Windows|Program|Temp|Documents)[\w.\\ -]*"
)


def cleaned(text: str) -> str:
    """The notebook `text` without pictures, times and the editor's settings, its code cells counted 1, 2, ..."""
    notebook = v4.reads(text)  # nbformat.reads would give new ids where one is there twice
    shown = notebook.metadata.get("kernelspec", {}).get("display_name")
    kernel = {"display_name": shown if shown in KERNELS else KERNELS[0], "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    while notebook.cells and not notebook.cells[-1].source.strip():
        notebook.cells.pop()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in CELL if key in cell.metadata})
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assignment = any("nbgrader" in cell.metadata for cell in notebook.cells)
    for count, cell in enumerate(code, start=1):
        cell.execution_count = None if assignment else count
        cell.outputs = [] if assignment else merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            if "data" in output:
                # HTML is a figure that a reader can move: as pictures, the build makes it again
                dropped = ("image/", "text/html")
                output.data = {mime: data for mime, data in output.data.items() if not mime.startswith(dropped)}
                output.metadata = {}
    return str(v4.writes(notebook, indent=1)) + "\n"


def merged(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Pieces of one stream as one: where a stream is cut depends on the machine."""
    whole: list[nbformat.NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == "stream" and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def problems(text: str) -> Iterator[str]:
    """What is wrong with a notebook and cannot be mended by leaving something out, in words."""
    notebook = v4.reads(text)
    for name, times in Counter(cell.get("id") for cell in notebook.cells).items():
        if name is None:
            yield f"{times} cells have no id: save the notebook with a newer Jupyter"
        elif times > 1:
            yield f"the id {name!r} is there {times} times"
    for number, cell in enumerate(notebook.cells):
        where, tags = f"cell {number}", cell.metadata.get("tags", [])
        for name in cell.get("attachments", {}):
            yield f"{where}: the picture {name} is pasted into the text; draw it in a cell, or link to a file"
        for tag in tags:
            if tag not in TAGS:
                yield f"{where}: nothing reads the tag {tag!r}; there are {', '.join(TAGS)}"
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in tags:
                yield f"{where}: it failed with {output.ename}; mend it, or tag it 'raises-exception'"
        for found in MACHINE.findall("\n".join(texts(cell))):
            yield f"{where}: {found} is a path of one machine"


def texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    """Everything in a cell that a person can read."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield "\n".join(output.get("traceback", []))
        yield from (data for mime, data in output.get("data", {}).items() if mime.startswith("text/"))


def notebooks(paths: list[Path]) -> Iterator[Path]:
    """The notebooks named, and those below the folders named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
        else:
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description="keep text outputs, drop pictures, name what does not belong")
    parser.add_argument("paths", nargs="+", type=Path, help="notebooks, or folders that hold some")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a notebook is not clean")
    arguments = parser.parse_args()
    bad = 0
    for path in notebooks(arguments.paths):
        old = path.read_text(encoding="utf-8")
        try:
            new, found = cleaned(old), list(problems(old))
        except (ValueError, KeyError, AttributeError) as error:
            new, found = old, [f"it is no notebook of format 4 ({type(error).__name__}: {error})"]
        for problem in found:
            bad += 1
            print(f"{path}: {problem}")
        if new == old:
            continue
        if arguments.check:
            bad += 1
            print(f"{path}: not clean; python scripts/nbclean.py {path} mends it")
        else:
            draft = path.with_suffix(".ipynb.new")
            with draft.open("w", encoding="utf-8") as file:
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
            print(f"{path}: cleaned")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
