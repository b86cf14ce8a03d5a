"""scripts/quick.py: a change touches the tests that it should."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def quick():
    return pytest.importorskip("quick")


@pytest.fixture(scope="module")
def tests(quick):
    return quick.tests()


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("nnlib/layers.py", "tests/nnlib/test_layers.py"),
        ("nnlib/data/__init__.py", "tests/nnlib/test_data.py"),
        ("grading/student/wire.py", "tests/grading/test_wire.py"),
        ("grading/tell/templates/feedback.css", "tests/grading/test_feedback.py"),
        ("solutions/cnn/checks.py", "tests/exercises/test_assignments.py"),
        ("scripts/mutants.py", "tests/test_mutants.py"),
        ("tests/nnlib/toys.py", "tests/nnlib/test_optimizers.py"),
        ("tests/site/conftest.py", "tests/site/test_pages.py"),
        ("README.md", "tests/test_project.py"),
    ],
)
def test_a_change_touches(quick, tests, file, test):
    assert test in quick.touched([file], tests)


def test_its_own_test_comes_first(quick, tests):
    assert quick.touched(["nnlib/layers.py"], tests)[0] == "tests/nnlib/test_layers.py"
    assert quick.touched(["nnlib/layers.py", "tests/nnlib/test_pca.py"], tests)[1] == "tests/nnlib/test_pca.py"


def test_every_file_of_the_code_touches_some_test(quick, root, tests):
    for folder in ("nnlib", "grading", "scripts", "solutions", "book"):
        for path in (root / folder).rglob("*.*"):
            assert quick.touched([path.relative_to(root).as_posix()], tests), path


def test_when_the_time_is_over_no_test_is_begun(root, tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/nnlib/test_gradcheck.py"]
    environment = os.environ | {"QUICK_UNTIL": "1", "CI": ""}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert "no time is left" in done.stdout
    assert "passed" not in done.stdout
