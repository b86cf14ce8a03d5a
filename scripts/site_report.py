"""What each page of the built site costs its reader: requests, bytes by kind, time to the first paint.

    .venv/bin/python scripts/site_report.py [--runs 5] [--axe] [--site _build/html] [page ...]

Bytes are those before compression of all that the page asks for, pictures far down included. The paint is the first
with content, with an empty cache, served by this machine; the median of the runs. ``--axe`` adds what axe-core finds.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import re
import shutil
import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("document", "stylesheet", "script", "font", "image")
WIDE, NARROW = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
HIDDEN = ("_static", "_sources", "_images", "_downloads", "_sphinx_design_static")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PAINT = """() => new Promise(resolve => new PerformanceObserver((list, observer) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint) { observer.disconnect(); resolve(paint.startTime); }
}).observe({type: "paint", buffered: true}))"""
COLOURS = ("color-contrast", "link-in-text-block")  # axe-core's rules about them
# axe-core takes 4 s for a page of formulas and code. It need not see what is hidden from all who listen, nor the second
# word of code in the same colour, nor, of colours, the second text with the same ones; and MathML, which screen readers
# read, it takes for nothing.
ONE_OF_A_KIND = """() => {
    document.querySelectorAll("mjx-math > *").forEach(part => part.remove());
    document.querySelectorAll("math").forEach(math => math.replaceWith(math.textContent));
    const seen = new Set();
    for (const token of document.querySelectorAll(".highlight pre span[class]")) {
        const kind = `${token.closest(".cell_input, .cell_output")?.className} ${token.className}`;
        if (seen.has(kind) && !token.children.length) token.replaceWith(token.textContent);
        seen.add(kind);
    }
}"""
RUN = """([options, all]) => {
    const style = (element) => {
        const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
        return [element.localName, color, fontSize, fontWeight, textDecorationLine];
    };
    const ground = (element) => {
        const { backgroundColor, backgroundImage, opacity, filter } = getComputedStyle(element);
        const plain = backgroundColor === "rgba(0, 0, 0, 0)" && backgroundImage + filter + opacity === "nonenone1";
        const own = plain ? [] : [[backgroundColor, backgroundImage, opacity, filter]];
        return element.parentElement ? [...own, ...ground(element.parentElement)] : own;
    };
    const seen = new Set();
    const isNew = (element) => seen.size < seen.add(
        JSON.stringify([style(element), style(element.parentElement), ground(element)])).size;
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const texts = () => [...document.body.querySelectorAll("*")].filter((each) => hasText(each) && isNew(each));
    return axe.run(all ? document : { include: texts() }, options).then((result) => result.violations);
}"""
TO_THE_END = """async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
    await document.fonts.ready;
}"""


def pages(site: Path) -> list[str]:
    """Every page that a reader can open, as a path relative to the site.

    index.html only leads on to the first one, and 404.html works under the site's own path alone.
    """
    aside = ("index.html", "404.html")
    found = [page.relative_to(site).as_posix() for page in sorted(site.rglob("*.html"))]
    return [page for page in found if page not in aside and page.split("/")[0] not in HIDDEN]


class _Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, base: str, isolated: bool, **options: Any) -> None:
        self.base, self.isolated = base, isolated
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(self.base))

    def end_headers(self) -> None:
        if self.isolated:  # what a page needs to share memory with a worker
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A browser that leaves before it has read everything is no error."""


@contextmanager
def served(site: Path, isolated: bool = False) -> Iterator[str]:
    """The address of the site on a free port of this machine, in the folder for which it was built."""
    lost = site / "404.html"  # the page that knows the folder
    found = re.search(r'<base href="([^"]*)/"', lost.read_text(encoding="utf-8")) if lost.is_file() else None
    base = found[1] if found else ""
    handler = functools.partial(_Files, directory=str(site), base=base, isolated=isolated)
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}{base}"
        server.shutdown()


def chromium() -> str | None:
    """Where Debian's Chromium lies, or what else is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def launch(playwright: Playwright) -> Browser | None:
    """The browser, if there is one; it asks nobody for updates."""
    path = chromium()
    return playwright.chromium.launch(executable_path=path, args=FLAGS) if path else None


def weigh(page: Page, url: str) -> Counter[str]:
    """Open the page and count its requests and their bytes before compression, by kind."""
    responses: list[Any] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(url, wait_until="load")
    page.evaluate(TO_THE_END)
    sizes: Counter[str] = Counter()
    for response in responses:
        if response.url.startswith("http") and response.status < 300:
            kind = response.request.resource_type
            size = len(response.body())
            sizes.update({"requests": 1, "bytes": size, kind if kind in KINDS else "other": size})
    return sizes


def first_paint(browser: Browser, url: str, runs: int) -> float:
    """Milliseconds until something is seen, with an empty cache; the median."""
    times = []
    for _ in range(runs):
        context = browser.new_context(viewport=WIDE)
        page = context.new_page()
        page.goto(url, wait_until="load")
        times.append(page.evaluate(PAINT))
        context.close()
    return statistics.median(times)


def axe(page: Page, colours: bool = True, others: bool = True) -> list[str]:
    """What axe-core has to say against a page, which it changes: rule, element and why.

    It is asked for its rules about colours, on the first text of each kind, for the others, or for both.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(ONE_OF_A_KIND)
    page.evaluate(AXE_SCRIPT)
    served = page.url.startswith("http")  # from a disk axe-core may not read style sheets, and complains
    asked: list[tuple[dict[str, Any], bool]] = []
    if colours:
        asked.append(({"runOnly": list(COLOURS), "preload": False}, False))
    if others:
        asked.append(({"rules": {rule: {"enabled": False} for rule in COLOURS}, "preload": served}, True))
    found = []
    for options, everywhere in asked:
        found += page.evaluate(RUN, [options | {"resultTypes": ["violations"]}, everywhere])
    return [
        f"{rule['id']}: {node['target'][0]}: {(node['any'] + node['all'] + node['none'])[0]['message']}"
        for rule in found
        for node in rule["nodes"]
    ]


def main() -> None:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="What each page of the built site costs its reader.")
    parser.add_argument("pages", nargs="*", help="relative to the site; all, if none is named")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--runs", type=int, default=5, help="loads for the median of the first paint")
    parser.add_argument("--axe", action="store_true", help="add the findings of axe-core: wide/narrow in light + dark")
    options = parser.parse_args()
    if not (options.site / "index.html").is_file():
        parser.error(f"{options.site} holds no site; build it with: make book")
    print(f"{'page':42}{'requests':>9}{'kB':>7}" + "".join(f"{kind:>11}" for kind in KINDS) + f"{'paint ms':>10}  axe")
    with sync_playwright() as playwright, served(options.site) as address:
        browser = launch(playwright)
        if browser is None:
            parser.error("no browser is installed: apt-get install chromium")
        for name in options.pages or pages(options.site):
            context = browser.new_context(viewport=WIDE)
            sizes = weigh(context.new_page(), f"{address}/{name}")
            context.close()
            line = f"{name:42}{sizes['requests']:9}{sizes['bytes'] / 1000:7.0f}"
            line += "".join(f"{sizes[kind] / 1000:11.0f}" for kind in KINDS)
            line += f"{first_paint(browser, f'{address}/{name}', options.runs):10.0f}"
            if options.axe:
                for scheme in ("light", "dark"):
                    for size in (WIDE, NARROW):
                        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
                        page = context.new_page()
                        page.goto(f"{address}/{name}", wait_until="load")
                        line += f" {len(axe(page)):3}"
                        context.close()
            print(line, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
