"""Keep of a notebook what a reader of a diff wants: cells, text outputs, execution counts. Drop pictures and noise.

The build draws the pictures again; nbval compares the text that a page prints with the text that is stored here.

    python scripts/nbclean.py book              rewrites every notebook below book that is not clean
    python scripts/nbclean.py --check book      names them and exits with 1
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
NOISE = ("execution", "collapsed", "scrolled", "ExecuteTime", "trusted")  # what editors leave in a cell's metadata


def cleaned(text: str) -> str:
    """The notebook `text` without pictures, times and the editor's settings, its code cells counted 1, 2, ..."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        for key in NOISE:
            cell.metadata.pop(key, None)
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        cell.outputs = merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            if "data" in output:
                output.data = {mime: data for mime, data in output.data.items() if not mime.startswith("image/")}
                output.metadata = {}
    return str(nbformat.writes(notebook, indent=1)) + "\n"


def merged(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Pieces of one stream as one: where a stream is cut depends on the machine."""
    whole: list[nbformat.NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == "stream" and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def notebooks(paths: list[Path]) -> Iterator[Path]:
    """The notebooks named, and those below the folders named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
        else:
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description="keep text outputs, drop pictures")
    parser.add_argument("paths", nargs="+", type=Path, help="notebooks, or folders that hold some")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a notebook is not clean")
    arguments = parser.parse_args()
    unclean = 0
    for path in notebooks(arguments.paths):
        old = path.read_text(encoding="utf-8")
        new = cleaned(old)
        if new == old:
            continue
        unclean += 1
        if arguments.check:
            print(f"{path}: not clean; python scripts/nbclean.py {path} mends it")
        else:
            draft = path.with_suffix(".ipynb.new")
            draft.write_text(new, encoding="utf-8")
            os.replace(draft, path)
            print(f"{path}: cleaned")
    return 1 if arguments.check and unclean else 0


if __name__ == "__main__":
    raise SystemExit(main())
