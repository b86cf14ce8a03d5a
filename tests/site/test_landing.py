"""The first page, how to use the book, and the list of changes: what they promise is what the repository has."""

import json
import re

import fair
import pytest
import yaml
from bs4 import BeautifulSoup

from grading import engine
from grading.tell import words as wording

WORDS_A_MINUTE = 100
PART = re.compile(r"^\| \d+ \|.*\| (\d+) min \|", re.MULTILINE)


def soup(html, page):
    return BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser").find("article")


def flat(text):
    """The text on one line, with straight quotes."""
    return " ".join(text.split()).replace("’", "'").replace("“", '"').replace("”", '"')


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def contents(root):
    """The files of each part of the table of contents."""
    parts = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return {part.get("caption", ""): [chapter["file"] for chapter in part["chapters"]] for part in parts}


@pytest.mark.parametrize("size", [(1300, 900), (390, 844)], ids=["wide", "narrow"])
def test_one_screen_says_what_it_is_where_to_begin_and_shows_the_picture(browser, address, size):
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{address}/intro.html", wait_until="load")
    cards = page.locator("article .sd-card")
    assert cards.locator(".sd-card-title").all_inner_texts() == ["Read", "Run and solve", "Teach"]
    assert all(card.locator("a[href]").count() for card in cards.all())
    for part in ("article h1", "article h1 ~ p >> nth=0", ".sd-card >> nth=2", "article img >> nth=0"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] > 0
        assert box["y"] + box["height"] <= size[1], f"{part} is not on the first screen"
    page.close()


def test_the_first_page_names_all_chapters_in_their_order(html, contents):
    page = soup(html, "intro.html")
    links = [link["href"] for link in page.select("table a[href]")]
    assert links == [f"{chapter}.html" for chapter in contents["The lecture"]]
    numbers = [re.match(r"\d+", row.get_text().strip())[0] for row in page.select("tbody tr")]
    assert numbers == [re.search(r"/0*(\d+)-", link)[1] for link in links]


def test_the_numbers_of_the_first_page_are_right(root, html, contents):
    text = flat(soup(html, "intro.html").get_text())
    assert "Twelve chapters" in text
    assert len(contents["The lecture"]) == 12
    assert "nine graded exercises" in text
    assert len(fair.COURSE) == 9

    assert f"between a quarter of an hour and a good hour, at {WORDS_A_MINUTE} words a minute" in text
    chapters = [notebook(root / "book" / f"{file}.ipynb") for file in contents["The lecture"]]
    words = [
        sum(len("".join(c["source"]).split()) for c in cells if c["cell_type"] == "markdown") for cells in chapters
    ]
    assert 10 <= min(words) / WORDS_A_MINUTE <= 20
    assert 50 <= max(words) / WORDS_A_MINUTE <= 75

    assert "takes about two hours, the one on backpropagation a little over three" in text
    ours = {name: root / "exercises" / name / f"{name}.ipynb" for name in fair.COURSE}
    first = {name: "".join(notebook(path)[0]["source"]) for name, path in ours.items()}
    minutes = {name: sum(int(time) for time in PART.findall(title)) for name, title in first.items()}
    assert 180 < minutes.pop("backprop") <= 200
    assert all(105 <= each <= 135 for each in minutes.values()), minutes


def test_the_page_on_use_shows_what_the_grading_says_today(root, html):
    shown = flat(soup(html, "reading.html").get_text())
    items = {item.id: item for item in engine.load_items("backprop", root)}
    wrong = {}
    exec("import numpy as np\ndef softmax(a):\n    return np.exp(a) / np.exp(a).sum()", wrong)
    assert "return np.exp(a) / np.exp(a).sum()" in shown
    said = wording.text(engine.check(items["softmax"], engine.caller(wrong), engine.reference("backprop", root)))
    assert flat(said) in shown, "the page is older than the grading: remove _build and build again"


def test_the_page_on_use_gives_no_solution_away(root, html):
    shown = flat(soup(html, "reading.html").get_text())
    released = "\n".join(
        "".join(cell["source"]) for cell in notebook(root / "exercises" / "backprop" / "backprop.ipynb")
    )
    source = "\n".join("".join(cell["source"]) for cell in notebook(root / "solutions" / "backprop" / "backprop.ipynb"))
    answers = "\n".join(re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, re.DOTALL)).splitlines()
    hidden = [line.strip() for line in answers if len(line.strip()) > 20 and line.strip() not in released]
    assert len(hidden) > 10
    assert [line for line in hidden if flat(line) in shown] == []


def test_the_list_of_changes_is_the_file_of_the_repository(root, html):
    shown = flat(soup(html, "changelog.html").get_text())
    lines = (root / "CHANGELOG.md").read_text(encoding="utf-8").split("\n- ")[1:]
    assert len(lines) > 10
    for line in lines:
        words = re.sub(r"[`*]|\[|\]\([^)]*\)", "", line.split("\n\n")[0])
        assert flat(words)[:60] in shown
