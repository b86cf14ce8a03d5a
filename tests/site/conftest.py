"""The built site, as a reader's browser sees it."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def html(root):
    """The folder of the built site."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the site is not built: make book")
    return folder


@pytest.fixture(scope="session")
def pages(html, root):
    """Every page that a reader can open, as a path relative to the site."""
    hidden = ("_static", "_sources", "_images", "_downloads", "_sphinx_design_static")
    found = [page.relative_to(html).as_posix() for page in sorted(html.rglob("*.html"))]
    # index.html only leads on to the first page
    return [page for page in found if page != "index.html" and page.split("/")[0] not in hidden]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(html) -> Iterator[str]:
    """The site on a free port of this machine."""
    handler = functools.partial(_Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, which asks nobody for updates."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test installs it")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    with playwright.sync_playwright() as p:
        started = p.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()
