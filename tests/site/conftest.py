"""The built site, as a reader's browser sees it."""

import functools
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")


@pytest.fixture
def script(root, tmp_path, monkeypatch):
    """scripts/build_book.py with every path of it in a folder of the test: the real build is left alone."""
    module = importlib.import_module("build_book")
    for name, path in {**vars(module)}.items():
        if isinstance(path, Path):
            monkeypatch.setattr(module, name, tmp_path / path.relative_to(root))
    return module


@pytest.fixture(scope="session")
def html(root):
    """The folder of the built site."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the site is not built: make book")
    return folder


@pytest.fixture(scope="session")
def pages(html, report):
    """Every page that a reader can open, as a path relative to the site."""
    return report.pages(html)


@pytest.fixture(scope="session")
def parsed(html, pages):
    """Every page as a tree, its formulas left out: they are most of it."""
    texts = {page: (html / page).read_text(encoding="utf-8") for page in pages}
    return {page: BeautifulSoup(FORMULA.sub("", text), "html.parser") for page, text in texts.items()}


@pytest.fixture(scope="session")
def address(html, report) -> Iterator[str]:
    """The site on a free port of this machine."""
    with report.served(html) as found:
        yield found


@pytest.fixture(scope="module")
def disk(html):
    """The site as a folder that somebody has opened."""
    return html.resolve().as_uri()


def pytest_generate_tests(metafunc):
    """``page`` is each page of the built site, so that workers share them."""
    if "page" in metafunc.fixturenames:
        from site_report import pages

        metafunc.parametrize("page", pages(metafunc.config.rootpath / "_build" / "html") or ["no page"])


@dataclass
class Reader:
    """A browser's window in which everything that goes wrong is written down, as kind -> [(where, what)]."""

    browser: object
    address: str  # what does not begin so comes from outside
    scheme: str = "light"
    width: int = 1300
    problems: dict = field(default_factory=lambda: defaultdict(list))

    def __enter__(self):
        size = {"width": self.width, "height": 900}
        self.context = self.browser.new_context(viewport=size, color_scheme=self.scheme, reduced_motion="reduce")
        return self

    def __exit__(self, *_):
        self.context.close()

    def found(self):
        """What went wrong."""
        return {kind: found for kind, found in self.problems.items() if found}

    def note(self, kind, where, *what):
        self.problems[kind].extend((where, each) for each in what)

    def open(self, path, go=lambda page, url: page.goto(url, wait_until="load")):
        page, where = self.context.new_page(), f"{path}, {self.scheme}, {self.width} px"

        def asked(request):
            if not request.url.startswith((self.address, "data:", "blob:")):
                self.note("a request to somewhere else", where, request.url)

        page.on("request", asked)
        page.on("requestfailed", lambda request: self.note("a request that failed", where, request.url))
        page.on("response", lambda r: r.status >= 400 and self.note("a request that failed", where, r.url))
        page.on("console", lambda m: m.type in ("error", "warning") and self.note("console", where, m.text))
        page.on("pageerror", lambda error: self.note("console", where, str(error)))
        go(page, f"{self.address}/{path}")
        return page

    def look(self, path, *go):
        """Open a page and write down what a reader would stumble over."""
        page = self.open(path, *go)
        self.stumble(page, f"{path}, {self.scheme}, {self.width} px")
        return page

    def turn(self, page, scheme):
        """Let the reader's system turn light or dark, and wait until the page has followed, which takes it a moment."""
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)

    def stumble(self, page, where):
        """Write down what is wrong with an open page, once it has followed a new width, which takes it a moment."""
        seen = page.evaluate(LOOK)
        for _ in range(10):
            if not any(seen.values()):
                break
            page.wait_for_timeout(200)
            seen = page.evaluate(LOOK)
        for kind, found in seen.items():
            self.note(kind, where, *found)


@pytest.fixture(scope="module")
def window(browser):
    """``with window(address, scheme, width, problems) as reader``."""
    return functools.partial(Reader, browser)
