"""That the numbers are recomputed from outside, enough of them in each chapter, and to the last digit printed."""

import ast
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from pages import CHAPTERS, EACH, agrees, draw, numbers

FILES = sorted(Path(__file__).parent.glob("*.py"))
ALLOWED = sys.stdlib_module_names - {"importlib", "runpy", "subprocess"} | {"numpy", "pages", "pytest"}
LOADERS = {"__import__", "eval", "exec"}


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree):
    """The first part of each name of a module; an import relative to the file is an empty one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "" if node.level else node.module.partition(".")[0]


def calls(node, times=1):
    """The arguments of each call of printed(...), and how often the loops around it run over what is written there."""
    if isinstance(node, ast.For):
        over = node.iter.args[0] if isinstance(node.iter, ast.Call) and node.iter.args else node.iter  # enumerate
        times *= len(over.elts) if isinstance(over, ast.Tuple | ast.List) else 1
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "printed":
        yield node.args, times
    for child in ast.iter_child_nodes(node):
        yield from calls(child, times)


def recomputed(tree):
    """How many numbers of each chapter a file asks for; the chapter is written there or a constant of the file."""
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    different = {tuple(map(ast.unparse, args)): (args[0], times) for args, times in calls(tree)}
    found = Counter()
    for chapter, times in different.values():
        found[constants[chapter.id] if isinstance(chapter, ast.Name) else chapter.value] += times
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_comes_from_the_library_or_the_pages(path):
    """NumPy and the standard library alone; and nothing that would run the code of a cell."""
    tree = parsed(path)
    assert set(imported(tree)) <= ALLOWED
    assert not LOADERS & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_every_chapter_has_its_numbers():
    found = sum((recomputed(parsed(path)) for path in FILES), Counter())
    assert {chapter: found[chapter] for chapter in CHAPTERS if found[chapter] < EACH} == {}
    assert set(found) <= set(CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_one_unit_of_the_last_digit_is_too_much(chapter):
    """For each number that the chapter prints; and half a unit is what rounding may take away."""
    for _, _, text in numbers(chapter):
        number = Decimal(text)
        unit = Decimal(10) ** number.as_tuple().exponent
        for away in (-1, 1):
            assert agrees(text, float(number + away * unit / 2)), text
            assert not agrees(text, float(number + away * unit)), text


def test_a_value_that_is_no_number_agrees_with_nothing():
    assert not any(agrees("0.50", value) for value in (float("nan"), float("inf"), -float("inf")))


def test_a_seed_draws_the_same_numbers_again():
    """Four different ones of each chapter, and others for another seed."""
    drawn = list(draw(2026))
    assert drawn == list(draw(2026)) != list(draw(2027))
    assert [chapter for chapter, *_ in drawn] == [chapter for chapter in CHAPTERS for _ in range(EACH)]
    assert len({each[:3] for each in drawn}) == len(drawn)
