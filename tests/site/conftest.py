"""The built site, as a reader's browser sees it."""

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")


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

    def stumble(self, page, where):
        """Write down what is wrong with an open page."""
        for kind, found in page.evaluate(LOOK).items():
            self.note(kind, where, *found)


@pytest.fixture(scope="module")
def window(browser):
    """``with window(address, scheme, width, problems) as reader``."""
    return functools.partial(Reader, browser)


def turn(page, scheme):
    """Let the reader's system turn light or dark, and wait until the page has followed, which takes it a moment."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)


@pytest.fixture(scope="module")
def walk(window, address, pages, report):
    """Every page, opened with an empty cache, on a desktop and on a phone, and looked at in the light and in the dark.

    What comes back are all problems, axe-core's among them, and what each page weighs. Contrast takes axe-core most of
    its time, and does not depend on the width: it is looked at on the desktop. Its other rules do not depend on the
    colours: on the phone they are looked at in the light.
    """
    problems, sizes = defaultdict(list), {}
    for path, width in itertools.product(pages, (1300, 390)):
        with window(address, "light", width, problems) as reader:
            where = f"{path}, {width} px"
            page = reader.look(path, lambda page, url, where=where: sizes.update({where: report.weigh(page, url)}))
            turn(page, "dark")
            reader.stumble(page, f"{path}, dark, {width} px")
            for scheme in ("dark", "light") if width == 1300 else ("light",):
                turn(page, scheme)
                found = report.axe(page, contrast=width == 1300)
                reader.note("axe-core", f"{path}, {scheme}, {width} px", *found)
    return problems, sizes


@pytest.fixture(scope="module")
def visits(walk):
    """All problems of all pages, as kind -> [(where, what)]."""
    return walk[0]


@pytest.fixture(scope="module")
def sizes(walk):
    """Bytes and requests of each page."""
    return walk[1]
