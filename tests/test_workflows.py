"""The workflows: valid, with few rights, and their steps do what they say. What publishes is run here."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github" / "workflows").glob("*.yml"))
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


@pytest.fixture(scope="module")
def jobs(root):
    return yaml.safe_load((root / ".github" / "workflows" / "site.yml").read_text())["jobs"]


def step(jobs, job, name):
    """The script of a step."""
    (found,) = [each["run"] for each in jobs[job]["steps"] if each.get("name") == name]
    return found


def bash(script, folder, **variables):
    """Run a step as GitHub does; what it prints."""
    home = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2001-02-03T12:00"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | home | {key: str(value) for key, value in variables.items()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


GIT = "git -c user.name=a -c user.email=a@localhost -c init.defaultBranch=main"


@every_workflow
def test_it_is_a_workflow(file):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed: make test installs it")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@every_workflow
def test_it_has_few_rights_and_an_end(file):
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60
        assert job.get("permissions", {}) == ({"contents": "write"} if name == "publish" else {})
    for each in re.findall(r"uses: (.*)", file.read_text()):
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), f"{each} is not pinned"


@every_workflow
def test_it_agrees_with_the_repository(root, file):
    python = (root / "runtime.txt").read_text().strip().removeprefix("python-")
    jobs = yaml.safe_load(file.read_text())["jobs"]
    images = [job["container"]["image"] for job in jobs.values() if "container" in job]
    assert images
    assert all(image.startswith((f"python:{python}-", "python:${{ matrix.python }}-")) for image in images)
    scripts = " ".join(each.get("run", "") for job in jobs.values() for each in job["steps"])
    targets = re.findall(r"^([\w./]+):", (root / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([\w./]+)", scripts)) <= {*targets}
    for path in re.findall(r"(?:scripts|\.ci)/[\w.]+", scripts):
        assert (root / path).is_file()


def test_every_python_that_is_promised_is_tried(root):
    file = root / ".github" / "workflows" / "pythons.yml"
    tried = yaml.safe_load(file.read_text())["jobs"]["try"]["strategy"]["matrix"]["python"]
    for folder in (".", "grading"):
        project = tomllib.loads((root / folder / "pyproject.toml").read_text())["project"]
        promised = SpecifierSet(project["requires-python"])
        assert tried == [f"3.{minor}" for minor in range(6, 30) if f"3.{minor}" in promised], folder


def test_what_is_published_is_what_others_rely_on(root, jobs):
    assert "pull_request" in jobs["publish"]["if"], "a pull request must not publish"
    assert "gh-pages" in (root / "book" / "_ext" / "published.py").read_text(), "Colab opens what is pushed here"
    cached = [each["with"]["path"] for each in jobs["build"]["steps"] if "actions/cache@" in each.get("uses", "")]
    assert cached == ["_build/.jupyter_cache"]


@pytest.mark.parametrize(("owner", "warned"), [("nn-course", False), ("somebody", True)])
def test_it_warns_of_another_address(root, jobs, tmp_path, owner, warned):
    url = yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
    shutil.copy(root / "_config.yml", tmp_path)
    script = step(jobs, "build", "Say whose address the links have")
    here = "/".join(url.split("/")[3:]) if not warned else f"{owner}/fork"
    said = bash(
        script, tmp_path, GITHUB_WORKSPACE=tmp_path, GITHUB_SERVER_URL="https://github.com", GITHUB_REPOSITORY=here
    )
    assert ("::warning file=_config.yml::" in said) is warned


def test_it_asks_the_cache_for_what_was_executed_with_this_library(root, jobs, tmp_path):
    script = (
        step(jobs, "build", "Make the environment")
        .replace("make .venv/.test", "")
        .replace(".venv/bin/python", sys.executable)
    )
    output = tmp_path / "output"
    bash(f"cd {root}\n{script}", tmp_path, GITHUB_OUTPUT=output)
    digest = subprocess.run(
        [sys.executable, "scripts/build_book.py", "--digest"], cwd=root, capture_output=True, text=True
    )
    assert output.read_text() == f"digest={digest.stdout}"
    assert re.fullmatch(r"digest=[0-9a-f]{64}\n", output.read_text())


def page(text):
    article = f'<article class="bd-article"><h1>A page</h1>\n<p>{text}</p></article>'
    return f"<html><body><nav>always other</nav>{article}</body></html>"


@pytest.mark.parametrize("published", [True, False], ids=["published before", "never published"])
def test_a_pull_request_says_which_pages_change(root, jobs, tmp_path, published):
    work, summary = tmp_path / "work", tmp_path / "summary"
    (work / "_build" / "html").mkdir(parents=True)
    (work / "scripts").symlink_to(root / "scripts")
    (work / ".venv" / "bin").mkdir(parents=True)
    (work / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name, text in {"same": "as it was", "other": "new words", "added": "first time"}.items():
        (work / "_build" / "html" / f"{name}.html").write_text(page(text))
    site = tmp_path / "site"
    site.mkdir()
    for name, text in {"same": "as it was", "other": "old words", "gone": "last time"}.items():
        (site / f"{name}.html").write_text(page(text).replace("always other", "before"))
    bash(f"{GIT} init -q -b gh-pages && {GIT} add -A && {GIT} commit -qm site", site)
    bash(f"{GIT} init -q && {GIT} remote add origin {site.as_uri()}", work)
    if published:
        bash(f"{GIT} fetch -q origin", work)
    # the environment's python is found through the packages of this one
    packages = os.pathsep.join(path for path in sys.path if path)
    script = step(jobs, "build", "List the pages that changed")
    bash(script, work, GITHUB_STEP_SUMMARY=summary, PYTHONPATH=packages)
    lines = summary.read_text().splitlines()
    if published:
        assert lines == [
            "### 3 pages changed",
            "",
            "- `added.html` is new",
            "- `gone.html` is gone",
            "- `other.html`: 1 lines added, 1 removed",
        ]
    else:
        assert lines[0] == "### 3 pages changed"
        assert all("is new" in line for line in lines[2:])


def test_publishing_replaces_the_branch(jobs, tmp_path):
    remote, script = tmp_path / "remote.git", step(jobs, "publish", "Replace the branch gh-pages")
    bash(f"{GIT} init -q --bare {remote}", tmp_path)
    for build, page_name in enumerate(("first.html", "second.html")):
        site = tmp_path / f"site{build}"
        (site / "_static").mkdir(parents=True)
        (site / page_name).touch()
        (site / "_static" / "a.css").touch()
        bash(script, site, REMOTE=remote.as_uri(), GITHUB_SHA=f"abc{build}")
        files = bash(f"{GIT} ls-tree -r --name-only gh-pages", remote).split()
        assert sorted(files) == sorted([".nojekyll", "_static/a.css", page_name])
        assert bash(f"{GIT} log --format=%s gh-pages", remote) == f"The site of abc{build}\n"
