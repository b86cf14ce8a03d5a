"""The report of what a computer offers works wherever nnlib does."""

import subprocess
import sys

import numpy as np
import pytest

from nnlib import device

HIDE = "import sys; sys.modules.update(dict.fromkeys({names}))\nfrom nnlib.device import main\nmain(size=32)"


def report(*hidden):
    """What the report prints where some packages are not installed."""
    command = [sys.executable, "-c", HIDE.format(names=list(hidden))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_with_numpy_alone():
    text = report("torch", "threadpoolctl", "psutil")
    assert f"{np.__version__}, BLAS" in text
    assert "PyTorch        not installed, and not needed" in text
    assert text.count("GFlop/s") == 1


def test_with_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    text = report()
    assert torch.__version__ in text
    assert text.count("GFlop/s") == 2 + torch.cuda.is_available() + torch.backends.mps.is_available()
    assert ("GPU            none" in text) == (text.count("GFlop/s") == 2)


def test_every_place_computes():
    for _, like, wait in device.places():
        assert 0 < device.seconds(like, wait, size=16, repeats=3) < 60


def test_threads_from_the_environment(monkeypatch):
    monkeypatch.setattr(device, "optional", lambda name: None)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert device.threads() == "3 (OMP_NUM_THREADS)"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert device.threads().startswith("unknown")
