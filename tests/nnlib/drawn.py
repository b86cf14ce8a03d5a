"""Hypothesis, for the laws that are tested on drawn inputs; where it is missing, the module that asks is skipped."""

import pytest

hypothesis = pytest.importorskip("hypothesis", reason="Hypothesis is not installed: make test installs it")
arrays = pytest.importorskip("hypothesis.extra.numpy").arrays
assume, given, settings, st = hypothesis.assume, hypothesis.given, hypothesis.settings, hypothesis.strategies
