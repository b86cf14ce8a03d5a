"""What a published page has beside its text: addresses, a description, a card, a date, licences, the notebook that ran.

The repository's address stands in _config.yml alone, as ``repository.url``. Pages write it as ``<repository>``, and the
last part of it as ``<repository-name>``. The site's address is the one that GitHub Pages gives to that repository,
unless ``html.baseurl`` names another. A page that holds ``<!-- cite -->`` gets the entry that CITATION.cff describes.
"""

import base64
import datetime
import io
import os
import re
import subprocess
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import matplotlib.image
import matplotlib.pyplot as plt
import nbformat
import yaml
from docutils import nodes
from jupyter_cache import get_cache
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

CARD = "_static/card.png"
PDF = "neural-networks-computed.pdf"  # scripts/pdf.py makes it; what is published has it
UNLISTED = {"404", "search"}  # nothing that a search engine should show
MADE_BY_SPHINX = {"genindex": "Index", "search": "Search"}
CITE = "<!-- cite -->"
LICENCES = {
    "CC-BY-4.0": ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "BSD-3-Clause": ("BSD 3-Clause", "https://opensource.org/license/bsd-3-clause"),
}
NOT_FOUND = """<h1>There is no such page</h1>
<p>The address may be mistyped, or the page was moved. <a href="search.html">Search the book</a>, or start at
<a href="{home}">its first page</a>.</p>"""
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{urls}</urlset>
"""
ELSEWHERE = """# Does nothing where the book is. Elsewhere, as on Colab, it fetches the book and installs its library.
from pathlib import Path

if not Path("{up}course.mplstyle").exists():
    if not Path("{name}").exists():
        !git clone --quiet --depth 1 --branch {branch} {repository}
    %pip install --quiet "./{name}[extras]"
    %cd {name}/{folder}"""


# Addresses


def repository(config: Config) -> str:
    """The address of the repository."""
    return str(config.html_theme_options["repository_url"]).rstrip("/")


def derive_site(app: Sphinx, config: Config) -> None:
    """Give the site the address of the repository's GitHub Pages, if it has none of its own."""
    _, owner, name = repository(config).rsplit("/", 2)
    config.html_baseurl = (config.html_baseurl or f"https://{owner.lower()}.github.io/{name}").rstrip("/") + "/"


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Put addresses and the citation in the place of their marks."""
    address = repository(app.config)
    source[0] = source[0].replace("<repository>", address).replace("<repository-name>", address.rsplit("/", 1)[1])
    if CITE in source[0]:
        app.env.note_dependency(str(Path(app.srcdir).parent / "CITATION.cff"))
        source[0] = source[0].replace(CITE, f"```bibtex\n{bibtex(app)}\n```")


# What the page says of itself


def citation(app: Sphinx) -> dict[str, Any]:
    """CITATION.cff."""
    found: dict[str, Any] = yaml.safe_load((Path(app.srcdir).parent / "CITATION.cff").read_text(encoding="utf-8"))
    return found


def subtitle(app: Sphinx) -> str:
    """What stands after the colon of the title in CITATION.cff."""
    return str(citation(app)["title"]).partition(": ")[2].capitalize()


def bibtex(app: Sphinx) -> str:
    """CITATION.cff as an entry for BibTeX; braces keep the names of organizations in one piece."""
    cff = citation(app)
    authors = (
        f"{a['family-names']}, {a['given-names']}" if "family-names" in a else f"{{{a['name']}}}"
        for a in cff["authors"]
    )
    fields = {
        "author": " and ".join(authors),
        "title": f"{{{cff['title']}}}",
        "year": str(cff["date-released"])[:4],
        "version": cff["version"],
        "url": app.config.html_baseurl,
    }
    body = "".join(f"  {name:7} = {{{value}}},\n" for name, value in fields.items())
    return f"@{cff['type']}{{neural_networks_computed,\n{body}}}"


def description(doctree: nodes.document | None, otherwise: str, longest: int = 240) -> str:
    """The first whole sentences that can be read by themselves: they hold no formula and refer to none."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        if not isinstance(paragraph.parent, nodes.section):
            continue  # a box, a list, a table
        words = paragraph.deepcopy()
        for formula in [*words.findall(nodes.math)]:
            formula.replace_self(nodes.Text("(0)"))
        said = ""
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(words.astext().split())):
            alone = sentence[-1:] in (".", "?", "!") and not re.search(r"\(\d+\)|\[\d{4}\]", sentence)
            if alone and len(said) + len(sentence) < longest:
                said = f"{said} {sentence}".strip()
            elif said:
                break
        if len(said) > 40:
            return said
    return otherwise


def last_change(app: Sphinx, page: str) -> str:
    """The day of the last commit that touched the page or what it is made from; without git, the day of the build."""
    book = Path(app.srcdir)
    files = [app.env.doc2path(page), *(book / name for name in app.env.dependencies.get(page, ()))]
    log = ["git", "log", "-1", "--format=%cs", "--", *map(str, files)]
    try:
        day = subprocess.run(log, cwd=book, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:  # no git
        day = ""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else datetime.datetime.now(datetime.UTC)
    return day or str(now.date())


def describe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Title, description, card, canonical address, date and footer of a page."""
    book = app.config.html_title
    if page == app.config.root_doc:
        context["title"] = subtitle(app)  # or the book's title would stand there twice
    title = Markup(context.get("title") or MADE_BY_SPHINX.get(page, page)).striptags()
    text = description(doctree, f"{title} of the book “{book}”.")
    tags = [("name", "description", text), ("property", "og:title", title), ("property", "og:description", text)]
    tags += [("property", "og:type", "website"), ("property", "og:site_name", book)]
    tags += [("property", "og:url", context["pageurl"])] if context.get("pageurl") else []
    tags += [("property", "og:image", app.config.html_baseurl + CARD), ("property", "og:image:width", "1200")]
    tags += [("property", "og:image:height", "630"), ("property", "og:image:alt", f"The title of the book: {book}")]
    tags += [("name", "twitter:card", "summary_large_image")]
    if page in UNLISTED:
        context["pageurl"] = None
        tags = [("name", "robots", "noindex"), *tags[:1]]
    lines = [f'<meta {kind}="{key}" content="{escape(value)}" />' for kind, key, value in tags]
    if page == "404":  # it is shown in the place of any address, however deep
        lines.insert(0, f'<base href="{urlsplit(app.config.html_baseurl).path}" />')
    context["metatags"] = context.get("metatags", "") + "\n".join(["", *lines, ""])
    context["last_updated"] = last_change(app, page) if page in app.env.found_docs else None
    context["theme_extra_footer"] = footer(app, context)


def footer(app: Sphinx, context: dict[str, Any]) -> str:
    """The licences, and how to cite."""
    (text, text_terms), (code, code_terms) = LICENCES["CC-BY-4.0"], LICENCES["BSD-3-Clause"]
    parts = [f'Text and figures: <a rel="license" href="{text_terms}">{text}</a>.']
    parts += [f'Code: <a rel="license" href="{code_terms}">{code}</a>.']
    if "cite" in (labels := app.env.get_domain("std").anonlabels):  # type: ignore[attr-defined]
        target = context["pathto"](labels["cite"][0]).rstrip("#")  # to the page itself it would be "#"
        parts.append(f'<a href="{target}#cite">Cite this book</a>.')
    parts.append(f'<a href="{app.config.html_baseurl}{PDF}">The book as one PDF</a>.')
    return f"<p>{' '.join(parts)}</p>"


def point_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let the buttons for notebooks lead to the notebook that ran, with its outputs and the cell for elsewhere."""
    if "kernelspec" not in app.env.metadata[page]:
        return
    here, there = f"notebooks/{page}.ipynb", repository(app.config).rsplit("/", 2)
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["text"] == ".ipynb":
                button |= {"url": context["pathto"](here, 1), "tooltip": "Download the notebook with its outputs"}
            elif button["text"] == "Colab":  # it opens what lies in a repository: here the branch that is the site
                server = app.config.html_theme_options["launch_buttons"]["colab_url"].rstrip("/")
                button["url"] = f"{server}/github/{there[1]}/{there[2]}/blob/gh-pages/{here}"


# Files beside the pages


def executed(app: Sphinx) -> Iterator[tuple[str, nbformat.NotebookNode]]:
    """Each page that is a notebook, with the outputs that the page shows."""
    build = Path(app.outdir).parent
    cache = get_cache(build / ".jupyter_cache")
    for page in sorted(page for page in app.env.found_docs if "kernelspec" in app.env.metadata[page]):
        source = nbformat.read(build / "jupyter_execute" / f"{page}.ipynb", as_version=4)
        try:
            yield page, cache.merge_match_into_notebook(source)[1]
        except KeyError:
            raise ExtensionError(f"{page} was not executed: build with scripts/build_book.py") from None


def cell_for_elsewhere(app: Sphinx, page: str) -> nbformat.NotebookNode:
    """A cell that makes the notebook run where neither the book nor nnlib is."""
    options, address = app.config.html_theme_options, repository(app.config)
    code = ELSEWHERE.format(
        up="../" * page.count("/"),
        name=address.rsplit("/", 1)[1],
        branch=options["repository_branch"],
        repository=address,
        folder=Path(options["path_to_docs"], page).parent.as_posix(),
    )
    return nbformat.v4.new_code_cell(code, id="elsewhere", metadata={"tags": ["remove-cell"]})


def card(title: str, subtitle: str, picture: bytes | None) -> bytes:
    """1200 × 630 pixels: the title over a figure of the book."""
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    height = 0.62 if picture else 0.5
    figure.text(0.06, height + 0.17, title, size=46, weight="bold", color="#0072B2", va="center")
    figure.text(0.06, height + 0.04, textwrap.fill(subtitle, 60), size=23, color="#333333", va="center")
    if picture:
        axes = figure.add_axes((0.04, 0.04, 0.92, 0.54))
        axes.imshow(matplotlib.image.imread(io.BytesIO(picture)), interpolation="antialiased")
        axes.axis("off")
    file = io.BytesIO()
    figure.savefig(file, format="png")
    plt.close(figure)
    return file.getvalue()


def first_picture(notebook: nbformat.NotebookNode) -> bytes | None:
    """The first figure that a notebook draws."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = (output.data["image/png"] for output in outputs if "image/png" in output.get("data", {}))
    return next(map(base64.b64decode, pictures), None)


def write_files(app: Sphinx, error: Exception | None) -> None:
    """The notebooks that ran, the card, the list of pages for search engines."""
    if error is not None or app.builder.name != "html":
        return
    out, site, picture = Path(app.outdir), app.config.html_baseurl, None
    for page, notebook in executed(app):
        if page == app.config.root_doc:
            picture = first_picture(notebook)
        notebook.cells.insert(0, cell_for_elsewhere(app, page))
        file = out / "notebooks" / f"{page}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(nbformat.writes(notebook), encoding="utf-8")
    (out / CARD).write_bytes(card(app.config.html_title, subtitle(app), picture))
    pages = {site + app.builder.get_target_uri(page): last_change(app, page) for page in sorted(app.env.found_docs)}
    urls = "".join(f"<url><loc>{escape(url)}</loc><lastmod>{day}</lastmod></url>\n" for url, day in pages.items())
    (out / "sitemap.xml").write_text(SITEMAP.format(urls=urls))
    (out / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {site}sitemap.xml\n")


def not_found(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """404.html."""
    home = app.builder.get_target_uri(app.config.root_doc)
    return [("404", {"title": "No such page", "body": NOT_FOUND.format(home=home)}, "page.html")]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", derive_site)
    app.connect("source-read", insert)
    app.connect("html-collect-pages", not_found)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", point_buttons, priority=900)  # after the theme has made them
    app.connect("build-finished", write_files)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
