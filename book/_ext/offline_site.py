"""Make the built site complete in itself and light: no request to another host, and nothing that no page uses.

Sphinx and its themes bring 4 MB to every page. Here scripts wait until the page is seen, all style sheets become one
that holds only rules for what the pages contain, icon fonts keep only the icons that are shown, and pictures are stored
as WebP. Each page is changed just before Sphinx writes it. Formulas are set already: typeset.py.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from PIL import Image
from sphinx.application import Sphinx
from typeset import FONTS, source, typesetter

UNUSED = "fontawesome.js"  # icons come from a font
BUILT_BY_SCRIPT = {"bs-tooltip-auto"}  # classes whose names Bootstrap puts together
PLAIN = {"n", "nn", "nx", "p", "w"}  # what Pygments marks and its style leaves in the colour of the text

STYLE = re.compile(r'<link(?=[^>]* rel="stylesheet")[^>]* href="([^"]*?)_static/([^"?]+)(\?[^"]*)?"[^>]*>\s*')
SCRIPT = re.compile(r"<script([^>]*>.*?)</script>\s*", re.DOTALL)
CLASS = re.compile(r'class="([^"]*)"')
TOKEN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
EMBEDDED = re.compile(r'src="data:image/png;base64,([^"]+)"')
SIDES = re.compile(r'<img (?P<rest>[^>]*?)style="width: (?P<width>[\d.]+)px; height: (?P<height>[\d.]+)px;"')
HASHED = re.compile(r"[0-9a-f]{64}")  # a name that follows from the content
CORNER = re.compile(r'<th class="head[^>]*>\s*(?:<p>\s*</p>)?\s*</th>')  # of a table: it heads nothing
WORD = re.compile(r"-?[A-Za-z_][\w-]*")
SPACE = re.compile(r"\s*\n\s*")
EMPTY = 0xEFFC  # the one character of MathJax_Zero
ESCAPED = re.compile(r"\\([0-9a-f]{2,6})(?![0-9a-f])")
NAMED = re.compile(r"(?:^|[(,] ?)((?:Lemma|Theorem|Assumption|Proposition|Corollary|Algorithm) \d+(?:\.\d+)*)")


# Pages


def lighten_script(found: re.Match[str]) -> str:
    """Let a script wait until the page is seen, or leave it out."""
    if UNUSED in found[0]:
        return ""
    attributes, _, body = found[1].partition(">")
    if "src=" in attributes and not re.search(r"\b(defer|async|type)\b", attributes):
        return found[0].replace("<script", "<script defer", 1)
    if body.lstrip().startswith("DOCUMENTATION_OPTIONS."):  # after the file that makes them
        return found[0].replace("<script", '<script type="module"', 1)
    return found[0]


def digest(texts: Iterable[str]) -> str:
    """A short name for texts in their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def accessible(html: str) -> str:
    """What the theme leaves unsaid to those who listen."""
    html = html.replace("<summary>", '<summary aria-label="Pages of this part">')  # of the sidebar: it shows an arrow
    html = html.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # it shows other words
    html = html.replace('role="doc-biblioentry"', 'role="listitem"')  # a role that was given up
    html = html.replace("<p>✅</p>", "<p>succeeded</p>")  # in the table of executed pages
    html = CORNER.sub("<td></td>", html)
    return html.replace('<meta name="viewport" content="width=device-width, initial-scale=1" />', "")


class Site:
    """The pages of one build, and the files that they ask for."""

    def __init__(self, app: Sphinx) -> None:
        self.out = Path(app.outdir)
        self.static = self.out / "_static"
        self.images = self.out / "_images"
        self.bundles: dict[str, list[str]] = {}  # a style sheet of ours, and those that it is made of

    def finish(self, html: str) -> str:
        """A page as it is to be written."""
        html = TOKEN.sub(lambda token: token[2] if token[1] in PLAIN else token[0], html)
        html = self.link_pictures(html)
        html = self.link_styles(SCRIPT.sub(lighten_script, html))
        return accessible(html)

    def link_pictures(self, html: str) -> str:
        """Pictures as files in WebP, with their sides known before they load; those below the first load when seen."""

        def store(found: re.Match[str]) -> str:
            png = base64.b64decode(found[1])
            name = hashlib.sha256(png).hexdigest()
            self.images.mkdir(exist_ok=True)
            (self.images / f"{name}.png").write_bytes(png)
            return f'src="{up}_images/{name}.png"'

        up = found[1] if (found := re.search(r'data-content_root="([^"]*)"', html)) else ""
        html = EMBEDDED.sub(store, html)
        html = re.sub(r'(_images/[^"]+)\.png"', r'\1.webp"', html)
        html = SIDES.sub(r'<img \g<rest>width="\g<width>" height="\g<height>"', html)
        start, *others = re.split(r'(?=<img [^>]*src="[^"]*_images/)', html)
        later = (rest.replace("<img ", '<img loading="lazy" ', 1) for rest in others[1:])
        return "".join([start, *others[:1], *later])

    def link_styles(self, html: str) -> str:
        """One style sheet in the place of all."""
        found = list(STYLE.finditer(html))
        sheets = [sheet.groups("") for sheet in found]
        if not sheets:
            return html
        bundle = f"styles/book-{digest(name for _, name, _ in sheets)}.css"
        self.bundles[bundle] = [name for _, name, _ in sheets]
        version = digest(version for _, _, version in sheets)
        link = f'<link rel="stylesheet" href="{sheets[0][0]}_static/{bundle}?v={version}" />\n'
        before, after = html[: found[0].start()], html[found[0].start() :]
        return before + link + STYLE.sub("", after)

    # Files beside the pages

    def write(self) -> None:
        """Style sheets, fonts and pictures, and names in the search."""
        self.write_pictures()
        present = self.classes()
        for bundle, names in self.bundles.items():
            css = "\n".join([*map(self.style, names), typesetter.stylesheet()])
            css = "".join(only_used(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), present))
            (self.static / bundle).write_text('@charset "utf-8";' + self.write_fonts(css), encoding="utf-8")
        name_results(self.out / "searchindex.js")

    def classes(self) -> set[str]:
        """Every class on a page, and every word of a script, which may be one."""
        pages = [page.read_text(encoding="utf-8") for page in self.out.rglob("*.html")]
        scripts = [script.read_text(encoding="utf-8") for script in self.static.rglob("*.js")]
        scripts += [script for page in pages for script in SCRIPT.findall(page)]
        named = (value.split() for page in pages for value in CLASS.findall(page))
        return BUILT_BY_SCRIPT.union(*named, *map(WORD.findall, scripts))

    def style(self, name: str) -> str:
        """A style sheet with what it imports, its addresses seen from the folder styles."""
        file = self.static / name
        css = re.sub(r'@import "([^"]+)";', "", text := file.read_text(encoding="utf-8"))
        for imported in re.findall(r'@import "([^"]+)";', text):
            css = self.style((file.parent / imported).resolve().relative_to(self.static.resolve()).as_posix()) + css
        return css if name.startswith("styles/") else re.sub(r"url\((?!data:|[\"'])", "url(../", css)

    def write_fonts(self, css: str) -> str:
        """Fonts with the characters that the style sheet names, and the style sheet with their addresses.

        Icons and the characters of formulas stand nowhere else.
        """
        used = {*map(ord, css), *(int(code, 16) for code in ESCAPED.findall(css)), EMPTY}
        (self.static / "fonts").mkdir(exist_ok=True)

        def put(found: re.Match[str]) -> str:
            formulas, icons = source() / FONTS, self.static / "vendor/fontawesome/webfonts"
            file = formulas / f"{found[1]}.woff" if found[1].startswith("MathJax") else icons / f"{found[1]}.ttf"
            options = subset.Options(flavor="woff", layout_features=[])
            options.drop_tables += ["FFTM"]  # dates
            font = subset.load_font(file, options)
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=used)
            subsetter.subset(font)
            subset.save_font(font, self.static / "fonts" / f"{found[1]}.woff", options)
            return f'src:url(../fonts/{found[1]}.woff) format("woff")'

        return re.sub(r"src:\s*url\([^)]*?(MathJax_[\w-]+|fa-[\w-]+)\.woff2?\"?\)[^;}]*", put, css)

    def write_pictures(self) -> None:
        """WebP in the place of PNG, a third of its size: colours stay, and edges fade in 16 steps instead of 256."""

        def convert(png: Path) -> None:
            webp = png.with_suffix(".webp")
            if not (HASHED.fullmatch(png.stem) and webp.is_file()):
                with Image.open(png) as opened:
                    image = opened.convert("RGBA")
                image.putalpha(image.getchannel("A").point(lambda alpha: round(alpha / 17) * 17))
                image.save(webp, lossless=True, quality=60, method=4)
            png.unlink()

        with ThreadPoolExecutor() as pool:
            list(pool.map(convert, self.images.glob("*.png")))


def only_used(rules: list[Any], present: set[str]) -> Iterator[str]:
    """The rules about classes that occur. What stands in parentheses, as after :not, is not looked at."""
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors: list[list[Any]] = [[]]
            for token in rule.prelude:
                if token == ",":
                    selectors.append([])
                else:
                    selectors[-1].append(token)
            kept = [each for each in selectors if classes(each) <= present]
            if kept:
                yield ",".join(tinycss2.serialize(each).strip() for each in kept)
                yield f"{{{SPACE.sub('', tinycss2.serialize(rule.content))}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if text := "".join(only_used(inner, present)):
                yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}"
        elif rule.type != "at-rule" or rule.lower_at_keyword != "charset":
            yield rule.serialize()


def classes(selector: list[Any]) -> set[str]:
    """The classes that an element must have, or one of those above it."""
    return {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def name_results(index: Path) -> None:
    """Let the search find a theorem by its number, and show titles as they stand on the page.

    Sphinx searches for words, not numbers, and finds a title only if the query is half of it.
    """
    text = index.read_text(encoding="utf-8")
    found = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    titles: dict[str, list[Any]] = {}
    for title, places in found["alltitles"].items():
        bare = re.sub(r"^\s*\((.*)\)$", r"\1", title)
        for name in {bare, *NAMED.findall(bare)}:
            titles.setdefault(name, []).extend(place for place in places if place not in titles.get(name, []))
    found["alltitles"] = titles
    index.write_text(f"Search.setIndex({json.dumps(found, separators=(',', ':'))})", encoding="utf-8")


def finish_pages(app: Sphinx) -> None:
    """Stand between the templates and the files."""
    if app.builder.format != "html":
        return
    site, render = Site(app), app.builder.templates.render

    def finished(template: str, context: dict[str, Any]) -> str:
        html = render(template, context)
        return site.finish(html) if "<html" in html else html

    app.builder.templates.render = finished
    app.connect("build-finished", lambda _, error: error or site.write(), priority=900)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", finish_pages)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": False}
