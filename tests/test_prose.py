"""scripts/prose.py: what it reads of a file, what it finds, and what it leaves alone."""

import importlib
import json
import shutil

import pytest


@pytest.fixture(scope="module")
def prose():
    return importlib.import_module("prose")


@pytest.fixture
def read(prose, tmp_path):
    """The passages of a file with this text: line or cell, and words, with _ for what is no prose."""

    def read(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = prose.passages(tmp_path / name)
        return [(place.removeprefix(name), text.replace(prose.GAP, "_")) for place, text in found]

    return read


PAGE = """---
title: not read
---
(label)=
# A heading

One `code` and $x^2$
in two lines, {term}`a term <t>`, {eq}`id`, [a link](nowhere.md), https://example.org. <!-- not read -->

| a cell | another |
|---|---|
| of | a table |

```python
not_read = 1
```

```{code-cell} ipython3
---
tags: [hide-input]
mystnb: {image: {alt: A picture}, figure: {caption: Its *caption*}}
---
not_read = 2
```

:::{admonition} A title
:class: objectives

- an item

```{figure} picture.png
:name: fig-a
Words below
```
:::

```{glossary}
word
  What it means.
```
"""


def test_of_a_page_its_prose_is_read_with_its_lines(read):
    assert read("page.md", PAGE) == [
        (":5", "A heading"),
        (":7", "One _ and _ in two lines, a term, _, a link, _. "),
        (":10", "a cell"),
        (":10", "another"),
        (":12", "of"),
        (":12", "a table"),
        (":18", "A picture"),
        (":18", "Its caption"),
        (":26", "A title"),
        (":29", "an item"),
        (":33", "Words below"),
        (":38", "word"),
        (":39", "What it means."),
    ]


def test_of_a_notebook_markdown_and_descriptions_are_read(read):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# A page\n", "\n", "Two words"]},
        {"cell_type": "code", "metadata": {"mystnb": {"image": {"alt": "A picture"}}}, "source": "not_read = 1",
         "outputs": [{"output_type": "stream", "text": "not read"}]},
    ]  # fmt: skip
    found = read("page.ipynb", json.dumps({"cells": cells}))
    assert found == [(", cell 0", "A page"), (", cell 0", "Two words"), (", cell 1", "A picture")]


def test_of_a_program_docstrings_are_read_without_code(read):
    program = '''"""Words of ``code``, f(x), a_b and (equation some-id)."""
number = "not read at all"


def function(number):
    """Takes a number.

    number : float
    """
'''
    assert read("program.py", program) == [(":1", "Words of _, _ _ and (_)."), (":5", "Takes a _.\n\n_")]
    assert (":2", "_ read at all") not in read("program.py", program)
    assert (":2", "not read at all") in read("checks.py", program)  # hints are for students


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("It is is so.", "It is so. Is it?"),
        ("The The end.", "The end."),
        ("Simply add them.", "It does not simply explode."),
        ("Just add them.", "It lies just below."),
        ("This is easy.", "It is easy to compute."),
        ("The rate is very small.", "This very network."),
        ("Note that it falls.", "We note what it says."),
        ("We will now derive it.", "We know now."),
        ("An elegant method.", "A short method."),
        ("Two  spaces.", "One space."),
        ("The network’s rate.", 'A "quote".'),
        ("A dash — here.", "A well-known one, 3-4."),
        ("A dash – here.", "Bias–variance."),
        ("It doesn't fall.", "The network's rate."),
        ("It's a rule.", "Its rule."),
    ],
)
def test_each_habit_is_found_and_what_is_like_it_is_not(prose, wrong, right):
    assert len(list(prose.habits(wrong))) == 1
    assert list(prose.habits(right)) == []


def test_a_sentence_is_too_long_from_the_first_word_over_the_limit(prose):
    whole = " ".join(["The", prose.GAP, *(f"x{i}" for i in range(prose.LONGEST - 2))])
    assert list(prose.habits(f"{whole}. {whole}! {whole}; {whole}?")) == []
    found = list(prose.habits(f"Short. {whole} still."))
    assert len(found) == 1
    assert f"{prose.LONGEST + 1} words" in found[0]


def test_every_rule_has_a_test_above(prose):
    cases = next(mark for mark in test_each_habit_is_found_and_what_is_like_it_is_not.pytestmark).args[1]
    found = {said.split(": ", 1)[1] for wrong, _ in cases for said in prose.habits(wrong)}
    assert found == set(prose.RULES.values())


@pytest.fixture
def aspell():
    if shutil.which("aspell") is None:
        pytest.skip("aspell is not installed: apt-get install aspell aspell-en")


@pytest.mark.usefixtures("aspell")
def test_british_words_with_ize_and_the_words_of_the_project_are_right(prose):
    right = "colour centre neighbour optimize normalized analyse network's Sigmoid sigmoid NumPy GPUs ValueError"
    wrong = {"color", "neighbor", "optimise", "analyze", "wieght", "Numpy", "reccurent"}
    assert prose.misspelled(prose.words(f"{right} {' '.join(wrong)}")) == wrong


@pytest.mark.usefixtures("aspell")
def test_the_list_holds_each_word_once_and_only_what_the_dictionary_has_not(prose, monkeypatch):
    own = [line.partition("#")[0].strip() for line in prose.WORDS.read_text(encoding="utf-8").splitlines()]
    own = [word for word in own if word]
    assert len(own) == len(set(own))
    monkeypatch.setattr(prose, "known", set)
    assert prose.misspelled(set(own)) == set(own)


@pytest.mark.usefixtures("aspell")
def test_the_exit_status_says_whether_something_was_found(prose, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    monkeypatch.setattr("sys.argv", ["prose.py", str(tmp_path)])
    page.write_text("A sentence.\n")
    assert prose.main() == 0
    assert capsys.readouterr().out == ""
    page.write_text("A sentence.\n\nTeh teh end.\n")
    assert prose.main() == 1
    said = capsys.readouterr().out
    assert "page.md:3: 'Teh teh': the same word twice" in said
    assert "page.md:3: 'Teh' is not a word" in said


@pytest.mark.parametrize(("everything", "status"), [("true", 1), ("", 0)])
def test_without_aspell_the_spelling_is_left_out_and_where_all_is_wanted_that_fails(
    prose, tmp_path, monkeypatch, capsys, everything, status
):
    (tmp_path / "page.md").write_text("Teh end.\n")
    monkeypatch.setattr("sys.argv", ["prose.py", str(tmp_path)])
    monkeypatch.setattr(prose.shutil, "which", lambda _: None)
    monkeypatch.setenv("CI", everything)
    assert prose.main() == status
    assert "apt-get install aspell" in capsys.readouterr().err
