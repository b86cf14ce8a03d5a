"""The pages of the graded exercises: each task is there to read and to download, and no solution is."""

import html
import json
import re

import pytest

from grading import engine


@pytest.fixture(scope="module")
def site(html):
    return html


@pytest.fixture(scope="module")
def assignments(root):
    return sorted(path.parent.name for path in root.glob("solutions/*/checks.py"))


def words(page):
    """The text of a page without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8")))


def solution_lines(root, name):
    """The lines between BEGIN and END SOLUTION, but short ones and those that stand in what students get."""
    released = json.loads((root / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    given = "\n".join("".join(cell["source"]) for cell in released)
    for cell in json.loads((root / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.DOTALL):
            lines = (line.strip() for line in region.splitlines())
            yield from (line for line in lines if len(line) > 30 and line not in given)


def test_each_assignment_has_a_page_with_its_task(root, site, assignments):
    for name in assignments:
        text = words(site / "exercises" / f"{name}.html")
        for item in engine.load_items(name, root):
            assert f"def {item.function}(" in text
        assert "Download the notebook" in text
        assert "raise NotImplementedError" in text


def test_what_is_downloaded_is_what_students_get(root, site, assignments):
    found = {path.stem: path.read_bytes() for path in site.glob("_downloads/*/*.ipynb") if path.stem in assignments}
    assert sorted(found) == assignments
    for name, content in found.items():
        assert content == (root / "exercises" / name / f"{name}.ipynb").read_bytes()


def test_no_solution_is_reachable_from_the_site(root, site, assignments):
    pages = [words(site / "exercises" / f"{name}.html") for name in assignments]
    for name in assignments:
        lines = set(solution_lines(root, name))
        assert len(lines) > 5
        assert [line for line in lines for page in pages if line in page] == []
    for path in site.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".js", ".txt", ".md", ".py") and "mathjax" not in path.parts:
            assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8", errors="replace"), path
