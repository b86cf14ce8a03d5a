"""The reference of nnlib: every public name is there, has words, and its equations are links that land."""

import inspect
import pkgutil
import posixpath
import re
from importlib import import_module
from pkgutil import resolve_name

import pytest
import yaml

import nnlib

HELPERS = {"nnlib.backend", "nnlib.device", "nnlib.storage", "nnlib.validation", "nnlib.theory.__main__"}
HELPERS |= {f"nnlib.checks.{name}" for name in ("compared", "stopped", "there", "watch")}
MODULES = sorted(
    {module.name for module in pkgutil.walk_packages(nnlib.__path__, "nnlib.") if module.name not in HELPERS}
)


@pytest.fixture(scope="module")
def ids(root):
    return {entry["id"] for entry in yaml.safe_load((root / "book" / "equations.yml").read_text())}


@pytest.fixture(scope="module")
def described(parsed):
    """What the reference describes: the anchor, and (page, its element)."""
    pages = {page: tree for page, tree in parsed.items() if page.startswith("reference/")}
    return {at["id"]: (page, at) for page, tree in pages.items() for at in tree.select("dt.sig[id]")}


def places(name, module):
    return {f"nnlib.{name}", f"{module}.{name}"}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there_and_has_words(module, described):
    """What is public is said by the module's ``__all__``; a module without one is a helper, and named above."""
    found = import_module(module)
    for name in found.__all__:
        anchors = places(name, module) & described.keys()
        assert len(anchors) == 1, f"{module}.{name} is described at {anchors}"
        assert described[anchors.pop()][1].find_next_sibling("dd").get_text(strip=True), f"{module}.{name} has no words"
        if not isinstance(getattr(found, name), str):
            assert inspect.getdoc(getattr(found, name)), f"{module}.{name} has no docstring"


def test_what_nnlib_offers_itself_is_there(described):
    modules = {name for name in nnlib.__all__ if inspect.ismodule(getattr(nnlib, name))}
    assert {f"nnlib.{name}" for name in set(nnlib.__all__) - modules} <= described.keys()
    assert {f"nnlib.{name}" for name in modules} <= set(MODULES)


def named_equations(text, ids):
    groups = re.findall(r"\bequations?\s+([\w-]+(?:(?:,|\s+and)\s+[\w-]+)*)", text)
    return {word for group in groups for word in re.findall(r"[\w-]+", group)} & ids


def test_every_equation_that_a_docstring_names_is_a_link_that_lands(described, parsed, ids):
    links = 0
    for anchor, (page, at) in described.items():
        text = inspect.getdoc(resolve_name(anchor)) or ""
        targets = {link["href"] for link in at.find_next_sibling("dd").select("a[href*='#equation-']")}
        led = {target.partition("#equation-")[2]: target for target in targets}
        for name in named_equations(text, ids):
            assert name in led, f"{anchor} names the equation {name} without a link"
            there, _, fragment = led[name].partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(page), there))
            assert parsed[file].find(id=fragment), f"{anchor}: {led[name]} leads nowhere"
            links += 1
    assert links >= 90


def test_the_code_of_every_equation_leads_to_the_reference(root, parsed, described):
    codes = {entry["code"] for entry in yaml.safe_load((root / "book" / "equations.yml").read_text())}
    targets = {link["href"] for link in parsed["equations.html"].select(".equation-index a[href*='reference/']")}
    for target in targets:
        page, _, anchor = target.partition("#")
        assert described[anchor][0] == page
    assert codes <= {target.partition("#")[2] for target in targets}
