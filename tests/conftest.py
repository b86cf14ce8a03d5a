"""What all tests share."""

import importlib
import os
import tempfile
import time
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING = os.environ.get("CI") == "true"  # nothing may be missing, but a GPU: a skipped test is a failed one


def _fail_if_skipped(report):
    if EVERYTHING and report.skipped and not hasattr(report, "wasxfail") and "gpu" not in report.keywords:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"CI=true asks for everything, but: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    _fail_if_skipped(report)
    return report


# What takes minutes comes first, so that no worker waits for another at the end; the rest in the order of the folders.
LONGEST = (
    "site/test_pdf",
    "book/",
    "site/test_walk",
    "exercises/test_assignments",
    "grading/",
    "test_",
    "exercises/",
    "site/",
)
PARTS = 8  # of the pages, for the workers to share


def _share(item):
    """What stays on one worker: a file, but for the large ones a few of its pages, or an assignment."""
    path, chosen = item.nodeid.partition("::")[0], getattr(item, "callspec", None)
    chosen = chosen.params if chosen else {}
    part = chosen.get("assignment", "")
    if "page" in chosen:
        part = zlib.crc32(chosen["page"].encode()) % PARTS
    return f"{path} {part}".strip()


def pytest_collection_modifyitems(config, items):
    """For ``--dist loadgroup --no-loadscope-reorder``."""
    if hasattr(config, "workerinput"):
        shares = {item: _share(item) for item in items}
        rank = {path: number for number, path in enumerate(LONGEST)}

        def order(item):
            below = shares[item].removeprefix("tests/")
            return min((rank[path] for path in LONGEST if below.startswith(path)), default=len(LONGEST)), shares[item]

        items.sort(key=order)
        for item in items:
            item.add_marker(pytest.mark.xdist_group(shares[item]))


def pytest_configure(config):
    """Jupyter, nbgrader and IPython neither read nor write the configuration and the history of whoever tests."""
    if not hasattr(config, "workerinput"):  # what tests beside others inherits it
        config.own = tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True)
        kinds = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        os.environ |= {kind: os.path.join(config.own.name, kind.lower()) for kind in kinds}


def pytest_runtest_setup(item):
    """scripts/quick.py gives a minute."""
    if time.time() > float(os.environ.get("QUICK_UNTIL", "inf")):
        pytest.skip("no time is left in this minute: make test runs it")


def pytest_unconfigure(config):
    if hasattr(config, "own"):
        config.own.cleanup()


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def report():
    """scripts/site_report.py, which knows how to serve the site and to start a browser."""
    return importlib.import_module("site_report")


@pytest.fixture(scope="module")
def browser(report):
    """Debian's Chromium, for one module: as long as Playwright runs, nothing else in its thread can use asyncio."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test installs it")
    with playwright.sync_playwright() as running:
        started = report.launch(running)
        if started is None:
            pytest.skip("no browser is installed: apt-get install chromium")
        yield started
        started.close()
