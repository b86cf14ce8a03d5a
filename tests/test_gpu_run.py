"""What ``make gpu`` writes without a GPU, and what chapter 12 makes of it."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

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
    assert {(row["dtype"], row["apart"] <= row["allowed"]) for row in run["parity"]} == {
        ("float64", True),
        ("float32", True),
    }
    assert {point["network"] for point in run["growth"]} == {"784-512-512-10", "CNN"}
    assert all(set(point["ms"]) == PLACES and min(point["ms"].values()) > 0 for point in run["growth"])


@pytest.fixture
def chapter(root, tmp_path):
    """Executes chapter 12 beside a stored run, or none: what the cell printed, and whether it drew."""
    pages = tmp_path / "book" / "chapters"
    pages.mkdir(parents=True)
    (tmp_path / "benchmarks" / "gpu").mkdir(parents=True)
    shutil.copy(root / "book" / "course.mplstyle", tmp_path / "book")
    shutil.copy(root / "benchmarks" / "results.json", tmp_path / "benchmarks")

    def execute(run=None):
        if run is not None:
            (tmp_path / "benchmarks" / "gpu" / "results.json").write_text(json.dumps(run))
        notebook = nbformat.read(root / "book" / "chapters" / "12-gpu.ipynb", as_version=4)
        at = next(i for i, cell in enumerate(notebook.cells) if cell.id == "c16-gpu")
        kept = ("c01", "c16-gpu")  # the cell needs the imports alone
        notebook.cells = [cell for cell in notebook.cells[: at + 1] if cell.id in kept]
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            allow_errors=True,
            resources={"metadata": {"path": str(pages)}},
        )
        client.execute()
        outputs = notebook.cells[-1].outputs
        errors = [out.ename for out in outputs if out.output_type == "error"]
        printed = "".join(out.text for out in outputs if out.output_type == "stream")
        return printed, any("image/png" in out.get("data", {}) for out in outputs), errors

    return execute


def as_on_a_gpu(run):
    """A dry run's files with what a GPU would have made of them; it is nobody's measurement."""
    run = json.loads(json.dumps(run))
    run.update(dry_run=False, tests={"outcome": "passed", "passed": 67, "failed": 0, "skipped": 0})
    for point in run["growth"]:  # overhead alone: slower at first, faster in the end
        point["ms"] |= {"NumPy": point["batch"], "PyTorch, CPU": 0.9 * point["batch"], "PyTorch, cuda": 10.0}
    return run


def test_the_chapter_says_that_no_run_is_stored(chapter):
    printed, drawn, errors = chapter()
    assert printed.startswith("No run on a GPU is stored")
    assert not (drawn or errors)


def test_the_chapter_never_draws_a_dry_run(chapter, dry):
    printed, drawn, errors = chapter(json.loads((dry / "dry-run.json").read_text()))
    assert printed.startswith("No run on a GPU is stored")
    assert not (drawn or errors)


def test_the_chapter_draws_a_stored_run(chapter, dry):
    run = as_on_a_gpu(json.loads((dry / "dry-run.json").read_text()))
    printed, drawn, errors = chapter(run)
    assert not errors
    assert drawn
    assert run["machine"]["cpu"] in printed
    assert printed.count("the first batch that pays is 32") == 2


@pytest.mark.parametrize("wrong", ["a failed test", "weights apart", "no lead"])
def test_a_stored_run_that_denies_the_text_fails_the_page(chapter, dry, wrong):
    run = as_on_a_gpu(json.loads((dry / "dry-run.json").read_text()))
    if wrong == "a failed test":
        run["tests"] |= {"outcome": "failed with pytest's exit code 1", "failed": 1}
    elif wrong == "weights apart":
        run["parity"][-1]["apart"] = 1.0
    else:
        run["growth"][-1]["ms"]["PyTorch, cuda"] = 100.0
    assert chapter(run)[2] == ["AssertionError"]


def test_the_real_run_is_written_under_the_name_that_the_chapter_reads(root, dry, tmp_path):
    """Everything but the GPU itself: with one pretended, the files are results.*, and skipped tests are a failure."""
    pretend = (
        "import sys; sys.path.insert(0, 'benchmarks'); import gpu\n"
        "machine, places = gpu.machine, gpu.places\n"
        "gpu.obstacle, gpu.machine, gpu.places = lambda dry: '', lambda dry: machine(True), lambda dry: places(True)\n"
        "gpu.BATCHES = [4, 8]; gpu.TURN = 0\n"
        "sys.exit(gpu.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend, "--output", tmp_path],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert done.returncode == 1, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "results.md", "results.txt"}
    run = json.loads((tmp_path / "results.json").read_text())
    assert run.keys() == json.loads((dry / "dry-run.json").read_text()).keys()
    assert run["dry_run"] is False
    assert (run["tests"]["outcome"], run["tests"]["passed"]) == ("skipped", 0)
