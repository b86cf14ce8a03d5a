"""The build: nothing is executed twice, a change under the pages is seen, a fault stays a fault."""

import importlib.util
import json

import pytest

PAGE = ["with open('../runs.txt', 'a') as f:\n", "    f.write('x')\n", "print(open('../nnlib/value.py').read())"]


@pytest.fixture
def small_book(root, tmp_path, monkeypatch):
    """A book of one page, which counts its runs and prints a file of nnlib; and the script that builds it."""
    spec = importlib.util.spec_from_file_location("build_book", root / "scripts" / "build_book.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name in ("ROOT", "BUILD", "CACHE", "CONFIG", "MADE_FOR", "CACHED_FOR"):
        monkeypatch.setattr(script, name, tmp_path / getattr(script, name).relative_to(root))
    for name, text in {
        "requirements.txt": "",
        "_config.yml": "title: A book\nexecute: {execute_notebooks: cache, raise_on_error: true}\n",
        "book/_toc.yml": "format: jb-book\nroot: page\n",
        "nnlib/value.py": "first",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    write_page(tmp_path, PAGE)
    return script, tmp_path


def write_page(folder, code):
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A page"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": code, "outputs": [], "execution_count": None},
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "book" / "page.ipynb").write_text(json.dumps(notebook))


def runs(folder):
    return len((folder / "runs.txt").read_text())


def test_a_page_is_executed_again_only_when_something_under_it_changed(small_book):
    script, folder = small_book
    html = folder / "_build" / "html" / "page.html"
    assert script.main() == 0
    assert "first" in html.read_text()
    assert script.main() == 0
    assert runs(folder) == 1
    (folder / "nnlib" / "value.py").write_text("second")
    assert script.main() == 0
    assert "second" in html.read_text()
    assert runs(folder) == 2


@pytest.mark.parametrize("fault", ["raise ValueError('a fault')", None], ids=["a cell fails", "a warning"])
def test_a_fault_fails_the_build_every_time(small_book, fault):
    script, folder = small_book
    if fault:
        write_page(folder, fault)
    else:
        (folder / "book" / "_toc.yml").write_text("format: jb-book\nroot: page\nchapters: [{file: other}]\n")
        (folder / "book" / "other.md").write_text("# Other\n\n[nowhere](nowhere.md)\n")
    assert script.main() != 0
    assert script.main() != 0
