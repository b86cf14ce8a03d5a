"""What all tests share."""

import asyncio
import functools
import importlib
import os
import tempfile
import time
import zlib
from itertools import dropwhile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING = os.environ.get("CI") == "true"  # nothing may be missing, but a GPU: a skipped test is a failed one
# and what the build gets from other hosts, which need not answer today
FROM_A_NETWORK = ("Pyodide is not there", "the site was built without Run")


def _fail_if_skipped(report):
    if EVERYTHING and report.skipped and not hasattr(report, "wasxfail") and "gpu" not in report.keywords:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        if any(each in str(reason) for each in FROM_A_NETWORK):
            return
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


# Pages come first, in workers in which nothing else has run: Playwright and what else uses asyncio get on badly in one
# process. Then what takes minutes, so that no worker waits for another at the end; the rest by folders.
LONGEST = (
    "site/test_pdf",
    "site/test_walk",
    "site/",
    "grading/test_limits",
    "grading/test_container",
    "exercises/test_assignments",
    "grading/",
    "test_",
    "exercises/",
)
PARTS = 8  # of the pages, for the workers to share
ASSIGNMENTS = sorted(path.parent.name for path in ROOT.glob("solutions/*/checks.py"))


def _share(nodeid):
    """What stays on one worker: a file, but for the three large ones an assignment, or an eighth of the pages."""
    path, _, test = nodeid.partition("::")
    chosen = test.partition("[")[2]
    if path in ("tests/exercises/test_assignments.py", "tests/exercises/test_students.py"):
        return f"{path} {next((name for name in ASSIGNMENTS if name in chosen), '')}"
    return f"{path} {zlib.crc32(chosen.encode()) % PARTS}" if path == "tests/site/test_walk.py" else path


def pytest_collection_modifyitems(config, items):
    """In the order in which the workers take the shares."""
    rank = {path: number for number, path in enumerate(LONGEST)}

    def order(item):
        share = _share(item.nodeid)
        below = share.removeprefix("tests/")
        return min((rank[path] for path in LONGEST if below.startswith(path)), default=len(LONGEST)), share

    if hasattr(config, "workerinput"):
        items.sort(key=order)
    for notebook in {item.parent for item in items if type(item).__name__ == "IPyNbCell"}:
        executed_once(notebook)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are processors: half of the time a test waits, for a browser, a server or a limit."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """In the place of ``--dist loadfile``: a share for a worker, in the order above."""
    from xdist.scheduler import LoadScopeScheduling

    class Shares(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _share(nodeid)

    config.option.loadscopereorder = False
    return Shares(config, log)


class Executed:
    """In the place of nbval's kernel: what the build's execution of these code cells gave."""

    def __init__(self, cells):
        self.cells, self.messages = cells, []

    def execute_cell_input(self, source, allow_stdin=None):
        self.cells = list(dropwhile(lambda cell: cell.source != source, self.cells))  # some are skipped
        outputs = self.cells.pop(0).outputs
        self.messages = [(out.output_type, out) for out in outputs] + [("status", {"execution_state": "idle"})]
        return "cell"

    def get_message(self, stream, timeout=None):
        kind, content = self.messages.pop(0)
        return {"msg_type": kind, "content": content, "parent_header": {"msg_id": "cell"}}

    def await_reply(self, *_, **__):
        pass

    def await_idle(self, *_, **__):
        self.messages = []

    def is_alive(self):
        return True

    def stop(self):
        pass


@functools.cache
def outdated():
    """What has changed under the pages since the build executed them."""
    script = importlib.import_module("build_book")
    return script.changed(script.CACHED_FOR, script.under())


def built(path):
    """The cells of a page as the build executed them, or None where other files were under them, or never."""
    script = importlib.import_module("build_book")
    if "" in outdated():
        return None
    cache = script.get_cache(script.CACHE)
    try:
        page = cache.get_cache_bundle(cache.match_cache_file(path).pk).nb
    except KeyError:  # none of these cells
        return None
    return None if script.concerns(outdated(), script.code(page)) else list(page.cells)


def executed_once(notebook):
    """The book is executed once: where the build has run the very cells of a page, nbval compares what came out there.

    Then it need not run them again, which takes minutes. Everything else runs in a kernel, as ever.
    """
    run = notebook.setup

    def setup():
        if (cells := built(notebook.path)) is None:
            run()
        else:
            notebook.kernel = Executed(cells)
            notebook.setup_sanitize_files()

    notebook.setup = setup


class AtOnce:
    """Says what failed when it fails: a run that is ended from outside never comes to its summary."""

    def pytest_runtest_logreport(self, report):
        if report.failed:
            print(f"\n{report.nodeid}, {report.when}:\n{report.longreprtext[-3000:]}", flush=True)


def pytest_configure(config):
    """Jupyter, nbgrader and IPython neither read nor write the configuration and the history of whoever tests."""
    if not hasattr(config, "workerinput"):  # what tests beside others inherits it
        if EVERYTHING:
            config.pluginmanager.register(AtOnce())
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
    try:
        with playwright.sync_playwright() as running:
            started = report.launch(running)
            if started is None:
                pytest.skip("no browser is installed: apt-get install chromium")
            yield started
            started.close()
    finally:
        asyncio.events._set_running_loop(None)  # where a browser that crashed has left it
