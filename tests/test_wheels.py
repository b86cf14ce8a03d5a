"""What others install: two wheels, each with its own files, which work where the repository is not."""

import re
import shutil
import subprocess
import zipfile

import pytest
import wheels
import yaml

pytest.importorskip("hatchling", reason="hatchling is not installed: make test installs it")


def test_they_work_in_a_fresh_environment(capsys):
    """Imports, the command, a course that is found and one that is not, a round."""
    wheels.main()
    assert capsys.readouterr().out.count(".whl") == 2


def inside(wheel):
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_each_holds_its_own_files_and_nothing_that_was_handed_in(root, tmp_path):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    files = {name for name in listed.stdout.split() if (root / name).is_file()}
    files |= {f"{p.relative_to(root)}" for package in ("nnlib", "grading") for p in (root / package).rglob("*.py")}
    files = {name for name in files if not name.startswith("grading/state/")}
    copy = tmp_path / "copy"
    for name in files:
        if name.startswith(("nnlib/", "grading/")) or name in ("LICENSE", "README.md", "pyproject.toml", ".gitignore"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
    for name in ("ann.py", "gradebook.db"):
        (copy / "grading" / "state" / "submitted").mkdir(parents=True, exist_ok=True)
        (copy / "grading" / "state" / "submitted" / name).write_text("private")
    library, own = wheels.build(tmp_path / "dist", copy)
    assert inside(library) == {name for name in files if name.startswith("nnlib/")}
    assert inside(own) == {name for name in files if name.startswith("grading/")} - {"grading/pyproject.toml"}
    for wheel in (library, own):
        assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist()), wheel.name


def test_the_version_stands_in_one_place_and_the_others_agree(root):
    """CITATION.cff and the changelog are read by people and machines that run nothing."""
    (version,) = re.findall(r'^__version__ = "(.+)"$', (root / "nnlib" / "__init__.py").read_text(), re.MULTILINE)
    for folder in wheels.PROJECTS:
        assert version not in (root / folder / "pyproject.toml").read_text()
    cited = yaml.safe_load((root / "CITATION.cff").read_text())
    (newest,) = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[:1]
    assert cited["version"] == version
    assert newest in (f"Unreleased ({version})", f"{version} ({cited['date-released']})")
