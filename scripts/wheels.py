"""Build both distributions as others would get them, and use them in a fresh environment, outside of the repository.

    python scripts/wheels.py              dependencies are those of this environment: no network, half a minute
    python scripts/wheels.py --index      dependencies come from the package index, as pyproject.toml asks for them

The wheel is built from the archive of the source, so that both are tried: imports, the command, where it finds its
course and where it finds none, and a round over one right submission.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECTS = (".", "grading")  # each folder has a pyproject.toml
ASSIGNMENT = "network-function"


def call(*words: str | Path, cwd: Path, code: int = 0, **more: str) -> str:
    """Run a command with none of this process's Python in its environment; what it said."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "NNCOURSE", "COV_"))}
    done = subprocess.run([*map(str, words)], cwd=cwd, env=kept | more, capture_output=True, text=True)
    if done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def build(folder: Path, root: Path = ROOT) -> list[Path]:
    """Both archives of the source, and of each its wheel; the wheels come back."""
    wheels = []
    for project in PROJECTS:
        made = folder / project
        call(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", made, cwd=root / project)
        (archive,) = made.glob("*.tar.gz")
        with tarfile.open(archive) as source:
            source.extractall(made, filter="data")
        unpacked = made / archive.name.removesuffix(".tar.gz")
        call(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", made, cwd=unpacked)
        wheels += made.glob("*.whl")
    return wheels


def install(wheels: list[Path], folder: Path, index: bool) -> Path:
    """A fresh environment with the wheels in it; where its programs are."""
    venv.create(folder, with_pip=index, symlinks=os.name != "nt")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    if index:
        call(programs / "python", "-m", "pip", "install", "--quiet", *wheels, cwd=folder)
        return programs
    offline = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    call(sys.executable, "-m", "pip", "--python", programs / "python", "install", *offline, *wheels, cwd=folder)
    (packages,) = {path.parent for path in folder.rglob("nnlib-*.dist-info")}
    ours = [path for path in sys.path if path.endswith("-packages")]  # what is editable here is not followed from there
    (packages / "dependencies.pth").write_text("\n".join(ours) + "\n")
    return programs


def use(programs: Path, folder: Path, index: bool) -> None:
    """What somebody does who has only installed it."""
    python, command = programs / "python", programs / "nncourse-grading"
    code = "import nnlib, grading, importlib.metadata as m\n"
    code += (
        "print(nnlib.__file__, grading.__file__, nnlib.__version__, m.version('nnlib'), m.version('nncourse-grading'))"
    )
    library, own, *versions = call(python, "-c", code, cwd=folder).split()
    assert len(set(versions)) == 1, versions
    assert all(programs.parent in Path(file).parents for file in (library, own)), (library, own)
    assert set(os.listdir(Path(library).parents[1])) >= {"nnlib", "grading"}

    nowhere = folder / "nowhere"
    nowhere.mkdir()
    for way in ([command], [python, "-m", "grading"]):
        assert "doctor" in call(*way, "--help", cwd=nowhere)
        assert "--course FOLDER" in call(*way, "run", ASSIGNMENT, cwd=nowhere, code=2)
    assert not list(nowhere.iterdir()), "it wrote where there is no course"

    course, handed = folder / "course", folder / "handed" / "ann"
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name / ASSIGNMENT, course / name / ASSIGNMENT)
    for name in ("_config.yml", "nbgrader_config.py", "solutions/mistakes.toml"):
        shutil.copy(ROOT / name, course / name)
    handed.mkdir(parents=True)
    shutil.copy(course / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", handed)
    # this environment's packages lie where a sandbox of the fresh one does not look; the submission is our own
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent)])
    hidden, accepted = ({}, []) if index else ({"PATH": path}, ["--allow-unisolated"])
    words = ["run", ASSIGNMENT, "--submissions", handed.parent, *accepted]
    call(command, *words, cwd=course / "solutions" / ASSIGNMENT, **hidden)  # found above the current folder
    with (course / "grading" / "state" / f"{ASSIGNMENT}.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["status"], float(row["total"])) == ("graded", float(row["max_points"])), row
    assert not (Path(own).parent / "state").exists(), "it wrote beside its own files"


def main(index: bool = False) -> list[Path]:
    """Build, install, use; the wheels with their sizes are printed."""
    with tempfile.TemporaryDirectory(prefix="wheels-") as name:
        folder = Path(name)
        wheels = build(folder / "dist")
        use(install(wheels, folder / "fresh", index), folder, index)
        for wheel in wheels:
            print(f"{wheel.name}: {wheel.stat().st_size / 1000:.0f} kB")
    return wheels


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build both distributions and try them in a fresh environment.")
    parser.add_argument("--index", action="store_true", help="take dependencies from the package index")
    main(parser.parse_args().index)
