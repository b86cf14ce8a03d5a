"""What ``make gpu`` writes without a GPU, and what chapter 12 makes of it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

PLACES = {"NumPy", "PyTorch, CPU", "PyTorch, cuda"}
HAS_TORCH = "PyTorch is not installed: pip install torch"


def script(root, *arguments, **environment):
    """The script, where PyTorch sees no GPU."""
    return subprocess.run(
        [sys.executable, root / "benchmarks" / "gpu.py", *arguments],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        cwd=root,
    )


@pytest.fixture(scope="module")
def dry(root, tmp_path_factory):
    """The folder of a dry run."""
    pytest.importorskip("torch", reason=HAS_TORCH)
    folder = tmp_path_factory.mktemp("dry")
    done = script(root, "--cpu", OUT=str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_without_a_gpu_it_says_so_and_writes_nothing(root, tmp_path):
    pytest.importorskip("torch", reason=HAS_TORCH)
    done = script(root, "--output", tmp_path / "new")
    assert done.returncode == 2
    assert "finds no GPU" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_without_pytorch_it_says_so(root, tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('No module named torch', name='torch')")
    done = script(root, "--output", tmp_path / "new", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "has no torch" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_dry_run_is_marked_and_cannot_replace_a_run(dry):
    assert {path.name for path in dry.iterdir()} == {"dry-run.json", "dry-run.md", "dry-run.txt"}
    run = json.loads((dry / "dry-run.json").read_text())
    assert run["dry_run"] is True
    assert run["tests"]["outcome"] == "skipped"
    assert run["tests"]["skipped"] > 60
    assert "dry run" in (dry / "dry-run.md").read_text()
    assert {"gpu", "cpu", "cores", "numpy", "torch", "NumPy's threads", "PyTorch's threads", "date"} <= set(
        run["machine"]
    )
    assert {row["dtype"] for row in run["parity"]} == {"float64", "float32"}
    assert all(row["apart"] <= row["allowed"] for row in run["parity"])
    assert {point["network"] for point in run["growth"]} == {"784-512-512-10", "CNN"}
    assert all(set(point["ms"]) == PLACES and min(point["ms"].values()) > 0 for point in run["growth"])


def test_what_is_marked_gpu_is_collected_with_little_installed(root):
    """On a machine with a GPU there are NumPy, PyTorch and pytest, and nothing of what other tests need."""
    missing = ["hypothesis", "playwright", "nbgrader", "nbformat", "IPython", "psutil", "yaml", "bs4"]
    hidden = f"import sys; sys.modules.update(dict.fromkeys({missing})); import pytest; sys.exit(pytest.main())"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "-m", "gpu", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/nnlib"],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("test_gpu.py::") > 60


def as_on_a_gpu(run):
    """A dry run's file with what a GPU could have made of it; it is nobody's measurement."""
    run = json.loads(json.dumps(run))
    run.update(dry_run=False, tests={"outcome": "passed", "passed": 67, "failed": 0, "skipped": 0})
    for point in run["growth"]:  # overhead alone: slower at first, faster in the end
        point["ms"] |= {"NumPy": point["batch"], "PyTorch, CPU": 0.9 * point["batch"], "PyTorch, cuda": 10.0}
    return run


class Shown(NamedTuple):
    """What the cell made of a stored run."""

    printed: str
    drawn: bool
    errors: list


@pytest.fixture(scope="module")
def shown(root, dry, tmp_path_factory):
    """The cell of chapter 12 that reads a run, beside each of these stored runs, in one kernel."""
    run = json.loads((dry / "dry-run.json").read_text())
    runs = {"none": None, "dry": run, "run": as_on_a_gpu(run)}
    failed, apart, slow, steep = (as_on_a_gpu(run) for _ in range(4))
    failed["tests"] |= {"outcome": "failed with pytest's exit code 1", "failed": 1}
    apart["parity"][-1]["apart"] = 1.0
    slow["growth"][-1]["ms"]["NumPy"] = 9.0
    steep["growth"][1]["ms"] |= {"PyTorch, cuda": 25.0, "NumPy": 1000.0}
    runs |= {"a failed test": failed, "weights apart": apart, "never faster": slow, "not flat": steep}

    folder = tmp_path_factory.mktemp("copy")
    pages, stored = folder / "book" / "chapters", folder / "benchmarks" / "gpu" / "results.json"
    pages.mkdir(parents=True)
    stored.parent.mkdir(parents=True)
    shutil.copy(root / "book" / "course.mplstyle", folder / "book")
    notebook = nbformat.read(root / "book" / "chapters" / "12-gpu.ipynb", as_version=4)
    imports, cell = (next(cell for cell in notebook.cells if cell.id == name) for name in ("c01", "c16-gpu"))
    notebook.cells = [imports]
    for name, run in runs.items():
        if run is not None:
            (folder / name).write_text(json.dumps(run))
            notebook.cells.append(
                v4.new_code_cell(f"Path('../../{name}').replace('../../benchmarks/gpu/results.json')")
            )
        notebook.cells.append(v4.new_code_cell(cell.source, metadata={"name": name}))
    place = {"metadata": {"path": str(pages)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True, resources=place).execute()
    assert not [out for out in notebook.cells[0].outputs if out.output_type == "error"]
    return {
        cell.metadata["name"]: Shown(
            " ".join("".join(out.text for out in cell.outputs if out.output_type == "stream").split()),
            any("image/png" in out.get("data", {}) for out in cell.outputs),
            [out.ename for out in cell.outputs if out.output_type == "error"],
        )
        for cell in notebook.cells
        if "name" in cell.metadata
    }


@pytest.mark.parametrize("what", ["none", "dry"])
def test_the_chapter_says_that_no_run_is_stored_and_never_draws_a_dry_one(shown, what):
    assert shown[what].printed.startswith("No run on a GPU is stored")
    assert (shown[what].drawn, shown[what].errors) == (False, [])


def test_the_chapter_draws_a_stored_run(shown, dry):
    assert (shown["run"].drawn, shown["run"].errors) == (True, [])
    assert json.loads((dry / "dry-run.json").read_text())["machine"]["date"] in shown["run"].printed
    assert shown["run"].printed.count("the first batch that pays is 32") == 2
    assert "No run" not in shown["run"].printed


@pytest.mark.parametrize("what", ["a failed test", "weights apart", "never faster", "not flat"])
def test_a_stored_run_that_denies_the_text_fails_the_page(shown, what):
    assert shown[what].errors == ["AssertionError"]


@pytest.fixture
def pretended(root, tmp_path, monkeypatch):
    """Runs main with a GPU pretended, and these tests and weights; its exit code and the files."""
    pytest.importorskip("torch", reason=HAS_TORCH)
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    spec = importlib.util.spec_from_file_location("gpu_run", root / "benchmarks" / "gpu.py")
    gpu = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gpu)

    def execute(tests, apart=1e-15):
        machine, places = gpu.machine(True), gpu.places(True)
        row = {"network": "one", "dtype": "float64", "steps": 1, "apart": apart, "allowed": 1e-9}
        stubs = {
            "obstacle": lambda dry: "",
            "machine": lambda dry: machine,
            "places": lambda dry: places,
            "tests": lambda seconds, said: tests,
            "parity": lambda *_: [row],
            "curve": lambda name, *_: [{"network": name, "batch": 8, "ms": dict.fromkeys(places, 1.0)}],
        }
        for name, stub in stubs.items():
            monkeypatch.setattr(gpu, name, stub)
        monkeypatch.setattr(sys, "argv", ["gpu.py", "--output", str(tmp_path)])
        return gpu.main(), {path.name for path in tmp_path.iterdir()}

    return execute


@pytest.mark.parametrize(
    ("outcome", "passed", "apart", "code"),
    [("passed", 67, 1e-15, 0), ("skipped", 0, 1e-15, 1), ("failed", 66, 1e-15, 1), ("passed", 67, 1e-3, 1)],
)
def test_a_run_ends_well_only_if_tests_ran_and_weights_agree(pretended, tmp_path, outcome, passed, apart, code):
    tests = {"outcome": outcome, "passed": passed, "failed": 67 - passed, "skipped": 0}
    assert pretended(tests, apart) == (code, {"results.json", "results.md"})
    run = json.loads((tmp_path / "results.json").read_text())
    assert (run["dry_run"], run["tests"]["passed"]) == (False, passed)
