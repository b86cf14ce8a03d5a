"""How long each cell takes in a browser: run the built pages there, and write book/_run/cells.json.

    python scripts/cell_seconds.py [chapters/04-backpropagation ...]       all pages, if none is named; half an hour

Seconds are those of the processor, so that a busy machine counts for nothing. In the place of seconds, a sentence
may say why a cell cannot run in a browser: it is written by hand, and stays. Other cells that fail are printed.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import runnable
import site_report

LONGEST = 600  # seconds for a cell
MEMORY = 500  # MB that a page may take: telephones have no more
ALONE = "number => runHere.run([runHere.cells[number]], runHere.cells[number])"
STATE = """number => { const { ran, source, output } = runHere.cells[number];
    return [ran === source, output.box.innerText, runHere.own.heap / 1e6]; }"""


def processor() -> Callable[[], float]:
    """A clock of what the processes below this one have computed, those that ended included."""
    known: dict[int, float] = {}

    def now() -> float:
        for child in psutil.Process().children(recursive=True):
            try:
                times = child.cpu_times()
                known[child.pid] = times.user + times.system
            except psutil.Error:
                pass
        return sum(known.values())

    return now


def measure(browser: Any, address: str, page: str) -> tuple[dict[str, float | str], bool]:
    """Seconds of each cell of a page, by the key of its code; and whether all is well."""
    tab, clock, found = browser.new_page(), processor(), {}
    known = runnable.known(page)
    tab.set_default_timeout(1000 * LONGEST)
    tab.goto(f"{address}/{page}.html")
    tab.wait_for_function("globalThis.runHere?.cells.length")
    sources = tab.evaluate("runHere.cells.map(cell => cell.original)")
    tab.evaluate("runHere.python().then(python => python.start()).then(() => null)")
    heap, passed, well = 0, 0, True
    for number, source in enumerate(sources):
        key = runnable.key(source)
        if isinstance(known.get(key), str):
            found[key] = known[key]
            continue
        start = clock()
        tab.evaluate(ALONE, number)
        ok, shown, heap = tab.evaluate(STATE, number)
        passed, well = passed + ok, well and ok
        found[key] = round(clock() - start, 1)
        if not ok or found[key] >= runnable.SLOW:
            print(f"  cell {number + 1}: {found[key]} s{'' if ok else ', failed: ' + shown[-300:]}", flush=True)
    seconds = sum(each for each in found.values() if not isinstance(each, str))
    print(f"{page}: {passed} of {len(sources)} cells, {seconds:.0f} s, heap {heap:.0f} MB", flush=True)
    tab.close()
    return found, well and heap < MEMORY


def main() -> None:
    """Measure, and write what was found after each page."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="how long each cell takes in a browser")
    parser.add_argument("pages", nargs="*", help="as chapters/04-backpropagation; all, if none is named")
    parser.add_argument("--site", type=Path, default=site_report.ROOT / "_build" / "html")
    options = parser.parse_args()
    pages = options.pages or runnable.pages(options.site)
    with sync_playwright() as playwright, site_report.served(options.site) as address:
        browser = site_report.launch(playwright)
        if browser is None:
            sys.exit("no browser is installed: apt-get install chromium")
        bad: list[str] = []
        for page in pages:
            found, well = measure(browser, address, page)
            bad += [] if well else [page]
            cells = runnable.cells() | {page: found}
            runnable.CELLS.write_text(json.dumps(cells, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
        browser.close()
    if bad:
        sys.exit(f"a cell fails, or more than {MEMORY} MB are taken: {', '.join(bad)}")


if __name__ == "__main__":
    main()
