"""scripts/nbclean.py: what does not belong into a notebook goes, or is named; what belongs there stays."""

import importlib
import json

import pytest


@pytest.fixture(scope="module")
def nbclean():
    return importlib.import_module("nbclean")


def code(source, *outputs, name="a-cell", count=1, **metadata):
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source.splitlines(keepends=True),
    }


def words(source, name="some-words", **more):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source.splitlines(keepends=True), **more}


def printed(text):
    return {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}


def dump(*cells, **metadata):
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, **metadata}
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@pytest.fixture
def run(nbclean, tmp_path, monkeypatch, capsys):
    """The script on one notebook: its exit status, what it says, and the notebook afterwards."""
    file = tmp_path / "page.ipynb"

    def run(text, *options):
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["nbclean.py", *options, str(tmp_path)])
        status = nbclean.main()
        return status, capsys.readouterr().out.replace(str(tmp_path), ""), file.read_text(encoding="utf-8")

    return run


CLEAN = dump(
    words("# A page"),
    code("print(1)\n1", printed("1\n"), {"data": {"text/plain": ["1"]}, "execution_count": 1, "metadata": {},
                                        "output_type": "execute_result"}, name="first", tags=["hide-input"]),
    code("2", name="second", count=2, mystnb={"image": {"alt": "a picture"}}),
)  # fmt: skip


def test_a_clean_notebook_stays_as_it_is(run):
    assert run(CLEAN, "--check") == (0, "", CLEAN)
    assert run(CLEAN) == (0, "", CLEAN)


PICTURE = {
    "data": {"image/png": "iVBORw0KGgo=", "text/plain": ["<Figure>"]},
    "metadata": {"image/png": {"width": 9}},
    "output_type": "display_data",
}
NO_PICTURE = {"data": {"text/plain": ["<Figure>"]}, "metadata": {}, "output_type": "display_data"}
GRADED = {"grade_id": "solve-f", "solution": True}


@pytest.mark.parametrize(
    ("unclean", "clean"),
    [
        pytest.param(dump(code("plot()", PICTURE)), dump(code("plot()", NO_PICTURE)), id="a picture"),
        pytest.param(
            dump(code("1", count=7), code("2", name="b", count=None), code("3", name="c", count=3)),
            dump(code("1", count=1), code("2", name="b", count=2), code("3", name="c", count=3)),
            id="counts out of order",
        ),
        pytest.param(dump(words("a"), words("\n ", "b"), code("", name="c")), dump(words("a")), id="empty at the end"),
        pytest.param(dump(code("", count=1), words("a")), dump(code("", count=1), words("a")), id="empty elsewhere"),
        pytest.param(
            dump(words("a"), widgets={"state": {}}, language_info={"name": "python", "version": "3.11.9"}),
            dump(words("a")),
            id="the notebook's metadata",
        ),
        pytest.param(
            dump(words("a"), kernelspec={"display_name": "my env", "language": "python", "name": "env-7"}),
            dump(words("a")),
            id="somebody's kernel",
        ),
        pytest.param(
            dump(code("1", collapsed=True, execution={"iopub.status.busy": "2026"}, jupyter={"source_hidden": True})),
            dump(code("1")),
            id="a cell's metadata",
        ),
        pytest.param(dump(code("1", printed("1\n"), printed("2\n"))), dump(code("1", printed("1\n2\n"))), id="stream"),
        pytest.param(
            dump(code("f(1)", printed("1\n"), nbgrader=GRADED)),
            dump(code("f(1)", count=None, nbgrader=GRADED)),
            id="outputs of an assignment",
        ),
    ],
)
def test_what_can_be_left_out_is_found_and_left_out(run, unclean, clean):
    if unclean != clean:
        status, said, kept = run(unclean, "--check")
        assert (status, kept) == (1, unclean)
        assert "page.ipynb: not clean" in said
        assert run(unclean) == (0, "/page.ipynb: cleaned\n", clean)
    assert run(clean, "--check")[0] == 0


def failed(text):
    return {"ename": "ValueError", "evalue": text, "output_type": "error", "traceback": [f"ValueError: {text}"]}


HOME = f"/{'home'}/ada/course"  # in two pieces, as no tracked file may hold such a path


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([code(f"open('{HOME}/x.csv')")], f"cell 0: {HOME}/x.csv is a path of one machine"),
        ([words("a"), code("f()", printed(f"File {HOME}/f.py, line 3\n"))], f"cell 1: {HOME}/f.py is a path"),
        ([words("See /tmp/ipykernel_7/page.py.")], "cell 0: /tmp/ipykernel_7/page.py"),
        ([words(r"See C:\Users\Ada\page.")], r"cell 0: C:\Users\Ada"),
        ([code("1", tags=["hide_input"])], "cell 0: nothing reads the tag 'hide_input'"),
        ([words("a", "twin"), words("b", "other"), words("c", "twin")], "the id 'twin' is there 2 times"),
        ([code("1", failed("no"))], "cell 0: it failed with ValueError"),
        ([words("![](attachment:a.png)", attachments={"a.png": {}})], "cell 0: the picture a.png is pasted"),
    ],
    ids=["in a source", "in what was printed", "temporary", "Windows", "tag", "id", "failed", "attached"],
)
def test_what_only_a_person_can_mend_is_named_and_kept(run, cells, said):
    for option in ([], ["--check"]):
        status, output, kept = run(dump(*cells), *option)
        assert status == 1
        assert said in output
        assert kept == dump(*cells)


@pytest.mark.parametrize(
    "harmless",
    [
        words(f"<https://example.org{HOME}> and a/tmp/b, `~{HOME}`, 1/var/2, either/or"),
        words(r"$F:\mathbb R \to \mathbb R$"),
        code("f()", failed("meant"), tags=["raises-exception"]),
    ],
    ids=["addresses and fractions", "formulas", "announced"],
)
def test_what_only_looks_like_a_problem_is_none(run, harmless):
    assert run(dump(harmless), "--check")[:2] == (0, "")


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"cells": [{}]}'])
def test_what_is_no_notebook_is_named_and_kept(run, text):
    status, said, kept = run(text)
    assert status == 1
    assert "page.ipynb: it is no notebook" in said
    assert kept == text
