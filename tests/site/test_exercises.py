"""The pages of the graded exercises: each task is there to read and to download, and no solution is."""

import html
import io
import json
import re
import subprocess
import sys
import zipfile

import fair
import pytest

from grading import engine


@pytest.fixture(scope="module")
def site(html):
    return html


@pytest.fixture(scope="module")
def assignments(root):
    """Those that have a page."""
    return sorted(re.findall(r"file: exercises/([\w-]+)", (root / "book" / "_toc.yml").read_text(encoding="utf-8")))


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


@pytest.fixture(scope="module")
def download(site):
    """The zip that the page of all exercises offers."""
    [path] = site.glob("_downloads/*/exercises.zip")
    assert f"_downloads/{path.parent.name}/exercises.zip" in (site / "exercises.html").read_text(encoding="utf-8")
    return zipfile.ZipFile(io.BytesIO(path.read_bytes()))


def test_the_zip_has_all_notebooks_and_no_solution(root, download, assignments):
    """The notebooks are those that students get, byte for byte; beside them is the library, and nothing else."""
    texts = {
        name.removeprefix("exercises/"): download.read(name).decode("utf-8", "replace") for name in download.namelist()
    }
    for name in assignments:
        released = (root / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")
        assert texts[f"{name}/{name}.ipynb"] == released
    others = {name for name in texts if not name.startswith("nnlib/")} - {
        f"{name}/{name}.ipynb" for name in assignments
    }
    assert others == {"LICENSE", "README.md", "pyproject.toml", "requirements.txt"}
    assert not [name for name, text in texts.items() if "BEGIN SOLUTION" in text]


def test_a_student_can_work_in_the_unpacked_zip(root, download, tmp_path):
    """The commands name files that are there, the versions are the book's, and a check runs."""
    download.extractall(tmp_path)
    folder = tmp_path / "exercises"
    for command in re.findall(r"jupyter lab (\S+)", (folder / "README.md").read_text()):
        assert (folder / command).is_file()
    *pins, here = (folder / "requirements.txt").read_text().split()
    lock = (root / "requirements.txt").read_text().split("\n")
    assert here == "."
    assert len(pins) >= 3
    assert all(pin in lock for pin in pins)
    code = "import nnlib, nnlib.checks, nnlib.data; print(nnlib.__file__, nnlib.data.mnist().X_test.shape)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(folder))
    assert "784" in done.stdout


def test_no_solution_is_reachable_from_the_site(root, site, assignments):
    pages = [words(site / "exercises" / f"{name}.html") for name in assignments]
    for name in assignments:
        lines = set(solution_lines(root, name))
        assert len(lines) > 5 or name not in fair.COURSE
        assert [line for line in lines for page in pages if line in page] == []
    for path in site.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".js", ".txt", ".md", ".py") and "mathjax" not in path.parts:
            assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8", errors="replace"), path
