"""The figures that a reader can move: drawn, obedient to mouse and keyboard, quiet, and with nnlib's numbers."""

import contextlib
import importlib.util
import io
import itertools
import json

import numpy as np
import pytest

import nnlib
from nnlib import theory

Image = pytest.importorskip("PIL.Image")
FIGURES = {
    "boundary": "chapters/01-network-function",
    "descent": "chapters/03-optimization",
    "theorem": "chapters/06-theory-of-sgd",
    "filter": "chapters/10-convolutional-networks",
}
every_figure = pytest.mark.parametrize("name", FIGURES)

# a value for a control, as if the reader had chosen it
SET = """(figure, [control, value]) => {
    const input = figure[control].input;
    input.value = value;
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
}"""
MIDDLE = """figure => {
    const change = (control, kind) => control.dispatchEvent(new Event(kind, { bubbles: true }));
    for (const select of figure.querySelectorAll("select")) select.selectedIndex = 0, change(select, "change");
    for (const input of figure.querySelectorAll("input")) input.value = input.max >> 1, change(input, "input");
}"""
# how many pixels carry ink, how many there are, and how many colours
INK = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Set();
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 100) {
        ink++;
        colors.add(data.slice(i, i + 3).join());
    }
    return [ink, data.length / 4, colors.size];
}"""


# is there ink at an edge of the canvas? Then something is cut
CUT = """canvas => {
    const { width, height } = canvas, c = canvas.getContext("2d");
    return [[0, 0, 2, height], [width - 2, 0, 2, height], [0, 0, width, 2], [0, height - 2, width, 2]].map(
        (edge) => c.getImageData(...edge).data.some((value) => value > 0));
}"""


class Opened:
    """A page with a figure, and what went wrong on it."""

    def __init__(self, browser, address, name, clock=False, **context):
        self.context = browser.new_context(viewport={"width": 1300, "height": 900}, **context)
        self.problems = []
        self.page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.problems.append(m.text))
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", lambda r: r.url.startswith((address, "data:")) or self.problems.append(r.url))
        # formulas are not looked at here, and take longer than all the rest (test_pages.py sees every page whole)
        self.page.route("**/mathjax/**", lambda route: route.fulfill(body="", content_type="text/javascript"))
        if clock:
            self.page.clock.install(time=0)
        self.page.goto(f"{address}/{FIGURES[name]}.html", wait_until="domcontentloaded")
        self.figure = self.page.locator(f"{name}-figure")
        if context.get("java_script_enabled", True):
            self.page.locator(f"{name}-figure.ready").wait_for()
        if clock:
            self.page.clock.pause_at(3600)  # from here on time passes by run_for alone
        self.canvas = self.figure.locator("canvas")
        self.play = self.figure.get_by_role("button").first

    def to_the_middle(self):
        """Every slider half way, in every list the first choice."""
        if self.canvas.count():
            self.page.emulate_media(media="screen")
            self.figure.evaluate(MIDDLE)

    def words(self):
        return self.figure.get_by_role("status").inner_text()

    def picture(self):
        return self.canvas.evaluate("canvas => canvas.toDataURL()")

    def set(self, **controls):
        for control, value in controls.items():
            self.figure.evaluate(SET, [control, str(value)])

    def ask(self, script):
        return self.figure.evaluate(script)


@pytest.fixture(scope="module")
def show(browser, html, address):
    """Opens a figure, or gives it again: every test first brings it to where it wants it.

    In the end the pages must have asked for nothing from outside and have complained of nothing.
    """
    opened = {}

    def show(name, address=address, **options):
        key = name, address, *options.items()
        if key not in opened:
            opened[key] = Opened(browser, address, name, **options)
        opened[key].to_the_middle()
        return opened[key]

    yield show
    for one in opened.values():
        one.context.close()
        assert not one.problems


def drawn(canvas):
    ink, pixels, colors = canvas.evaluate(INK)
    return 0.002 < ink / pixels < 0.6 and colors >= 4


@pytest.fixture(scope="module")
def data(html):
    """The numbers that each page carries."""
    bs4 = pytest.importorskip("bs4")
    found = {}
    for name, page in FIGURES.items():
        soup = bs4.BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        found[name] = soup.select_one(f"{name}-figure script").string
    return found


# For every figure --------------------------------------------------------------------------------------------------


@every_figure
def test_every_control_changes_picture_and_words_by_keys_alone(show, name):
    one = show(name)
    assert drawn(one.canvas)
    assert not any(one.canvas.evaluate(CUT))
    controls = one.figure.locator("input, select, button")
    controls.first.focus()
    for i in range(controls.count()):
        control = controls.nth(i)
        assert control.evaluate("control => control === document.activeElement"), f"Tab does not lead to control {i}"
        before = one.words(), one.picture()
        kind = control.evaluate("control => control.localName")
        if kind == "button":
            one.page.keyboard.press("Enter")
            if i == controls.count() - 2:  # it plays
                one.page.wait_for_function(
                    "([name, words]) => document.querySelector(`${name}-figure [role=status]`).innerText !== words",
                    arg=[name, before[0]],
                )
                one.page.keyboard.press("Enter")
        else:
            one.page.keyboard.press("ArrowDown" if kind == "select" else "ArrowRight")
        after = one.words(), one.picture()
        assert after[0] != before[0], f"control {i} changes no word"
        assert after[1] != before[1], f"control {i} changes no pixel"
        assert drawn(one.canvas)
        one.page.keyboard.press("Tab")
    assert one.figure.locator("[role=status]").get_attribute("aria-live") == "polite"


@every_figure
def test_controls_have_names_and_say_their_value(show, name):
    one = show(name)
    for role in "slider", "combobox", "button":
        for control in one.figure.get_by_role(role).all():
            label = control.evaluate("c => c.labels?.length ? c.labels[0].innerText : c.innerText")
            assert label.strip(), f"a {role} without a name"
            if role == "slider":
                assert control.get_attribute("aria-valuetext")
    assert len(one.canvas.get_attribute("aria-label")) > 20


@every_figure
def test_nothing_moves_before_play_and_nothing_after_stop(show, name):
    one = show(name, clock=True)
    start = one.words(), one.picture()
    one.page.clock.run_for(10_000)
    assert (one.words(), one.picture()) == start

    one.play.click()
    assert one.play.inner_text() == "Stop"
    one.page.clock.run_for(1000)
    moved = one.words(), one.picture()
    assert moved[0] != start[0]
    assert moved[1] != start[1]
    one.play.click()
    assert one.play.inner_text() == "Play"
    one.page.clock.run_for(10_000)
    assert (one.words(), one.picture()) == moved

    one.play.click()
    one.page.clock.run_for(120_000)  # it stops by itself at the end
    assert one.play.inner_text() == "Play"
    slider = one.figure.get_by_role("slider").last
    assert slider.input_value() == slider.get_attribute("max")


@every_figure
def test_where_motion_is_unwanted_play_is_a_step(show, name):
    one = show(name, clock=True, reduced_motion="reduce")
    assert one.play.inner_text() == "Step"
    slider = one.figure.get_by_role("slider").last
    before = int(slider.input_value())
    one.play.click()
    one.page.clock.run_for(10_000)
    assert int(slider.input_value()) == before + 1


@every_figure
def test_light_ink_in_the_dark(show, name):
    one = show(name)
    seen = {}
    for mode in "light", "dark":
        one.page.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
        picture = Image.open(io.BytesIO(one.canvas.screenshot())).convert("L")
        seen[mode] = np.asarray(picture)
        assert drawn(one.canvas)
    assert np.median(seen["light"]) > 240
    assert seen["light"].min() < 40
    assert np.median(seen["dark"]) < 40
    assert seen["dark"].max() > 200


@every_figure
def test_on_paper_and_without_scripts_there_is_a_picture(show, name):
    one = show(name)
    assert not one.figure.locator("img").is_visible()
    one.page.emulate_media(media="print")
    assert one.figure.locator("img").is_visible()
    for part in one.canvas, one.play, one.figure.locator("[role=status]"):
        assert not part.is_visible()

    plain = show(name, java_script_enabled=False)
    image = plain.figure.locator("img")
    assert image.is_visible()
    assert image.bounding_box()["width"] > 300
    assert len(image.get_attribute("alt")) > 100
    assert plain.canvas.count() == 0


@every_figure
def test_it_works_from_a_disk_on_a_telephone(show, html, name):
    one = show(name, address=html.as_uri(), has_touch=True, device_scale_factor=2)
    one.page.set_viewport_size({"width": 390, "height": 844})
    one.page.wait_for_function(
        "name => document.querySelector(`${name}-figure canvas`).clientWidth * 2 <= 780", arg=name
    )
    for part in one.figure.locator("canvas, input, select, button, p").all():
        box = part.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert not any(one.canvas.evaluate(CUT))
    before = one.words()
    slider = one.figure.get_by_role("slider").last
    box = slider.bounding_box()
    slider.tap(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    assert one.words() != before
    assert drawn(one.canvas)


def test_the_data_are_small(data):
    for name, text in data.items():
        assert len(text) <= 100_000, f"{name}: {len(text):,} characters"


# The numbers -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixture(root):
    """The names of the cell of chapter 1 that defines the distribution."""
    cells = json.loads((root / "book" / "chapters" / "01-network-function.ipynb").read_text(encoding="utf-8"))["cells"]
    names = {"np": np}
    exec("".join(next(cell["source"] for cell in cells if cell["id"] == "mixture")), names)
    return names


def test_border_and_errors_are_those_of_the_network(show, data, mixture):
    one, page = show("boundary"), json.loads(data["boundary"])
    X, y = np.array(page["X"]), np.array(page["y"])
    step = 0.05
    grid = np.stack(np.meshgrid(np.arange(-5, 6, step), np.arange(-6, 7, step)), axis=-1).reshape(-1, 2)
    circles, crosses = mixture["densities"](grid)
    assert page["bayes"] == pytest.approx(100 * step**2 * np.minimum(circles, crosses).sum(), abs=0.06)
    for i, entry in enumerate(page["networks"]):
        sizes = [2, entry["units"], 1] if entry["units"] else [2, 1]
        network = nnlib.mlp(sizes, "tanh", nnlib.BinaryCrossEntropy())
        for at in 0, 20, len(page["epochs"]) - 1:
            one.set(network=i, epoch=at)
            frame = entry["frames"][at]
            network.w[:] = frame["w"]
            wrong = int(((network.predict(X)[:, 0] > 0.5) != (y == 1)).sum())
            says_circle = network.predict(grid)[:, 0] > 0.5
            error = 100 * step**2 * np.where(says_circle, crosses, circles).sum()
            units = f"{entry['units'] or 'no'} hidden units"
            words = one.words()
            assert words.startswith(f"{units}, epoch {page['epochs'][at]}: {wrong} of 200 points wrong")
            assert float(words.split("true error rate ")[1].split()[0]) == pytest.approx(error, abs=0.06)
            sums = np.array(one.ask("figure => figure.data.X.map((x) => figure.sum(x))"))
            assert np.allclose(sums, network.forward(X)[0][-1][:, 0], rtol=1e-9)


def path(objective, start, alpha, m, steps):
    """nnlib's weights, from the start on; if they grow without end, as far as nnlib goes."""
    seen = [np.array(start)]
    options = {"batch_size": m, "sampling": "permutation", "seed": 1, "callback": lambda k, w: seen.append(w.copy())}
    with contextlib.suppress(nnlib.optimizers.Diverged):
        nnlib.SGD(alpha).minimize(objective, seen[0], steps, **options)
    return seen


@pytest.mark.equation("minibatch-sgd")
@pytest.mark.equation("gradient-descent")
def test_paths_are_those_of_nnlib(show, data):
    one, page = show("descent"), json.loads(data["descent"])
    objective = nnlib.LeastSquares(np.array(page["X"]), np.array(page["y"]))
    assert np.allclose(page["w_star"], objective.w_star, atol=1e-5)
    assert page["F_star"] == pytest.approx(objective.F_star, abs=1e-10)
    assert page["limit"] == pytest.approx(2 / objective.L, abs=1e-5)
    for (r, alpha), (b, m) in itertools.product(enumerate(page["rates"]), enumerate(page["sizes"])):
        if r % 6:
            continue
        one.set(rate=r, batch=b, price=len(page["prices"]) - 1)
        steps = page["prices"][-1] // m
        expected = path(objective, page["start"], alpha, m, steps)
        way, gaps = one.ask("figure => { const way = figure.path(); return [way, way.map((w) => figure.gap(w))]; }")
        assert np.shape(way) == (steps + 1, 2)
        assert len(expected) == steps + 1 or alpha > page["limit"]
        assert np.allclose(way[: len(expected)], expected, rtol=1e-7, atol=1e-9)
        for k in 0, 1, len(expected) // 2:
            assert gaps[k] == pytest.approx(objective.F(expected[k]) - objective.F_star, rel=1e-6, abs=1e-9)
        assert f"after {page['prices'][-1]:,} gradients, {steps:,} steps" in one.words()


def test_above_the_limit_the_words_say_that_the_path_left(show, data):
    one, page = show("descent"), json.loads(data["descent"])
    share = np.array(page["rates"]) / page["limit"]
    one.set(batch=page["sizes"].index(60), price=len(page["prices"]) - 1)
    for r, leaves in (int((share < 1).nonzero()[0][-1]), False), (int((share > 1).nonzero()[0][0]), True):
        one.set(rate=r)
        assert ("left the picture" in one.words()) == leaves


@pytest.mark.equation("theorem-1")
def test_both_sides_are_those_of_theorem_1(show, data):
    one, page = show("theorem"), json.loads(data["theorem"])
    X = np.array([[1.0, 1.0], [1.0, -1.0]] * 4)
    objective = nnlib.LeastSquares(X, X @ [1.0, 2.0] + [1.0, 1.0, -1.0, -1.0] * 2)
    w = objective.w_star + 1.0
    limit = 1 / (objective.L * objective.M_G)
    assert page["rates"][-1] == pytest.approx(limit, rel=1e-3)
    for a in range(0, len(page["rates"]), 7):
        alpha = limit * page["rates"][a] / page["rates"][-1]
        assert page["floor"][a] == pytest.approx(alpha * objective.L * objective.M, rel=2e-3)
        for t, T in enumerate(page["steps"]):
            assert page["right"][a][t] == pytest.approx(theory.theorem1_right(objective, w, alpha, T), rel=2e-3)
            if T <= 5:
                exact = theory.theorem1_exact(objective, w, alpha, T).left
                assert page["left"][a][t] == pytest.approx(exact, rel=2e-3)
    a, t = 20, next(i for i, T in enumerate(page["steps"]) if T > 100)
    found = theory.theorem1(objective, w, page["rates"][a], page["steps"][t])
    assert page["left"][a][t] == pytest.approx(found.mean, abs=2 * (found.left - found.mean))

    one.set(rate=a, T=t)
    words = one.words().replace("−", "-")
    left, right, floor = page["left"][a][t], page["right"][a][t], page["floor"][a]
    assert f"left side {left:.3g}, right side {right:.3g} = floor {floor:.3g} + start {right - floor:.3g}." in words


@pytest.mark.equation("convolution")
def test_maps_are_those_of_nnlib_and_the_sums_of_the_products_shown(show, data):
    one, page = show("filter"), json.loads(data["filter"])
    z = np.array(page["image"], float)
    every = range(len(page["filters"])), range(len(page["strides"])), range(len(page["paddings"]))
    for f, s, P in itertools.product(*every):
        conv = nnlib.Conv2D(1, 3, stride=page["strides"][s], padding=page["paddings"][P])
        nnlib.Network([conv], nnlib.SumOfSquares(), (1, *z.shape))
        conv.beta[:] = [0, *np.ravel(page["filters"][f]["weights"])]
        expected = conv.forward(z[None, None])[0][0, 0]
        assert np.array_equal(page["maps"][f][s][P], expected)
        one.set(filter=f, stride=s, padding=P)
        sums = one.ask(
            """figure => [...Array(figure.place.last + 1).keys()].map((i) => {
                figure.place.set(i);
                return figure.products().products.flat().reduce((a, b) => a + b);
            })"""
        )
        assert np.array_equal(sums, expected.ravel())
        assert f"a map of {len(expected)} × {len(expected)}" in one.words()


def test_the_window_goes_where_a_reader_points(show):
    one = show("filter")
    one.set(filter=0, stride=0, padding=0, place=0)
    layout = one.ask("figure => figure.layout(figure.clientWidth)")
    cell = layout["cell"]
    for (left, top), row, column in (layout["map"], 4.5, 7.5), (layout["image"], 5.5, 8.5):
        one.canvas.click(position={"x": left + column * cell, "y": top + row * cell})
        assert one.words().startswith("Unit (4, 7)")
    slider = one.figure.get_by_role("slider")
    slider.focus()
    for key, unit in ("ArrowDown", "(5, 7)"), ("ArrowRight", "(5, 8)"), ("ArrowUp", "(4, 8)"), ("ArrowLeft", "(4, 7)"):
        one.page.keyboard.press(key)
        assert one.words().startswith(f"Unit {unit}")


# The cell's side ---------------------------------------------------------------------------------------------------


@pytest.fixture
def interactive(root):
    spec = importlib.util.spec_from_file_location("interactive", root / "book" / "_ext" / "interactive.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.interactive


def test_what_a_page_cannot_carry_is_refused(interactive):
    plt = pytest.importorskip("matplotlib.pyplot")
    fig = plt.figure()
    with pytest.raises(ValueError, match="boundary, descent, filter, theorem, got 'nothing'"):
        interactive("nothing", {}, fig, "")
    with pytest.raises(ValueError, match="at most 100,000 characters, got"):
        interactive("filter", {"x": list(range(30_000))}, fig, "")
    with pytest.raises(ValueError, match="not JSON compliant"):
        interactive("filter", {"x": float("nan")}, fig, "")
    made = interactive("filter", {"x": "</script>"}, fig, 'a "picture"').data
    assert made.count("</script>") == 2
    assert 'alt="a &quot;picture&quot;"' in made
    assert not plt.fignum_exists(fig.number)
