"""The site in a reader's hands, served and from a disk: search, buttons, keyboard."""

import re

import pytest

KINDS = ["a request to somewhere else", "a request that failed", "console", "a formula that is not set"]
KINDS += ["a font that did not load", "a picture that did not load", "a picture out of shape"]
KINDS += ["a page wider than the screen", "something that is cut off", "something that the keyboard cannot scroll"]


def test_the_eye_sees_what_it_should(window, tmp_path):
    """A page with one fault of each kind that a page can have by itself."""
    faults = """<article><p>\\(x\\) and $$y$$</p><span class="math"></span><img src="none.png">
        <div style="overflow: hidden; width: 50px"><b style="display: block; width: 99px">cut</b></div>
        <div style="overflow: auto; width: 50px"><i style="display: block; width: 99px">far</i></div>
        <p style="width: 2000px">wide</p><script>missing()</script><script src="http://127.0.0.1:9/x.js"></script>
        <img style="width: 50px; height: 9px" src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9'
        height='9'/>"></article>"""
    (tmp_path / "faults.html").write_text(f"<!DOCTYPE html><title>f</title><main>{faults}</main>", encoding="utf-8")
    with window(tmp_path.as_uri()) as reader:
        reader.look("faults.html")
    assert set(KINDS) - set(reader.problems) <= {"a font that did not load"}


@pytest.fixture(params=["served", "from a disk"])
def reader(request, window, address, disk):
    """A window in which nothing goes wrong until its test is over."""
    with window(address if request.param == "served" else disk) as opened:
        yield opened
    assert opened.found() == {}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("backpropagation", ["chapters/04-backpropagation.html", "exercises/backprop.html"]),
        ("vanishing gradients", ["chapters/09-vanishing-gradients.html", "exercises/vanishing-gradients.html"]),
        ("Lemma 2", ["chapters/06-theory-of-sgd.html#lem-two"]),
        ("Theorem 4.7", ["chapters/06-theory-of-sgd.html#thm-strong-decay"]),
    ],
)
def test_the_search_finds(reader, words, wanted):
    page = reader.open("intro.html")
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#search-results h2')?.innerText === 'Search Results'")
    results = page.locator("#search-results li a")
    titles, links = results.all_inner_texts(), [each.get_attribute("href") for each in results.all()]
    assert set(wanted) <= set(links[:6])
    assert [title for title in titles if title != title.strip() or title.startswith("(")] == []
    results.nth(links.index(wanted[0])).click()
    name, _, place = wanted[0].partition("#")
    page.wait_for_url(f"**/{name}*")
    if place:
        page.locator(f"[id='{place}']").wait_for()


def test_a_button_copies_the_code(reader):
    if reader.address.startswith("http"):
        reader.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=reader.address)
    page = reader.open("chapters/04-backpropagation.html")
    code = page.locator("div.highlight:visible").first
    code.hover()
    code.locator("button.copybtn").click()
    code.locator("button.copybtn.success").wait_for()
    if reader.address.startswith("http"):  # elsewhere nobody may look into the clipboard
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == code.locator("pre").inner_text().strip()


def test_an_answer_opens_by_keyboard(reader):
    page = reader.open("chapters/04-backpropagation.html")
    answer = page.locator(".solution.dropdown").first
    text, button = answer.locator(".section, p:not(.admonition-title)").first, answer.locator("button.toggle-button")
    assert not text.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert text.is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert not text.is_visible()


def test_the_code_of_a_figure_opens_by_keyboard(reader):
    page = reader.open("chapters/04-backpropagation.html")
    folded = page.locator("details.hide").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator("pre").first.is_visible()


def test_the_first_tab_leads_past_the_menus(reader):
    page = reader.open("chapters/04-backpropagation.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    assert page.locator("#pst-skip-link").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#main-content'")


def test_light_and_dark_are_one_button(reader):
    page = reader.open("intro.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(ground)}
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        page.mouse.move(0, 0)
        seen.add(page.evaluate(ground))
    assert len(seen) == 2


def test_the_contents_open_on_a_phone(window, address):
    with window(address, width=390) as reader:
        page = reader.open("chapters/04-backpropagation.html")
        link = page.get_by_role("link", name="Autoencoders").first
        assert not link.is_visible()
        page.locator("button.primary-toggle").click()
        link.click()
        page.wait_for_url("**/11-autoencoders.html")
        page.locator("button.secondary-toggle").click()
        page.get_by_role("link", name="Summary").first.click()
        page.wait_for_function("location.hash === '#summary'")
        assert page.locator("#summary").bounding_box()["y"] < 300
    assert reader.found() == {}


def test_formulas_need_no_script(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/chapters/04-backpropagation.html")
    assert page.locator("main mjx-container:visible").count() > 100
    assert not re.search(r"\\[(\[]", page.locator("main").inner_text())
    context.close()
