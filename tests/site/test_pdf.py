"""The book on paper: nothing of the site is missing, every link leads somewhere, nothing is cut."""

import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from bs4 import BeautifulSoup

pikepdf = pytest.importorskip("pikepdf", reason="pikepdf is not installed: make test installs it")
pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: make test installs it")

POINTS = 72 / 25.4  # in a millimetre


@pytest.fixture(scope="module")
def path(html, root, browser):
    """The PDF of the site that is there; nothing is printed that was printed before."""
    subprocess.run([sys.executable, str(root / "scripts" / "pdf.py")], check=True)
    return html / "neural-networks-computed.pdf"


@pytest.fixture(scope="module")
def pdf(path):
    with pikepdf.open(path) as document:
        yield document


@pytest.fixture(scope="module")
def paper(path):
    """The text of each page, without white space."""
    with pdfium.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    # U+FFFE is PDFium's sign for a hyphen at the end of a line
    return ["".join(text.replace("\ufffe", "-").split()) for text in texts]


@pytest.fixture(scope="module")
def chapters(html):
    """The pages in the order of the table of contents, parsed."""
    first = BeautifulSoup((html / "intro.html").read_text(encoding="utf-8"), "html.parser")
    names = [link["href"] for link in first.select("nav.bd-links a.reference")]
    names[0] = "intro.html"
    return {name: BeautifulSoup((html / name).read_text(encoding="utf-8"), "html.parser") for name in names}


def heading(tag):
    """The text of a heading, without its permanent link."""
    return "".join(str(part) if isinstance(part, str) else part.get_text() for part in tag if part.name != "a").strip()


def places(pdf):
    return pdf.Root.Names.Dests if "/Names" in pdf.Root else pdf.Root.Dests


def links(pdf):
    """Every link, as ("place", name) or ("address", URL)."""
    for page in pdf.pages:
        for note in page.get("/Annots", []):
            if note.get("/Subtype") == "/Link":
                action = note.get("/A", {})
                if "/URI" in action:
                    yield "address", str(action.URI)
                else:
                    yield "place", note.get("/Dest", action.get("/D"))


def test_every_chapter_is_in_the_outline(pdf, chapters):
    with pdf.open_outline() as outline:
        titles = [item.title.strip() for item in outline.root]
    wanted = [heading(soup.find("article").find("h1")) for soup in chapters.values()]
    assert ["".join(title.split()) for title in titles] == ["".join(title.split()) for title in wanted]


def test_every_link_leads_somewhere(pdf, chapters):
    known, kinds = {str(name).removeprefix("/") for name, _ in places(pdf).items()}, Counter()
    address = chapters["intro.html"].find("link", rel="canonical")["href"].removesuffix("intro.html")
    for kind, target in links(pdf):
        kinds[kind] += 1
        if kind == "place":
            assert isinstance(target, pikepdf.Array) or str(target).removeprefix("/") in known, target
        else:
            assert target.startswith(("https://", "http://")), target
            page = target.removeprefix(address).partition("#")[0]
            assert page not in chapters, f"{target} leads out of the PDF to a page that is in it"
    wanted = sum(len(soup.select("article a.internal[href]:not(.image-reference)")) for soup in chapters.values())
    assert kinds["place"] > 0.9 * wanted


def test_the_table_of_contents_has_the_right_pages(pdf, paper, chapters):
    contents = "".join(paper[1:6])
    numbers = {page.objgen: count for count, page in enumerate(pdf.pages, start=1)}
    found = {str(name).removeprefix("/"): numbers[place[0].objgen] for name, place in places(pdf).items()}
    for page, soup in chapters.items():
        title = "".join(heading(soup.find("article").find("h1")).split())
        number = found[page.removesuffix(".html").replace("/", "-")]
        # of a title on two lines, the number stands behind the first
        assert any(f"{title[:cut]}{number}{title[cut:]}" in contents for cut in range(len(title) + 1)), title
        assert paper[number - 1].startswith(str(number))
        assert title in paper[number - 1]


def test_nothing_is_missing(paper, chapters):
    whole = "".join(paper)
    for page, soup in chapters.items():
        article = soup.find("article")
        for caption in article.select("figcaption .caption-number"):
            assert "".join(caption.get_text().split()) in whole, f"{page}: {caption.get_text()}"
        for code in article.select(".cell:not(.tag_hide-input) .cell_input pre, .output.stream pre, .wrapped pre"):
            for line in code.get_text().split("\n"):
                assert "".join(line.split()) in whole, f"{page}: {line}"


def test_every_equation_has_its_number(paper, chapters):
    """A number stands beside its equation and wherever the text refers to it: as often on paper as on the site."""
    numbers = Counter()
    for soup in chapters.values():
        for tag in soup.select("article .eqno, article a.reference"):
            own = tag.find(string=True, recursive=False) if "eqno" in tag["class"] else tag.get_text()
            numbers.update(re.findall(r"^\(\d+\)$", own or ""))
    assert len(numbers) > 100
    on_paper = Counter(re.findall(r"\(\d+\)", "".join(paper)))
    assert [number for number, times in numbers.items() if on_paper[number] < times] == []


def test_nothing_is_cut(path):
    """The margins hold nothing but the page's number, and no page is empty."""
    with pdfium.PdfDocument(path) as document:
        for number, page in enumerate(document, start=1):
            assert [round(side / POINTS) for side in page.get_size()] == [210, 297]
            ink = page.render(scale=1 / POINTS, grayscale=True).to_numpy().squeeze() < 250  # a pixel is a millimetre
            assert ink[18:275, 18:192].any(), f"page {number} is empty"
            margins = np.concatenate([ink[:, :17].ravel(), ink[:, 193:].ravel(), ink[:16].ravel(), ink[290:].ravel()])
            assert not margins.any(), f"page {number}"


def test_nothing_is_shrunk(path):
    """Chromium makes everything smaller where something is too wide: the word "Contents" has 20 points."""
    with pdfium.PdfDocument(path) as document:
        text = document[1].get_textpage()
        index, _ = text.search("Contents").get_next()
        _, bottom, _, top = text.get_charbox(index, loose=True)
    assert 20 < top - bottom < 24


def test_fonts_are_embedded(pdf):
    fonts = {font.objgen: font for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
    assert len(fonts) > 5
    for font in fonts.values():
        if font.Subtype == "/Type3":  # glyphs drawn in the file itself
            continue
        own = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        assert any(key in own.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")), font.BaseFont


def test_a_reader_can_be_told_what_is_what(pdf):
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.Root.Lang) == "en"
    assert str(pdf.docinfo["/Title"]) == "Neural networks, computed"
    figures = [tag for tag in pdf.objects if isinstance(tag, pikepdf.Dictionary) and tag.get("/S") == "/Figure"]
    described = [tag for tag in figures if len(str(tag.get("/Alt", ""))) > 20]
    assert len(described) > 70
