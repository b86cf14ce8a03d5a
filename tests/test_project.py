"""The project's files agree with each other."""

import io
import re
import subprocess
import tarfile
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PROJECTS = (".", "grading")  # each folder is a distribution


@pytest.fixture(scope="module")
def projects(root):
    return [tomllib.loads((root / folder / "pyproject.toml").read_text()) for folder in PROJECTS]


def locked(path):
    """Package -> the versions that a lock holds (more than one where they differ by Python or system)."""
    pins = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.+]+)", path.read_text(), flags=re.MULTILINE):
        pins.setdefault(name.lower(), set()).add(Version(version))
    return pins


def wanted(projects, *groups):
    """The requirements of both, their extras (of which two are for tests alone) and some dependency groups."""
    lines = []
    for project in (each["project"] for each in projects):
        extras = project["optional-dependencies"]
        names = [name for name in extras if "test" in groups or name not in ("cluster", "postgres")]
        lines += [*project["dependencies"], *(line for name in names for line in extras[name])]
    lines += [line for group in groups for line in projects[0]["dependency-groups"][group] if isinstance(line, str)]
    return [Requirement(line) for line in lines if not line.startswith("nnlib")]


@pytest.mark.parametrize(
    ("file", "groups"),
    [("requirements.txt", ("book", "exercises", "check")), ("requirements-test.txt", ("check", "test"))],
)
def test_the_lock_holds_what_pyproject_asks_for(root, projects, file, groups):
    pins = locked(root / file)
    for requirement in wanted(projects, *groups):
        versions = pins.get(requirement.name.lower())
        assert versions, f"{requirement.name} is not in {file}: make lock"
        assert all(v in requirement.specifier for v in versions), (
            f"{requirement} against {versions} in {file}: make lock"
        )
    assert "torch" not in pins


USED_AS = {  # where that is not the package's own name
    "axe-playwright-python": "from axe_playwright_python",
    "check-jsonschema": "check_jsonschema",
    "fonttools": "from fontTools",
    "import-linter": "lint-imports",
    "ipykernel": '"name": "python3"',  # the kernel of every page
    "jupyter-cache": "from jupyter_cache",
    "jupyterlab": "jupyter lab",
    "math-core": "from math_core",
    "matplotlib-inline": "module://matplotlib_inline",
    "mini-racer": "from py_mini_racer",
    "nbval": "--nbval",
    "pillow": "from PIL",
    "pytest-timeout": "\ntimeout = ",
    "pytest-xdist": "pytest -n auto",
    "pyyaml": "import yaml",
    "scikit-learn": "from sklearn",
    "sphinx-book-theme": "jupyter-book",  # which draws with it
    "sphinx-exercise": "sphinx_exercise",
    "sphinx-mathjax-offline": "sphinx_mathjax_offline",
    "sphinx-proof": "sphinx_proof",
    "uv": "$(BIN)/uv",
}


def test_each_dependency_is_imported_or_called(root, projects):
    listed = subprocess.run(["git", "ls-files", "*.py", "*.ipynb", "*.yml", "Makefile", ".ci/run", "README.md"],
                            cwd=root, capture_output=True, text=True)  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no git checkout")
    files = [root / name for name in listed.stdout.splitlines() if "/submissions/" not in name]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "test_project.py")
    text += (root / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.pytest")[2]
    names = {requirement.name for requirement in wanted(projects, *projects[0]["dependency-groups"])}
    ways = {name: USED_AS.get(name, rf"import {name}") for name in names}
    assert {
        name
        for name, way in ways.items()
        if way not in text and not re.search(rf"(from |-m |\(\"|/|\"-m\", \"|\[\"){name}\b", text)
    } == set()


def test_both_locks_agree(root):
    first, second = locked(root / "requirements.txt"), locked(root / "requirements-test.txt")
    assert {name: first[name] for name in first.keys() & second.keys()} == {
        name: second[name] for name in first.keys() & second.keys()
    }


def test_every_make_command_that_the_texts_name_exists(root):
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    for text in [root / "README.md", root / "CONTRIBUTING.md", *(root / "book").rglob("*.md")]:
        named = set(re.findall(r"(?:`|^\s*)make ([a-z]+)", text.read_text(), flags=re.MULTILINE))
        assert named <= targets, f"{text.name} names {named - targets}"


def test_no_tracked_text_names_a_folder_of_somebodys_machine(root):
    found = subprocess.run(
        ["git", "grep", "-nIE", r"/(home|root|Users|work)/[a-z]", "--", ".", ":!tests/test_project.py"],
        cwd=root, capture_output=True, text=True,
    )  # fmt: skip
    if found.returncode > 1:
        pytest.skip("this is no git checkout")
    assert not found.stdout


def test_the_copy_for_students_holds_no_answer(root):
    made = subprocess.run(["git", "archive", "--worktree-attributes", "HEAD"], cwd=root, capture_output=True)
    if made.returncode:
        pytest.skip("this is no git checkout")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        names = archive.getnames()
        notebooks = {each.name: archive.extractfile(each).read() for each in archive if each.name.endswith(".ipynb")}
    assert {"exercises", "nnlib", "book", "Makefile", "requirements.txt"} <= set(names)
    assert not [name for name in names if name.startswith(("solutions/", "tests/"))]
    assert len(notebooks) > 20
    assert not [name for name, text in notebooks.items() if b"### BEGIN SOLUTION" in text]


def test_what_a_docstring_cites_is_in_the_bibliography(root):
    """First author and year, as in "Lewis & Overton 2013" or "Bottou et al. 2018"."""
    entries = re.split(r"^@", (root / "book" / "references.bib").read_text(), flags=re.MULTILINE)[1:]
    known = {
        (re.search(r"author\s*= \{+([^,}]+)", entry)[1], re.search(r"year\s*= \{(\d+)", entry)[1]) for entry in entries
    }
    name = r"[A-ZÀ-Ž][\w-]+"
    source = rf"({name})(?:(?:, {name})*,? & {name}|(?:, {name})+| et al\.)? ((?:19|20)\d\d)\b"
    cited = {
        (author, year, path.name)
        for path in (root / "nnlib").rglob("*.py")
        for author, year in re.findall(source, re.sub(r"\s+", " ", path.read_text()))
    }
    assert len(cited) > 20
    assert {(author, year, path) for author, year, path in cited if (author, year) not in known} == set()
