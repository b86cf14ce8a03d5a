"""What is found and shared: one address, a description and a card for each page, notebooks that run elsewhere."""

import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import matplotlib.image
import pytest
import yaml
from bs4 import BeautifulSoup

NO_SOURCE = {".git", ".venv", "_build", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@pytest.fixture(scope="module")
def config(root):
    return yaml.safe_load((root / "_config.yml").read_text())


@pytest.fixture(scope="module")
def repository(config):
    return config["repository"]["url"]


@pytest.fixture(scope="module")
def site(repository):
    """The address of the site on GitHub Pages."""
    _, owner, name = repository.rsplit("/", 2)
    return f"https://{owner.lower()}.github.io/{name}/"


def written(root):
    """The text files of the repository; what is ignored by git is left out."""
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in NO_SOURCE and name != "__pycache__"]
        for name in names:
            path = Path(folder, name)
            try:
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_the_address_stands_in_one_place(root, repository, site):
    short = [address.removeprefix("https://").rstrip("/") for address in (repository, site)]
    places = [name for name, text in written(root) for address in short for _ in range(text.count(address))]
    assert places == ["_config.yml"]


# What a page says of itself


def meta(soup, name):
    found = soup.find_all("meta", {"name": name}) + soup.find_all("meta", {"property": name})
    assert len(found) == 1, name
    return found[0]["content"]


def test_every_page_has_its_own_title_and_description(parsed):
    titles, descriptions = {}, {}
    for page, soup in parsed.items():
        titles[page], text = soup.title.get_text(), meta(soup, "description")
        assert 10 < len(titles[page]) < 120, page
        assert 20 < len(text) < 240, page
        assert text[-1] in ".?!", page
        assert not re.search(r"[\\{}]| , |import ", text), f"{page}: {text}"
        descriptions[page] = text
    assert len(set(titles.values())) == len(titles)
    assert len(set(descriptions.values())) == len(descriptions)


def test_a_description_is_what_the_page_says(parsed):
    for page, soup in parsed.items():
        if page.startswith("chapters/"):
            said = " ".join(soup.find("article").get_text().split())
            assert meta(soup, "description") in said


def test_what_others_show_of_a_page(html, parsed, site):
    cards = set()
    for page, soup in parsed.items():
        if page == "search.html":
            assert meta(soup, "robots") == "noindex"
            continue
        assert soup.find("link", rel="canonical")["href"] == meta(soup, "og:url") == site + page
        assert meta(soup, "og:description") == meta(soup, "description")
        assert meta(soup, "og:title") in soup.title.get_text()
        assert meta(soup, "twitter:card") == "summary_large_image"
        cards.add((meta(soup, "og:image"), meta(soup, "og:image:height"), meta(soup, "og:image:width")))
    assert cards == {(f"{site}_static/card.png", "630", "1200")}
    card = matplotlib.image.imread(html / "_static" / "card.png")
    assert card.shape[:2] == (630, 1200)
    assert (card[..., :3].mean(axis=2) < 0.9).mean() > 0.05, "the card is empty"


def test_search_engines_are_told_every_page(root, html, site):
    assert f"Sitemap: {site}sitemap.xml" in (html / "robots.txt").read_text()
    entries = ElementTree.parse(html / "sitemap.xml").getroot()
    told = {entry[0].text: datetime.date.fromisoformat(entry[1].text) for entry in entries}
    contents = re.findall(r"(?:root|file): ([\w/-]+)", (root / "book" / "_toc.yml").read_text())
    assert set(told) == {f"{site}{page}.html" for page in contents}
    assert max(told.values()) <= datetime.datetime.now(datetime.UTC).date()


def test_every_page_names_its_licence_date_source_and_citation(root, html, parsed, repository, site):
    for page, soup in parsed.items():
        footer = soup.select_one("footer.bd-footer-content")
        assert {link.get_text() for link in footer.select("a[rel=license]")} == {"CC BY 4.0", "BSD 3-Clause"}
        cite = footer.find("a", string="Cite this book")["href"]
        target, _, label = cite.partition("#")
        cited = BeautifulSoup(((html / page).parent / target if target else html / page).read_text(), "html.parser")
        assert "@software{" in cited.find(id=label).parent.get_text()
        source = root / "book" / page
        if page != "genindex.html" and any(source.with_suffix(kind).exists() for kind in (".md", ".ipynb")):
            assert re.search(r"Last updated on \d{4}-\d\d-\d\d", footer.get_text()), page
            edit = soup.select_one("a.btn-source-edit-button")["href"]
            assert edit.startswith(f"{repository}/edit/main/")
            assert (root / edit.split("/edit/main/")[1]).is_file()
            assert soup.select_one("a.btn-source-issues-button")["href"].startswith(f"{repository}/issues/new?")


def test_the_citation_is_that_of_the_package(root, html, site):
    cff = yaml.safe_load((root / "CITATION.cff").read_text())
    assert f'__version__ = "{cff["version"]}"' in (root / "nnlib" / "__init__.py").read_text()
    entry = (
        BeautifulSoup((html / "bibliography.html").read_text(), "html.parser")
        .select_one(".highlight-bibtex")
        .get_text()
    )
    fields = dict(re.findall(r"^\s+(\w+)\s*= \{(.*)\},$", entry, re.MULTILINE))
    assert fields["title"] == f"{{{cff['title']}}}"
    assert fields["version"] == cff["version"]
    assert fields["year"] == str(cff["date-released"].year)
    assert fields["url"] == site


# Notebooks


@pytest.fixture(scope="module")
def notebooks(parsed):
    """The pages that are notebooks, and the links of their buttons."""
    buttons = {
        page: {button.get_text(strip=True): button["href"] for button in soup.select("a.dropdown-item")}
        for page, soup in parsed.items()
    }
    found = {page: links for page, links in buttons.items() if "Binder" in links}
    assert len(found) >= 14
    return found


def test_each_button_opens_the_very_chapter(root, html, notebooks, repository):
    owner, name = repository.rsplit("/", 2)[1:]
    for page, links in notebooks.items():
        binder, colab = urlsplit(links["Binder"]), urlsplit(links["Colab"])
        assert binder.path == f"/v2/gh/{owner}/{name}/main"
        opened = root / parse_qs(binder.query)["urlpath"][0].removeprefix("lab/tree/")
        assert opened.with_suffix("") == root / "book" / page.removesuffix(".html")
        assert opened.is_file()
        notebook = f"notebooks/{page.removesuffix('.html')}.ipynb"
        assert colab.path == f"/github/{owner}/{name}/blob/gh-pages/{notebook}"
        assert (html / page).parent.joinpath(links[".ipynb"]).resolve() == html / notebook


def outputs(notebook):
    """What a notebook printed, the digests of its pictures, and the elements that it made."""
    every = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    texts = ["".join(output["text"]) for output in every if output["output_type"] == "stream"]
    data = [output.get("data", {}) for output in every]
    pictures = [base64.b64decode("".join(each["image/png"])) for each in data if "image/png" in each]
    elements = [re.match(r"<([\w-]+)", "".join(each["text/html"]))[1] for each in data if "text/html" in each]
    return "".join(texts), {hashlib.sha256(picture).hexdigest() for picture in pictures}, elements


def test_the_notebook_that_is_downloaded_shows_what_the_page_shows(html, parsed, notebooks):
    for page, links in notebooks.items():
        notebook = json.loads((html / page).parent.joinpath(links[".ipynb"]).read_text(encoding="utf-8"))
        printed, pictures, elements = outputs(notebook)
        article = parsed[page].find("article")
        shown = "".join(output.get_text() for output in article.select(".cell_output .output.stream"))
        assert printed.split() == shown.split(), page
        # a picture's file is named by the digest of what the cell drew
        images = {Path(image["src"]).stem for image in article.select("img[src*='_images/']")}
        made = {Path(image["src"]).stem for image in article.select(".output.text_html img[src*='_images/']")}
        assert pictures == images - made, page
        for element in elements:
            assert article.find(element), page
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in code[1:]] == list(range(1, len(code))), "not run in this order"


def elsewhere(html):
    first = json.loads((html / "notebooks" / "chapters" / "01-network-function.ipynb").read_text())["cells"][0]
    return "".join(first["source"])


def run_cell(code, folder):
    """Run a cell in a folder, with pip replaced by its name; what is printed, and where it ends."""
    script = folder / "cell.ipy"
    record = "get_ipython().register_magic_function(lambda line: print('pip', line), 'line', 'pip')\n"
    script.write_text(f"{record}{code}\nimport os\nprint('ends in', os.getcwd())\n")
    command = [sys.executable, "-m", "IPython", "--no-banner", str(script)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_downloaded_notebook_fetches_the_book_where_it_is_not(root, html, repository, tmp_path):
    name = repository.rsplit("/", 1)[1]
    source = tmp_path / name
    (source / "book" / "chapters").mkdir(parents=True)
    (source / "book" / "course.mplstyle").touch()
    (source / "book" / "chapters" / "page.ipynb").touch()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "a book"]):
        subprocess.run([*git, *command], cwd=source, check=True)
    (tmp_path / "colab").mkdir()
    code = elsewhere(html).replace(repository, source.as_uri())
    assert code != elsewhere(html)
    for _ in range(2):  # also when the kernel is started again
        printed = run_cell(code, tmp_path / "colab")
        assert f'pip install --quiet "./{name}[extras]"' in printed
        assert f"ends in {tmp_path / 'colab' / name / 'book' / 'chapters'}" in printed
        assert "fatal" not in printed
    printed = run_cell(code, source / "book" / "chapters")
    assert "pip" not in printed
    assert f"ends in {source / 'book' / 'chapters'}" in printed


# The page for addresses that do not exist


def test_an_address_that_does_not_exist_leads_back_into_the_book(html, browser, site):
    base = urlsplit(site).path

    class AsOnPages(http.server.SimpleHTTPRequestHandler):
        """The site under its path; 404.html, with status 404, for everything else."""

        def do_GET(self):
            file = html / unquote(urlsplit(self.path).path).removeprefix(base)
            found = self.path.startswith(base) and file.is_file()
            self.send_response(200 if found else 404)
            kind = self.guess_type(str(file)) if found else "text/html"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write((file if found else html / "404.html").read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AsOnPages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        page, missing = browser.new_page(), []
        page.on("response", lambda response: response.status >= 400 and missing.append(response.url))
        lost = f"{origin}{base}no/such/page.html"
        page.goto(lost, wait_until="load")
        assert page.locator("h1", has_text="There is no such page").is_visible()
        assert missing == [lost]
        for link in page.locator("nav.bd-links a").all():
            path = urlsplit(link.evaluate("link => link.href")).path
            assert (html / path.removeprefix(base)).is_file(), path
        page.locator("article a", has_text="its first page").click()
        page.wait_for_load_state("networkidle")
        assert page.url == f"{origin}{base}intro.html"
        page.close()
        server.shutdown()


# Another address, no git, a JupyterHub


@pytest.fixture(scope="module")
def moved(root, tmp_path_factory):
    """A book of two pages, one of them committed long ago, at another address and with a hub, built by this project."""
    folder = tmp_path_factory.mktemp("moved")
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["repository"]["url"] = "https://github.com/Elsewhere/other-name"
    config["launch_buttons"]["jupyterhub_url"] = "https://hub.example.org"
    config["sphinx"] = {"local_extensions": {"published": "book/_ext"}}
    config["html"].pop("favicon")
    config.pop("bibtex_bibfiles")
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    shutil.copytree(root / "book" / "_ext", folder / "book" / "_ext")
    shutil.copy(root / "CITATION.cff", folder)
    (folder / "book" / "_toc.yml").write_text("format: jb-book\nroot: old\nchapters: [{file: new}]\n")
    cells = [
        {
            "cell_type": "markdown",
            "id": "a",
            "metadata": {},
            "source": "# *New* & old\n\nA new page, and it says so.\n",
        },
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "print(6 * 7)",
            "outputs": [],
            "execution_count": None,
        },
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "book" / "new.ipynb").write_text(json.dumps(notebook))
    (folder / "book" / "old.md").write_text(
        "# Old\n\n(cite)=\n## Cite\n\n<!-- cite -->\n\n```\ngit clone <repository>\n```\n"
    )
    at = os.environ | {"GIT_AUTHOR_DATE": "2001-02-03T12:00", "GIT_COMMITTER_DATE": "2001-02-03T12:00"}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "-q"], ["add", "book/old.md", "CITATION.cff"], ["commit", "-qm", "old"]):
        subprocess.run([*git, *command], cwd=folder, check=True, env=at)
    build = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "--config", "_config.yml"]
    build += ["--path-output", ".", "-W", "-n"]
    epoch = os.environ | {"SOURCE_DATE_EPOCH": "1000000000"}  # 2001-09-09
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, env=epoch)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


def test_one_line_moves_the_book(moved, repository, site):
    for file in moved.rglob("*"):
        if file.suffix in (".html", ".ipynb", ".xml", ".txt") and "_sources" not in file.parts:
            text = file.read_text(encoding="utf-8")
            assert repository not in text, file
            assert site not in text, file
    old, new = (moved / "old.html").read_text(), (moved / "new.html").read_text()
    assert 'rel="canonical" href="https://elsewhere.github.io/other-name/old.html"' in old
    cite, clone = (each.get_text() for each in BeautifulSoup(old, "html.parser").select("pre"))
    assert "https://elsewhere.github.io/other-name/" in cite
    assert clone.strip() == "git clone https://github.com/Elsewhere/other-name"
    assert "https://mybinder.org/v2/gh/Elsewhere/other-name/main?urlpath=lab/tree/book/new.ipynb" in new
    hub = BeautifulSoup(new, "html.parser").find("a", title="Launch on JupyterHub")["href"]
    asked = parse_qs(urlsplit(hub).query)
    assert hub.startswith("https://hub.example.org/hub/user-redirect/git-pull?")
    assert asked["repo"] == ["https://github.com/Elsewhere/other-name"]
    assert asked["urlpath"] == ["lab/tree/other-name/book/new.ipynb"]


def test_a_page_is_shared_under_the_title_that_a_reader_sees(moved):
    page = BeautifulSoup((moved / "new.html").read_text(), "html.parser")
    assert page.find("meta", property="og:title")["content"] == "New & old"


def test_a_page_says_when_it_was_committed_or_else_built(moved):
    assert "Last updated on 2001-02-03" in (moved / "old.html").read_text()
    assert "Last updated on 2001-09-09" in (moved / "new.html").read_text()


# The build script


@pytest.mark.parametrize(
    ("name", "executed", "read"),
    [
        ("nnlib/a.py", {""}, {""}),
        ("requirements.txt", {""}, {""}),
        ("book/_data/b.npz", {"_data"}, {"_data"}),
        ("grading/tell/a.py", {"grading", "solutions", "exercises"}, {"grading", "solutions", "exercises"}),
        ("solutions/mistakes.toml", {"grading", "solutions", "exercises"}, {"grading", "solutions", "exercises"}),
        ("book/_ext/interactive.py", {"interactive"}, {"interactive", ""}),
        ("book/_ext/c.py", set(), {""}),
        ("book/_toc.yml", set(), {""}),
        ("scripts/build_book.py", set(), {""}),
        ("grading/state/submitted/a/b.py", set(), set()),
    ],
)
def test_what_was_executed_is_kept_until_something_under_it_changes(script, tmp_path, name, executed, read):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("before")
    stamps = {tmp_path / "cells": (), tmp_path / "pages": script.AROUND_THE_CELLS}
    for stamp, around in stamps.items():
        script.write(stamp, script.under(*around))
        assert script.changed(stamp, script.under(*around)) == set()
    (tmp_path / name).write_text("after")
    now = [script.changed(stamp, script.under(*around)) for stamp, around in stamps.items()]
    assert now == [executed, read]


@pytest.mark.parametrize(("owner", "said"), [("nn-course", True), ("a-university", False)])
def test_the_build_says_that_the_address_is_a_placeholder(script, tmp_path, monkeypatch, capsys, owner, said):
    (tmp_path / "_config.yml").write_text(f"repository: {{url: https://github.com/{owner}/nn-course}}\n")
    monkeypatch.setattr(script, "execute", dict)
    monkeypatch.setattr(script.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert script.main() == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "_build" / "html" / "index.html") in printed
    assert ("is a placeholder" in printed) is said
