"""The whole book as one PDF, made from the built pages: _build/html/neural-networks-computed.pdf.

The articles of all pages become one document, in the order of the table of contents, and Chromium prints it. So
formulas, numbers and figures are the site's, and a link between two pages is a link inside of the PDF. What a screen
can fold stands elsewhere on paper: answers at the end of their chapter, the code of figures only on the site.

It is printed until the page numbers in the table of contents and the index are those of the pages, mostly twice.

    python scripts/pdf.py
"""

import hashlib
import io
import mimetypes
import os
import posixpath
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pikepdf
import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Route, sync_playwright
from site_report import chromium, launch

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
PDF = SITE / "neural-networks-computed.pdf"
PRINTINGS = 6
FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
formulas: list[str] = []
HOST = "http://book/"  # no server: Playwright answers from the folder of the site
SCREEN_ONLY = ".headerlink, .copybtn, script, .modindex-jumpbox, .genindex-jumpbox, .toctree-wrapper, .screen-only"
# What is wider than the text is made smaller until it fits; what is short is not cut in two.
FIT = """() => {
    for (const math of document.querySelectorAll("div.math")) {
        const room = math.clientWidth - (math.querySelector(".eqno")?.offsetWidth ?? 0) - 8;
        for (const formula of math.querySelectorAll("mjx-container")) {
            const width = formula.querySelector("mjx-math").scrollWidth;
            if (width > room) formula.style.fontSize = `${Math.floor(room / width * 98)}%`;
        }
    }
    for (const table of document.querySelectorAll("article table")) {
        const ratio = table.closest("section.page").clientWidth / table.scrollWidth;
        if (ratio < 1) table.style.zoom = ratio * 0.99;
    }
    for (const whole of document.querySelectorAll("div.cell_input, div.highlight, .admonition, table, .sd-card, dd"))
        if (whole.offsetHeight < 320) whole.style.breakInside = "avoid";
}"""
# Chromium shrinks the whole book if anything on it is wider than the paper.
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll("section.page :is(p, pre, table, img, .math)")]
        .filter(element => element.scrollWidth > document.documentElement.clientWidth)
        .map(element => `${element.closest("section.page").id}: ${element.innerText.slice(0, 60)}`)"""
NUMBER = """numbers => document.querySelectorAll("a.numbered").forEach(link => {
    link.dataset.page = numbers[decodeURIComponent(link.hash.slice(1))] ?? "";
})"""


def soup(html: str) -> BeautifulSoup:
    """HTML, parsed."""
    return BeautifulSoup(html, "html.parser")


def read(page: str) -> BeautifulSoup:
    """A built page, with a number for each formula: to parse them would take as long as all the rest."""

    def number(formula: re.Match[str]) -> str:
        formulas.append(formula[0])
        return f"<mjx-container>{len(formulas) - 1}</mjx-container>"

    return soup(FORMULA.sub(number, (SITE / page).read_text(encoding="utf-8")))


def with_formulas(html: str) -> str:
    """The formulas put back."""
    return re.sub(r"<mjx-container>(\d+)</mjx-container>", lambda number: formulas[int(number[1])], html)


def contents(front: BeautifulSoup) -> list[tuple[str, str]]:
    """The table of contents as (page, title), with ("", caption) before each part."""
    entries = []
    for entry in front.select("nav.bd-links p.caption, nav.bd-links a.reference"):
        page = "" if entry.name == "p" else str(entry["href"])
        entries.append((page, entry.get_text(strip=True)))
    return entries


def anchor(page: str, fragment: str = "") -> str:
    """The id, in the whole document, of a place on a page."""
    name = page.removesuffix(".html").replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def chapter(page: str, pages: set[str]) -> Tag:
    """The article of a page, with ids that are unique in the book and links that lead to them."""
    built = read(page)
    article, address = built.select_one("article.bd-article"), built.select_one("link[rel=canonical]")
    if article is None or address is None:
        raise SystemExit(f"{SITE / page} is not a page of this book: make book")
    for tag in article.select(SCREEN_ONLY):
        tag.decompose()
    for hidden in article.select("details"):  # the code of a figure
        hidden.decompose()
    for link in article.select("a.image-reference"):  # to the figure alone
        link.unwrap()
    seen = set()
    for tag in article.find_all(id=True):
        if tag["id"] in seen:
            del tag["id"]
        else:
            seen.add(tag["id"])
            tag["id"] = anchor(page, tag["id"])
    for tag in article.find_all("img"):
        tag["src"] = posixpath.normpath(posixpath.join("/", posixpath.dirname(page), str(tag["src"])))
        del tag["loading"]
    for link in article.select("a[href]"):
        target, fragment = urldefrag(str(link["href"]))
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(target))) if target else page
        if file in pages:
            link["href"] = "#" + anchor(file, unquote(fragment))
        else:
            link["href"] = urljoin(str(address["href"]), str(link["href"]))
    move_answers(article, page)
    whole = built.new_tag("section", id=anchor(page), attrs={"class": "page"})
    whole.extend(list(article.children))
    return whole


def move_answers(article: Tag, page: str) -> None:
    """Put the folded answers behind the chapter, and a link to each in its place."""
    answers = article.select(".solution.dropdown")
    if not answers:
        return
    chapter_end = soup(f'<section class="answers" id="{anchor(page, "answers")}"><h2>Answers</h2></section>').section
    for answer in answers:
        link = f'<p class="to-answer"><a class="numbered" href="#{answer["id"]}">Answer</a></p>'
        answer.replace_with(soup(link).p)
        answer["class"] = [name for name in answer["class"] if name != "dropdown"]
        chapter_end.append(answer)
    article.append(chapter_end)


def citation() -> dict[str, Any]:
    """CITATION.cff."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return found


def authors() -> list[str]:
    """Their names, as they are written on a title page."""
    return [a.get("name") or f"{a['given-names']} {a['family-names']}" for a in citation()["authors"]]


def front_matter(entries: Iterable[tuple[str, str]], chapters: list[Tag], address: str) -> str:
    """Title page and table of contents."""
    cff = citation()
    title, _, subtitle = cff["title"].partition(": ")
    sections = {chapter["id"]: chapter.select("h2") for chapter in chapters}
    lines = []
    for page, name in entries:
        if not page:
            lines.append(f'<p class="part">{name}</p>')
            continue
        lines.append(f'<p class="chapter"><a class="numbered" href="#{anchor(page)}"><span>{name}</span></a></p>')
        for heading in sections[anchor(page)] if page != "genindex.html" else ():  # the letters of the index
            target = heading.parent.get("id")
            text = f"<span>{heading.decode_contents()}</span>"
            lines.append(f'<p class="section"><a class="numbered" href="#{target}">{text}</a></p>')
    return f"""<section class="title-page"><p class="title">{title}</p><p class="subtitle">{subtitle.capitalize()}</p>
        <p>{", ".join(authors())}</p><p>Version {cff["version"]}, {cff["date-released"]}</p>
        <p class="colophon">This is the book of <a href="{address}">{address}</a>, on paper. Everything on its pages was
        computed when it was made. The code that draws the figures, and the notebooks, are on the site.<br/>
        Text and figures: CC BY 4.0. Code: BSD 3-Clause.</p></section>
        <section class="contents"><p class="contents-title">Contents</p>{"".join(lines)}</section>"""


def whole_book() -> str:
    """The document that is printed."""
    refresh = read("index.html").find("meta", {"http-equiv": "Refresh"})
    front = read(refresh["content"].split("url=")[1])
    first = str(front.select_one("link[rel=canonical]")["href"]).rsplit("/", 1)
    entries = [(first[1] if page == "#" else page, title) for page, title in contents(front)]
    pages = [page for page, _ in entries if page]
    chapters = [chapter(page, set(pages)) for page in pages]
    for link in (link for each in chapters for link in each.select(".indextable a")):
        link["class"] = "numbered"
    styles = "".join(
        f'<link rel="stylesheet" href="{sheet["href"]}"/>' for sheet in front.select("link[rel=stylesheet]")
    )
    css = (ROOT / "scripts" / "print.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8"/>
        <title>{front.select_one("p.logo__title").get_text(strip=True)}</title>{styles}<style>{css}</style></head>
        <body>{front_matter(entries, chapters, first[0] + "/")}<main class="bd-main"><div class="bd-content">
        <div class="bd-article-container"><article class="bd-article">{"".join(map(str, chapters))}</article></div>
        </div></main></body></html>"""


def page_numbers(pdf: bytes) -> dict[str, int]:
    """The page of each place that a link leads to."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        numbers = {page.objgen: count for count, page in enumerate(document.pages, start=1)}
        places = document.Root.Names.Dests if "/Names" in document.Root else document.Root.Dests
        return {name.removeprefix("/"): numbers[place[0].objgen] for name, place in places.items()}


def answer(route: Route, document: str) -> None:
    """What the browser asks for, from the folder of the site."""
    path = unquote(urlsplit(route.request.url).path).lstrip("/")
    file = SITE / path
    if path == "":
        route.fulfill(body=document, content_type="text/html; charset=utf-8")
    elif file.is_file():
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(path)[0] or "application/octet-stream")
    else:
        route.abort()


def printed(document: str) -> bytes:
    """The PDF."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        numbers: dict[str, int] = {}
        for _ in range(PRINTINGS):
            pdf, before = once(browser, document, numbers), numbers
            numbers = page_numbers(pdf)
            if numbers == before:
                break
        else:
            raise SystemExit(f"The pages still move after {PRINTINGS} printings: the table of contents would be wrong")
        browser.close()
    return pdf


def once(browser: Browser, document: str, numbers: dict[str, int]) -> bytes:
    """The PDF with these page numbers. Printed again without being opened again, Chromium moves pages to and fro."""
    page = browser.new_page(viewport={"width": 643, "height": 960})  # 170 mm, the width of the text on A4
    page.set_default_timeout(600_000)
    page.route("**/*", lambda route: answer(route, document))
    page.emulate_media(media="print", color_scheme="light")
    page.goto(HOST, wait_until="load")
    page.evaluate("document.fonts.ready.then(() => null)")
    page.evaluate("Promise.all([...document.images].map(image => image.decode())).then(() => null)")
    page.evaluate(NUMBER, numbers)
    page.evaluate(FIT)
    if wide := page.evaluate(TOO_WIDE):
        raise SystemExit("\n".join(["Wider than the paper; let it wrap in scripts/print.css:", *wide]))
    tagged = bool(numbers)  # not the first printing, which gives the numbers alone: tags take time
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=tagged)
    page.close()
    return pdf


def made_for(file: Path) -> str:
    """The digest of the document that was printed."""
    if not file.is_file():
        return ""
    with pikepdf.open(file) as document:
        return str(document.docinfo.get("/Digest", ""))


def main() -> int:
    """Print the book, if it is not what was printed last; 2 if the site or a browser is missing."""
    if not (SITE / "index.html").is_file() or chromium() is None:
        print("The PDF is printed by Chromium from the built site: make book, and apt-get install chromium")
        return 2
    start, book = time.perf_counter(), with_formulas(whole_book())
    digest = hashlib.sha256(book.encode()).hexdigest()
    if made_for(PDF) == digest:
        print(f"{PDF} is up to date")
        return 0
    with pikepdf.open(io.BytesIO(printed(book))) as document:
        document.docinfo["/Author"] = ", ".join(authors())
        document.docinfo["/Digest"] = digest
        draft = PDF.with_suffix(".new")
        document.save(draft, object_stream_mode=pikepdf.ObjectStreamMode.generate)  # half the size
        os.replace(draft, PDF)
        size, took = PDF.stat().st_size / 1e6, time.perf_counter() - start
        print(f"{PDF}: {len(document.pages)} pages, {size:.1f} MB, in {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
