"""scripts/processors.py: it names the cell that another processor computes differently, and leaves the others alone."""

import subprocess
import sys

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbval")
SAME = "print(1 + 1)", "2\n"
DEPENDS = "import os\nprint(os.environ.get('OPENBLAS_CORETYPE', 'this'))", "this\n"


def test_a_cell_that_depends_on_the_processor_is_named_for_each(root, tmp_path):
    page = nbformat.v4.new_notebook()
    for name, (source, text) in {"same": SAME, "depends": DEPENDS}.items():
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        page.cells.append(nbformat.v4.new_code_cell(source, id=name, outputs=[output], execution_count=1))
    nbformat.write(page, tmp_path / "page.ipynb")
    script = [sys.executable, root / "scripts" / "processors.py", "page.ipynb"]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    named = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("  ") and "page.ipynb" in line]
    assert done.returncode == 1, done.stdout + done.stderr
    assert named == ["depends"] * 3
