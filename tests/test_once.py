"""The book is executed once: nbval is handed what the build's execution gave, where that was of the same."""

import importlib
from types import SimpleNamespace

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


class Cache:
    """It knows one page."""

    def match_cache_file(self, path):
        return SimpleNamespace(pk={"known": 1}[path])

    def get_cache_bundle(self, _):
        return SimpleNamespace(nb=SimpleNamespace(cells=[cell("a", "1")]))


@pytest.mark.parametrize(("cache", "path", "again"), [(Cache(), "known", 0), (Cache(), "other", 1), (None, "known", 1)])
def test_what_the_build_did_not_execute_is_executed(shared, monkeypatch, cache, path, again):
    started = []
    notebook = SimpleNamespace(path=path, kernel=None, setup=lambda: started.append(1), setup_sanitize_files=list)
    monkeypatch.setattr(shared, "built", lambda: cache)
    shared.executed_once(notebook)
    notebook.setup()
    assert len(started) == again
    assert isinstance(notebook.kernel, shared.Executed) != bool(again)


def test_another_library_makes_the_cache_old(shared, monkeypatch, tmp_path):
    script = importlib.import_module("build_book")
    monkeypatch.setattr(script, "CACHE", tmp_path)
    monkeypatch.setattr(script, "CACHED_FOR", tmp_path / "made-for")
    script.CACHED_FOR.write_text(script.digest(*script.UNDER_THE_CELLS))
    assert shared.built.__wrapped__() is not None
    monkeypatch.setattr(script, "digest", lambda *_: "another")
    assert shared.built.__wrapped__() is None
