"""What a reader expects of every page, as it is written: links lead somewhere, pictures are described."""

from urllib.parse import unquote, urldefrag, urlparse

from bs4 import BeautifulSoup


def test_the_address_of_the_site_leads_to_the_landing_page(html):
    refresh = BeautifulSoup((html / "index.html").read_text(), "html.parser").find("meta", {"http-equiv": "Refresh"})
    assert (html / refresh["content"].split("url=")[1]).is_file()


def test_links_inside_the_site_lead_somewhere(html, parsed):
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in parsed.items()}
    broken = []
    for page, soup in parsed.items():
        for link in soup.select("a[href]"):
            target, fragment = urldefrag(link["href"])
            if urlparse(target).scheme or link["href"] in ("#", ""):
                continue
            file = (html / page).parent / unquote(target) if target else html / page
            if not file.is_file():
                broken.append((page, link["href"]))
            elif file.suffix == ".html" and fragment:
                name = file.resolve().relative_to(html.resolve()).as_posix()
                if name in anchors and unquote(fragment) not in anchors[name]:
                    broken.append((page, link["href"]))
    assert not broken


def test_pictures_are_described_by_a_person(parsed):
    bare = []
    for page, soup in parsed.items():
        for image in soup.select("article img"):
            alt = image.get("alt", "")
            if len(alt) < 20 or alt.endswith((".png", ".svg", ".jpg")) or "_images/" in alt:
                bare.append((page, image.get("src"), alt))
    assert not bare


def test_no_page_shows_an_error(parsed):
    """A traceback, a reference that Sphinx could not resolve, a directive that was not understood."""
    for page, soup in parsed.items():
        text = soup.find("main").get_text() if soup.find("main") else ""
        for trace in ("Traceback (most recent call last)", "Error: ", "{eq}`", "{numref}`", "{prf:ref}`", "{cite}`"):
            assert trace not in text, f"{page} shows {trace!r}"
