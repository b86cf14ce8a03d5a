"""The site is light: few requests, few bytes, and something is seen at once."""

import re

from PIL import Image

FIRST_PAINT = 1000  # milliseconds


def test_something_is_seen_at_once(browser, address, html, report):
    """The heaviest page. The best of three, because a busy machine is not the site's fault."""
    path = max(html.glob("chapters/*.html"), key=lambda page: page.stat().st_size)
    url = f"{address}/{path.relative_to(html).as_posix()}"
    assert min(report.first_paint(browser, url, 1) for _ in range(3)) < FIRST_PAINT


def test_no_script_keeps_the_page_waiting(html, pages):
    for path in pages:
        for attributes in re.findall(r"<script([^>]*\bsrc=[^>]*)>", (html / path).read_text(encoding="utf-8")):
            assert re.search(r"\b(defer|async)\b|type=\"module\"", attributes), f"{path}: {attributes}"


def test_pictures_are_small_and_sharp(html):
    """WebP with two points for each of the page's, as screens have them."""
    pictures = list((html / "_images").iterdir())
    assert {picture.suffix for picture in pictures} <= {".webp", ".svg"}
    for picture in pictures:
        if picture.suffix == ".webp":
            with Image.open(picture) as image:
                assert image.width >= 600, picture


def test_what_is_left_out_of_the_style_sheet_is_not_missed(html, pages):
    """Every icon of every page has its picture, and every character of every formula."""
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in html.glob("_static/styles/book-*.css"))
    rules = set(re.findall(r"\.((?:fa|mjx-c)[\w-]+)", css))
    for path in pages:
        text = (html / path).read_text(encoding="utf-8")
        names = {name for value in re.findall(r'class="([^"]*)"', text) for name in value.split()}
        assert {name for name in names if re.match(r"fa-[a-z]|mjx-c[0-9A-F]+$", name)} - rules <= {"fa-lg"}, path
