"""The page for people who know another library: its program runs, and its names are real ones."""

import re

import pytest

import nnlib
from nnlib import theory, validation


@pytest.fixture
def page(root):
    return (root / "book" / "coming-from.md").read_text(encoding="utf-8")


def test_the_program_prints_what_the_page_says(page, capsys):
    program, printed = re.search(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL).groups()
    exec(program, {})
    assert capsys.readouterr().out == printed


def test_the_names_of_the_table_are_there(page):
    first = [row.split(" | ")[0] for row in page.splitlines() if row.startswith("| `")]
    assert len(first) > 20
    for call in re.findall(r"`([A-Za-z0-9.]+)\b", " ".join(first)):
        name = call.split(".")[-1]
        known = hasattr(nnlib, name) or hasattr(nnlib.Network, name)
        arguments = {"validation", "patience", "penalty", "seed", "like", "w", "g"}  # of fit, Network and mlp
        assert known or name in arguments, call


def test_every_foreign_name_leads_to_one_that_is_there():
    """A renamed class or argument does not leave an answer that is wrong."""
    for theirs, ours in validation.CLASSES.items():
        assert hasattr(nnlib, ours), (theirs, ours)
    public = [getattr(nnlib, name) for name in nnlib.__all__]
    modules = (
        nnlib.optimizers,
        nnlib.initializers,
        nnlib.pca,
        nnlib.sampling,
        nnlib.landscape,
        nnlib.objectives,
        theory,
    )
    public += [value for module in modules for value in vars(module).values() if callable(value)]
    public += [nnlib.Network.fit, nnlib.SGD.minimize, nnlib.SGD.run, nnlib.data.one_hot, nnlib.Network.save]
    there = {name for thing in public if callable(thing) for name in _arguments(thing)}
    for theirs, names in validation.ARGUMENTS.items():
        assert set(names) <= there, (theirs, set(names) - there)


def _arguments(thing):
    try:
        return validation.inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return ()
