"""scripts/processors.py: it names the cell that another processor computes differently, and leaves the others alone."""

import os
import subprocess
import sys

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbval")


def page(path, *cells):
    """A notebook of code cells, each with what it printed here."""
    made = nbformat.v4.new_notebook()
    for name, source, text in cells:
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        made.cells.append(nbformat.v4.new_code_cell(source, id=name, outputs=[output]))
    nbformat.write(made, path)
    return path


@pytest.mark.parametrize("robust", [True, False])
def test_a_cell_that_depends_on_the_processor_is_named_for_each(root, tmp_path, robust):
    shown = "'any'" if robust else "os.environ['OPENBLAS_CORETYPE']"
    depends = ("depends", f"import os\nprint({shown})", "any\n")
    made = page(tmp_path / "page.ipynb", ("same", "print(1 + 1)", "2\n"), depends)
    script = [sys.executable, root / "scripts" / "processors.py", made]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    lines = done.stdout.splitlines()
    assert done.returncode == (0 if robust else 1), done.stdout + done.stderr
    assert sum(line.endswith("page.ipynb depends") for line in lines) == (0 if robust else 3)
    assert not any(line.endswith("page.ipynb same") for line in lines)
