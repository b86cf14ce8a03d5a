"""The book is executed once: nbval is handed what the build's execution gave, where that was of the same."""

import importlib
from types import SimpleNamespace

import nbformat
import pytest


@pytest.fixture(scope="module")
def shared(request, root):
    """tests/conftest.py."""
    return request.config.pluginmanager.get_plugin(str(root / "tests" / "conftest.py"))


def cell(source, *texts):
    return SimpleNamespace(source=source, outputs=[SimpleNamespace(output_type="stream", text=text) for text in texts])


def test_each_cell_says_its_own_also_where_some_are_skipped(shared):
    kernel = shared.Executed([cell("a", "1"), cell("b", "2"), cell("a", "3", "4")])
    for source, texts in (("a", ["1"]), ("a", ["3", "4"])):
        assert kernel.execute_cell_input(source) == "cell"
        messages = [kernel.get_message("iopub") for _ in range(len(texts) + 1)]
        assert [message["content"].text for message in messages[:-1]] == texts
        assert messages[-1]["content"] == {"execution_state": "idle"}
        assert {message["parent_header"]["msg_id"] for message in messages} == {"cell"}


@pytest.mark.parametrize(("cells", "again"), [([cell("a", "1")], 0), (None, 1)])
def test_what_the_build_did_not_execute_is_executed(shared, monkeypatch, cells, again):
    started = []
    notebook = SimpleNamespace(path="page", kernel=None, setup=lambda: started.append(1), setup_sanitize_files=list)
    monkeypatch.setattr(shared, "built", {"page": cells}.get)
    shared.executed_once(notebook)
    notebook.setup()
    assert len(started) == again
    assert isinstance(notebook.kernel, shared.Executed) != bool(again)


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """The build script, with a cache that holds one page: its code has a word."""
    script = importlib.import_module("build_book")
    monkeypatch.setattr(script, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(script, "CACHED_FOR", tmp_path / "made-for")
    script.write(script.CACHED_FOR, script.under())
    code = nbformat.v4.new_code_cell("from grading import engine", execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[code]), tmp_path / "page.ipynb")
    script.get_cache(script.CACHE).cache_notebook_file(str(tmp_path / "page.ipynb"))
    return script, tmp_path / "page.ipynb"


@pytest.mark.parametrize(("changed", "old"), [(None, False), ("", True), ("grading", True), ("benchmarks", False)])
def test_what_changed_under_a_page_makes_its_outputs_old(shared, kept, monkeypatch, changed, old):
    script, page = kept
    now = script.under() | ({} if changed is None else {changed: "another"})
    monkeypatch.setattr(script, "under", lambda: now)
    monkeypatch.setattr(shared, "outdated", shared.outdated.__wrapped__)
    assert (shared.built(page) is None) == old


def test_other_cells_were_not_executed(shared, kept, monkeypatch):
    _, page = kept
    monkeypatch.setattr(shared, "outdated", shared.outdated.__wrapped__)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("2")]), page)
    assert shared.built(page) is None


@pytest.mark.parametrize(
    ("code", "changed", "old"),
    [
        ("from grading import engine", {"grading"}, True),
        ("from grading import engine", {"benchmarks"}, False),
        ("from grading import engine", set(), False),
        ("1", {""}, True),
        ("open('../numbers.txt'); print('and so on ...')", {"grading"}, False),
        ("Path('..').rglob('*')", {"grading"}, True),
        ('os.listdir("../../")', {"grading"}, True),
        ("Path(nnlib.__file__).parents[1]", {"grading"}, True),
        ("import_module(name)", {"grading"}, True),
        ("Path('..').rglob('*')", set(), False),
    ],
)
def test_code_is_concerned_by_what_it_names_or_could_find_without_a_name(code, changed, old):
    assert importlib.import_module("build_book").concerns(changed, code) == old
