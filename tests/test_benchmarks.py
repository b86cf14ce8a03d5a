"""The benchmarks compare like with like: everybody does the same work from the same weights."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("bench", Path(__file__).resolve().parents[1] / "benchmarks" / "bench.py")
bench = importlib.util.module_from_spec(SPEC)
sys.modules["bench"] = bench  # dataclasses look their module up
SPEC.loader.exec_module(bench)

pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
RIVALS = [(name, who) for name, task in bench.TASKS.items() for who in task.targets if who != "bare products"]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.parametrize(("name", "who"), RIVALS)
def test_the_same_loss_from_the_same_weights(name, who):
    """Each batch is everything, so that its order does not matter: the loss after three updates."""
    task = replace(bench.TASKS[name], batch=80, rows=80)
    X, Y = bench.digits(task, 80)
    ours, theirs = (bench.COMPETITORS[one](task, X, Y)(4) for one in ("nnlib", who))
    first = bench.with_nnlib(task, X, Y)(1)
    assert theirs == pytest.approx(ours, rel=1e-5)
    assert abs(first - ours) > 1e-3 * first  # there was something to compare


def test_bare_products_are_those_of_backpropagation(monkeypatch):
    """2 batch · inputs · outputs operations forward, as many for dE/dβ, as many for delta but below the first layer."""
    task = replace(bench.TASKS["mlp"], batch=4)
    X, Y = bench.digits(task, 8)
    train = bench.bare_products(task, X, Y)
    counted, matmul = [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda A, B, out: (counted.append(A.size * B.shape[1]), matmul(A, B, out=out)))
    train(1)
    sizes = [784 * 512, 512 * 256, 256 * 10]
    assert sum(counted) == 2 * 4 * (3 * sum(sizes) - sizes[0])  # two steps


@pytest.mark.parametrize("name", bench.TASKS)
def test_a_report_from_a_tiny_run(name, tmp_path):
    measured = bench.time_task(name, repeats=3, rows=2 * bench.TASKS[name].batch, epochs=1)
    assert measured["steps"] == 2
    assert set(measured["ratios"]) == set(bench.TASKS[name].targets)
    assert all(low <= middle <= high for low, middle, high in measured["ratios"].values())
    memory = {who: {"training": 1.0, "total": 2.0} for who in ("nnlib", "PyTorch")}
    points = [{"axis": axis, "size": 8, "ms": {"nnlib": 1.0, "PyTorch": 2.0}} for axis in ("batch size", "width")]
    results = {"machine": {}, "time": {"1": {name: measured}}, "memory": {name: memory}, "growth": points}
    assert bench.table(results).count("\n| " + name) == len(measured["ratios"]) + 1
    bench.picture(results, tmp_path / "results.png")
    assert (tmp_path / "results.png").stat().st_size > 10_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_memory_counts_what_training_takes():
    """784-512-256-10: w, g, velocity and a copy of w are 2 MiB each; the data are not counted."""
    found = bench.child(1, "memory", "mlp", "nnlib")
    assert 6 < found["training"] < 100
    assert found["total"] > found["training"] + 12800 * 784 * 4 / 2**20
