"""Everybody can read it: by ear, by keyboard, and with any eyes."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009),
# table for severity 1: linear RGB as it is seen without one kind of cones.
VISION = {
    "all": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# hue-rotate(180deg) of CSS, https://www.w3.org/TR/filter-effects-1/#feColorMatrixElement
LUMA = np.array([0.213, 0.715, 0.072])
HALF_TURN = 2 * np.outer(np.ones(3), LUMA) - np.eye(3)
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def test_axe_core_would_find_something(window, report, tmp_path):
    (tmp_path / "page.html").write_text("<main><h1>A</h1><h3>B</h3><img src='x.png'><p style='color: #aaa'>pale</p>")
    with window(tmp_path.as_uri()) as reader:
        rules = {line.partition(":")[0] for line in report.axe(reader.open("page.html"))}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules


def test_of_many_texts_the_one_that_is_too_pale_is_found(window, report, tmp_path):
    """By its own colour, by what it stands on, or because it is a link like its neighbours."""
    texts = "<p>dark</p>" * 9 + "<p id='own' style='color: #aaa'>pale</p>"
    texts += "<div style='background: #555'><section><p id='ground'>on grey</p></section></div>"
    texts += (
        "<p>a longer text, and in it <a href='#own' id='link' style='text-decoration: none; color: #111'>a link</a></p>"
    )
    (tmp_path / "page.html").write_text(f"<html lang='en'><title>t</title><main><h1>A</h1>{texts}</main>")
    with window(tmp_path.as_uri()) as reader:
        found = report.axe(reader.open("page.html"), others=False)
    assert {line.split(": ")[1] for line in found} == {"#own", "#ground", "#link"}


def test_what_has_the_focus_is_seen(window, address):
    """Every stop of the Tab key on a chapter has an outline."""
    with window(address) as reader:
        page = reader.open("chapters/04-backpropagation.html")
        unseen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            unseen += page.evaluate("""() => {
                const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
                const seen = outlineStyle !== "none" && outlineWidth !== "0px";
                return seen ? [] : [document.activeElement.outerHTML.slice(0, 120)];
            }""")
    assert unseen == []


def test_headings_go_down_one_step_at_a_time(parsed):
    for page, soup in parsed.items():
        levels = [
            int(tag.name[1])
            for tag in soup.select("main :is(h1, h2, h3, h4, h5, h6)")
            if not tag.find_parent(class_="onlyprint")
        ]
        assert levels[:1] == [1], page
        assert levels.count(1) == 1, page
        assert all(after <= before + 1 for before, after in pairwise(levels)), page


def lab(linear):
    """CIELAB of linear RGB: the distance of two is about that of their looks."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(linear, 0, 1) / TO_XYZ.sum(axis=1))
    return np.array([116 * y, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_figures_are_told_apart(root, vision, scheme):
    """A distance of 2.3 is just noticed; 10 is told apart at a glance."""
    style = mpl.rc_params_from_file(root / "book" / "course.mplstyle", use_default_template=False)
    colours = np.array([to_rgb(colour) for colour in style["axes.prop_cycle"].by_key()["color"]])
    if scheme == "dark":  # site.css: invert(0.92) hue-rotate(180deg)
        colours = np.clip((0.92 - 0.84 * colours) @ HALF_TURN.T, 0, 1)
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.array([lab(np.array(VISION[vision]) @ colour) for colour in linear])
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert distances[np.triu_indices(len(seen), 1)].min() > 10


def test_the_dark_filter_is_the_one_that_is_tested(root):
    assert "filter: invert(0.92) hue-rotate(180deg)" in (root / "book" / "_static" / "site.css").read_text()
