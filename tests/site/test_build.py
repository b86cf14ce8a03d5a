"""The build: nothing is executed or read twice, a change under the pages is seen, a fault stays a fault."""

import importlib
import json
import pickle
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

CONFIG = "title: A book\nexecute: {execute_notebooks: cache, raise_on_error: true}\n"
VALUE = "print(open('../nnlib/value.py').read())"
FILES = {
    "a": "from pathlib import Path\nprint(sorted(path.name for path in Path('..').rglob('*.*')))",
    "d": "print(open('../book/_data/numbers.txt').read())",
    "g": "print(open('../grading/tell/words.py').read())",
}
BIBTEX = "@book{ada1843, author = {Ada Lovelace}, title = {Notes}, publisher = {Taylor}, year = {1843}}\n"


@pytest.fixture
def small_book(script, tmp_path):
    """A book of one page, which counts its runs and prints a file of nnlib; and the script that builds it."""
    write(tmp_path, {"requirements.txt": "", "_config.yml": CONFIG, "nnlib/value.py": "first"})
    write_contents(tmp_path)
    write_page(tmp_path, "page", VALUE)
    return script, tmp_path


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def write_contents(folder, *others):
    """The table of contents: the page, and others."""
    chapters = f"chapters: [{', '.join(f'{{file: {name}}}' for name in others)}]\n" if others else ""
    write(folder, {"book/_toc.yml": f"format: jb-book\nroot: page\n{chapters}"})


def write_page(folder, name, code, kernel="python3", words=""):
    """A page whose code also writes down that it runs."""
    code = f"with open('../runs.txt', 'a') as f:\n    f.write('{name} ')\n{code}"
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": f"# Page {name}\n\n{words}"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": code, "outputs": [], "execution_count": None},
    ]
    about = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}} if kernel else {}
    notebook = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    write(folder, {f"book/{name}.ipynb": json.dumps(notebook)})


def runs(folder):
    """How many times each page was executed."""
    return Counter((folder / "runs.txt").read_text().split())


def read(printed):
    """The pages that Sphinx read, by what it printed."""
    return set(re.findall(r"reading sources\.\.\. \[ *\d+%\] (\S+)", re.sub(r"\x1b\[[\d;]*m", "", printed)))


def test_a_page_is_executed_again_only_when_something_under_it_changed(small_book):
    script, folder = small_book
    html = folder / "_build" / "html" / "page.html"
    assert script.main() == 0
    assert "first" in html.read_text()
    assert script.main() == 0
    assert runs(folder) == {"page": 1}
    (folder / "nnlib" / "value.py").write_text("second")
    assert script.main() == 0
    assert "second" in html.read_text()
    assert runs(folder) == {"page": 2}


def test_what_only_some_pages_use_makes_only_them_old(small_book, capfd):
    """g names grading, d the data; a could read anything. A class's grades are under no page."""
    script, folder = small_book
    files = ("grading/tell/words.py", "grading/state/ada/log.py", "book/_data/numbers.txt")
    write(folder, dict.fromkeys(files, "first"))
    write_contents(folder, *FILES)
    for name, code in FILES.items():
        write_page(folder, name, code)
    assert script.main() == 0
    assert runs(folder) == dict.fromkeys(["page", *FILES], 1)
    write(folder, dict.fromkeys(files[:2], "second"))
    capfd.readouterr()
    assert script.main() == 0
    assert runs(folder) == {"page": 1, "d": 1, "a": 2, "g": 2}
    assert read(capfd.readouterr().out) == {"a", "g"}
    assert "second" in (folder / "_build" / "html" / "g.html").read_text()


def test_no_worker_throws_out_what_another_has_just_kept(small_book, monkeypatch):
    """jupyter-cache looks twice for what is the oldest, and a page that came in between was not there at first."""
    script, folder = small_book
    monkeypatch.setattr(importlib.import_module("jupyter_cache.cache.db").NbCacheRecord, "records_to_delete", None)
    assert script.main() == 0
    assert runs(folder) == {"page": 1}


def test_after_an_edit_only_that_page_is_read_again(small_book, capfd):
    script, folder = small_book
    write(folder, {"_config.yml": f"{CONFIG}bibtex_bibfiles: [references.bib]\n", "book/references.bib": BIBTEX})
    write(folder, {"book/cites.md": "# Cites\n\nAs {cite}`ada1843` says.\n"})
    write(folder, {"book/sources.md": "# Sources\n\n```{bibliography}\n```\n"})
    write_contents(folder, "cites", "sources")
    assert script.main() == 0
    for name, text in {
        "cites": "# Cites\n\nAs {cite}`ada1843` said.\n",
        "sources": "# All sources\n\n```{bibliography}\n```\n",
    }.items():
        write(folder, {f"book/{name}.md": text})
        capfd.readouterr()
        assert script.main() == 0, capfd.readouterr()
        assert read(capfd.readouterr().out) == {name}
        cites, sources = (
            BeautifulSoup((folder / "_build" / "html" / f"{page}.html").read_text(), "html.parser").article
            for page in ("cites", "sources")
        )
        page, _, entry = cites.select_one("a.reference.internal")["href"].partition("#")
        assert page == "sources.html"
        assert "Ada Lovelace" in sources.find(id=entry).get_text()
    assert "said" in cites.get_text()
    assert "All sources" in sources.get_text()
    assert runs(folder) == {"page": 1}


def test_the_configuration_is_the_same_wherever_the_book_lies(small_book, monkeypatch):
    """And whether something else has written to its end: else Sphinx would look for the pages' files in two places."""
    script, folder = small_book
    write(folder, {"_config.yml": f"{CONFIG}bibtex_bibfiles: [references.bib]\n"})
    script.configure()
    conf = script.CONFIG / "conf.py"
    assert str(folder) not in conf.read_text()
    once, twice = {"__file__": str(conf)}, {"__file__": str(conf)}
    exec(conf.read_text(), once)
    monkeypatch.setattr(script.subprocess, "run", lambda *_, **__: None)  # no Jupyter Book that writes it anew
    script.configure()
    exec(conf.read_text(), twice)
    assert once["bibtex_bibfiles"] == twice["bibtex_bibfiles"] == [str(folder / "book" / "references.bib")]


@pytest.mark.parametrize("fault", ["raise ValueError('a fault')", None], ids=["a cell fails", "a warning"])
def test_a_fault_fails_the_build_every_time(small_book, fault):
    script, folder = small_book
    if fault:
        write_page(folder, "page", fault)
    else:
        write_contents(folder, "other")
        write(folder, {"book/other.md": "# Other\n\n[nowhere](nowhere.md)\n"})
    assert script.main() != 0
    assert script.main() != 0


def test_a_link_to_a_line_is_made_again_when_the_file_has_changed(html, root):
    """Every file of the repository that the list of equations shows a line of."""
    with (html.parent / ".doctrees" / "environment.pickle").open("rb") as file:
        depends = {(root / "book" / name).resolve() for name in pickle.load(file).dependencies["equations"]}
    page = BeautifulSoup((html / "equations.html").read_text(encoding="utf-8"), "html.parser")
    lines = [link["href"] for link in page.select("article a[href*='#L']")]
    linked = {root / re.search(r"/blob/[^/]+/(.+)#L\d+$", line)[1] for line in lines}
    assert len(linked) > 20
    assert linked <= depends


KERNELS = {"vscode": ".venv", "named": "Python 3 (ipykernel)", "own": "myenv", "none": ""}


def test_a_page_is_executed_whatever_its_editor_called_the_kernel_and_nothing_is_said_of_it(small_book, capfd):
    script, folder = small_book
    write_contents(folder, *KERNELS)
    for name, kernel in KERNELS.items():
        write_page(folder, name, f"print('this is', {name!r})", kernel)
    assert script.main() == 0
    said = capfd.readouterr()
    assert "encryption" not in said.out + said.err
    for name in KERNELS:
        assert f"this is {name}" in (folder / "_build" / "html" / f"{name}.html").read_text()
    assert script.main() == 0
    assert runs(folder) == dict.fromkeys(["page", *KERNELS], 1)


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("raise ValueError('a fault')", "", "book/vscode.ipynb: .*ValueError: a fault"),
        ("1", "[nowhere](nowhere.md)", "book/vscode.ipynb:.*WARNING: .*nowhere"),
    ],
    ids=["a cell fails", "a warning"],
)
def test_what_is_wrong_is_said_last_and_where(small_book, capfd, code, words, said):
    script, folder = small_book
    write_contents(folder, "vscode", *(f"page{number}" for number in range(9)))
    write_page(folder, "vscode", code, ".venv", words)
    for number in range(9):
        write(folder, {f"book/page{number}.md": f"# Page {number}\n"})
    assert script.main() != 0
    last = capfd.readouterr().out.rpartition("The build failed")[2]
    assert re.search(said, last, re.DOTALL), last
    assert len(last.splitlines()) < 20


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("- {id: a, name: b, page: c, latex: d}", "a has no code; an entry has code, id, latex, name, page"),
        ("- {name: b, page: c, latex: d, code: nnlib.Network}", "entry 1 has no id"),
        (
            "- {id: a, name: b, page: c, latex: d, code: nnlib.nothing}",
            "code names nnlib.nothing, and there is no such",
        ),
        ("- {id: a, name: b, page: c, latex: d, code: nnlib.Network, coed: e}", "a has coed, which nothing reads"),
        ("- [", "is no YAML in UTF-8"),
        ("a: b", "is no list of entries"),
    ],
)
def test_a_bad_list_of_equations_ends_the_build_with_a_sentence(root, tmp_path, monkeypatch, entry, said):
    """Sphinx shows an ExtensionError without a traceback."""
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    index = importlib.import_module("equation_index")
    write(tmp_path, {"equations.yml": f"{entry}\n"})
    with pytest.raises(ExtensionError, match=f"book/equations.yml.* {said}"):
        index.formulas(tmp_path)
