"""What a reader expects of every page: it works without a network, links lead somewhere, pictures are described."""

from urllib.parse import unquote, urldefrag, urlparse

import pytest
from bs4 import BeautifulSoup

STRETCHED = """async () => {
    const images = [...document.querySelectorAll("article img")];
    await Promise.all(images.map(image => { image.loading = "eager"; return image.decode(); }));
    const shape = image => image.clientHeight / image.clientWidth * image.naturalWidth / image.naturalHeight;
    return images.filter(image => image.clientWidth && Math.abs(shape(image) - 1) > 0.02).map(image => image.alt);
}"""
WIDE, NARROW = {"width": 1300, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def parsed(html, pages):
    return {page: BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser") for page in pages}


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_in_a_browser(browser, address, pages, scheme, size):
    """Nothing comes from outside, the console is silent, formulas are set, nothing is wider than the screen."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    context.add_init_script(f"localStorage.setItem('mode', '{scheme}'); localStorage.setItem('theme', '{scheme}')")
    outside, problems = [], []

    def handle(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            return route.continue_()
        outside.append(route.request.url)
        return route.abort()

    context.route("**/*", handle)
    for path in pages:
        page = context.new_page()
        page.on("console", lambda m, path=path: m.type == "error" and problems.append((path, m.text)))
        page.on("pageerror", lambda e, path=path: problems.append((path, str(e))))
        page.on("response", lambda r, path=path: r.status >= 400 and problems.append((path, f"{r.status} {r.url}")))
        page.goto(f"{address}/{path}", wait_until="load")
        formulas = page.locator("main .math").count()
        if formulas:
            page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise", timeout=30_000)
            page.evaluate("MathJax.startup.promise.then(() => null)")
            assert page.locator("main mjx-container").count() >= formulas, f"{path}: formulas are not set"
            assert page.locator("mjx-merror").count() == 0, f"{path}: a formula with a mistake"
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 1:
            problems.append((path, f"{wider} px wider than the screen"))
        problems.extend((path, f"stretched picture: {alt}") for alt in page.evaluate(STRETCHED))
        page.close()
    context.close()
    assert not outside
    assert not problems
