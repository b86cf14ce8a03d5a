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


@every_figure
def test_the_page_has_the_script_of_today(root, html, name):
    """A test of a page that was built with another script would tell nothing of this one."""
    scripts = root / "book" / "_static" / "interactive"
    code = "\n".join((scripts / f"{each}.mjs").read_text(encoding="utf-8") for each in ("figure", name))
    text = (html / f"{FIGURES[name]}.html").read_text(encoding="utf-8")
    assert code.strip() in text, f"the site was built before figure.mjs or {name}.mjs was changed: make book"


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


# What is drawn -----------------------------------------------------------------------------------------------------

BLUE, ORANGE, GREEN, PINK, BLACK, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#767676"
THIN = "#cccccc"

# everything that a figure draws, as [what, colour, width of the line, [[kind, x, y, ...], ...], how a text is placed]
STROKES = """figure => {
    const c = figure.canvas.getContext("2d"), made = [];
    let path = [];
    const add = (what, color, parts, ...more) => made.push([what, c[color], c.lineWidth, parts, ...more]);
    const heard = {
        beginPath: () => { path = []; },
        moveTo: (...at) => path.push(["move", ...at]),
        lineTo: (...at) => path.push([path.length ? "line" : "move", ...at]),
        arc: (x, y, r) => path.push(["arc", x, y, r]),
        rect: (...box) => path.push(["rect", ...box]),
        stroke: () => add("stroke", "strokeStyle", path),
        fill: () => add("fill", "fillStyle", path),
        strokeRect: (...box) => add("stroke", "strokeStyle", [["rect", ...box]]),
        fillRect: (...box) => add("fill", "fillStyle", [["rect", ...box]]),
        fillText: (text, x, y) => add("text", "fillStyle", [[text, x, y]], c.textAlign + " " + c.textBaseline),
    };
    for (const [name, hear] of Object.entries(heard)) {
        c[name] = (...given) => (hear(...given), CanvasRenderingContext2D.prototype[name].apply(c, given));
    }
    figure.redraw();
    for (const name of Object.keys(heard)) delete c[name];
    return made;
}"""


def number(text):
    """Of a tick: −2, 1,000, 10⁻⁶; None for words."""
    text = text.replace("−", "-").replace(",", "")
    with contextlib.suppress(ValueError):
        return (
            10 ** float(text[2:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if "⁻" in text else float(text)
        )
    return None


class Axes:
    """What is drawn between axes, in units of the data, which are read off the ticks as a reader does."""

    def __init__(self, drawn, log=False):
        self.drawn, self.to, self.back = drawn, *((np.log10, lambda v: 10**v) if log else (np.asarray, np.asarray))
        self.scales = [self.scale("center top", 1), self.scale("right middle", 2)]

    def scale(self, place, axis):
        ticks = [(part[axis], number(part[0])) for what, *_, parts, at in self.texts() if at == place for part in parts]
        pixels, values = zip(*((pixel, self.to(value)) for pixel, value in ticks if value is not None), strict=True)
        slope, start = np.polyfit(pixels, values, 1)
        assert np.allclose(np.polyval([slope, start], pixels), values, atol=1e-9)
        return slope, start

    def texts(self):
        return [each for each in self.drawn if each[0] == "text"]

    def of(self, color, width=None, kind=None, what=None):
        """The paths of a colour (and a width, a kind of first part), each as points (x, y)."""
        for how, stroke, thick, parts, *_ in self.drawn:
            if how == "text" or stroke.lower() != color or (width and not np.isclose(thick, width)):
                continue
            if parts and (kind is None or parts[0][0] == kind) and (what is None or how == what):
                pixels = [[p[1 + i] + (p[3 + i] / 2 if p[0] == "rect" else 0) for p in parts] for i in (0, 1)]
                yield np.column_stack([self.place(each, i) for i, each in enumerate(pixels)])

    def place(self, pixels, axis):
        slope, start = self.scales[axis]
        return self.back(slope * np.array(pixels) + start)

    def centers(self, color, kind, what=None):
        """Where the marks of a kind are: circles ("arc"), squares ("rect"), crosses and stars ("move")."""
        found = [self.to(path).mean(axis=0) for path in self.of(color, 1.4, kind, what)]
        return self.back(np.reshape(found, (-1, 2)))


def panels(drawn, *log):
    """What is drawn, for each pair of axes: they come last, and the name of the one at the side very last."""
    ends = [i + 1 for i, each in enumerate(drawn) if each[-1] == "left bottom"]
    return [Axes(drawn[a:b], log=each) for (a, b), each in zip(itertools.pairwise([0, *ends]), log, strict=True)]


def away(f, places, level=0.0):
    """How far each place is from where f is at its level, to first order."""
    step = 1e-5
    slope = [(f(places + d) - f(places - d)) / (2 * step) for d in np.eye(2) * step]
    return np.abs(f(places) - level) / np.hypot(*slope)


@pytest.mark.parametrize(("network", "epoch"), [(0, 5), (1, 20), (2, 40)])
def test_points_border_and_lines_are_where_the_network_has_them(show, data, network, epoch):
    one, page = show("boundary"), json.loads(data["boundary"])
    one.set(network=network, epoch=epoch)
    (axes,) = panels(one.ask(STROKES), False)
    X, y = np.array(page["X"]), np.array(page["y"]) == 1
    entry = page["networks"][network]
    net = nnlib.mlp([2, entry["units"], 1] if entry["units"] else [2, 1], "tanh", nnlib.BinaryCrossEntropy())
    net.w[:] = entry["frames"][epoch]["w"]

    def total(places):
        return net.forward(places)[0][-1][:, 0]

    assert np.allclose(axes.centers(BLUE, "arc")[: y.sum()], X[y], atol=1e-6)
    assert np.allclose(axes.centers(PINK, "move")[: (~y).sum()], X[~y], atol=1e-6)
    wrong = (total(X) > 0) != y
    assert np.allclose(axes.centers(BLACK, "rect")[: wrong.sum()], X[wrong], atol=1e-6)

    (border,) = axes.of(ORANGE, 2.6, "move")  # the legend's piece comes after the axes
    assert away(total, border).max() < 0.03  # half a cell of the grid is 0.04
    for v in np.linspace(page["ylim"][0] + 0.1, page["ylim"][1] - 0.1, 25):  # and there is no border without a line
        row = np.column_stack([u := np.linspace(page["xlim"][0] + 0.1, page["xlim"][1] - 0.1, 400), np.full_like(u, v)])
        for at in row[:-1][np.diff(total(row) > 0)]:
            assert np.hypot(*(border - at).T).min() < 0.12

    lines = [path for path in axes.of(GREY, 1) if len(path) == 2]
    assert len(lines) == entry["units"]
    for (b0, *b), ends in zip(net.w[: 3 * entry["units"]].reshape(-1, 3), lines, strict=True):
        assert np.abs(b0 + ends @ b).max() < 1e-6 * np.hypot(*b)
    assert len(list(axes.of(GREEN, 2))) == len(page["best"])
    for path, line in zip(axes.of(GREEN, 2), page["best"], strict=True):
        assert np.allclose(path, line, atol=1e-6)


@pytest.mark.parametrize(("batch", "rate", "price"), [(0, 3, 20), (2, 6, 45), (3, 8, 69)])
def test_path_levels_and_gaps_are_where_nnlib_has_them(show, data, batch, rate, price):
    one, page = show("descent"), json.loads(data["descent"])
    one.set(rate=rate, batch=batch, price=price)
    plane, gaps = panels(one.ask(STROKES), False, True)
    objective = nnlib.LeastSquares(np.array(page["X"]), np.array(page["y"]))
    m, alpha = page["sizes"][batch], page["rates"][rate]
    steps = page["prices"][price] // m
    way = np.array(path(objective, page["start"], alpha, m, steps)[: steps + 1])
    assert np.abs(way).max() < 50
    color, kind = {1: (ORANGE, "arc"), 60: (BLUE, "rect")}.get(m, (GREEN, "arc"))
    (line,) = plane.of(color, 1, "move")
    assert np.allclose(line, way, atol=1e-6)
    assert np.allclose(plane.centers(color, kind), way, atol=1e-6)
    assert np.allclose(plane.centers(BLACK, kind), way[-1:], atol=1e-6)
    assert np.allclose(plane.centers(BLACK, "move", "fill"), [page["w_star"]], atol=1e-6)

    def gap(places):
        return np.array([objective.F(w) - objective.F_star for w in places])

    levels = list(plane.of("#999999", 0.8, "move"))
    for level, line in zip(page["levels"], levels, strict=True):
        assert away(gap, line, level).max() < 0.04  # half a cell of the grid is 0.057

    curve = np.column_stack([np.maximum(np.arange(steps + 1) * m, 1), np.maximum(gap(way), 1e-9)])
    (line,) = gaps.of(color, 1.8, "move")
    assert np.allclose(np.log10(line), np.log10(curve), atol=1e-3)
    assert np.allclose(np.log10(gaps.centers(BLACK, kind)), np.log10(curve[-1:]), atol=1e-3)


@pytest.mark.parametrize(("a", "t"), [(4, 25), (20, 10)])
def test_both_sides_are_drawn_where_their_numbers_are(show, data, a, t):
    one, page = show("theorem"), json.loads(data["theorem"])
    one.set(rate=a, T=t)
    left, right, floor = (np.array(page[name]) for name in ("left", "right", "floor"))
    steps, rates = np.array(page["steps"]), np.array(page["rates"])
    expected = [
        (steps, left[a], right[a], np.full(len(steps), floor[a]), t),
        (rates, left[:, t], right[:, t], floor, a),
    ]
    for axes, (x, truth, bound, level, at) in zip(panels(one.ask(STROKES), True, True), expected, strict=True):
        drawn = {(BLUE, 1.8): truth, (ORANGE, 1.8): bound, (GREEN, 1.2): level, (GREY, 1.2): bound - level}
        for (color, width), values in drawn.items():
            line = next(axes.of(color, width, "move"))
            assert np.allclose(np.log10(line[:, 0]), np.log10(x), atol=1e-6)
            seen = values > 1e-3  # what is far below the picture is drawn at its edge
            assert np.allclose(np.log10(line[seen, 1]), np.log10(values[seen]), atol=1e-3)
        assert np.allclose(axes.centers(BLUE, "arc")[0], [x[at], truth[at]], rtol=1e-3)
        assert np.allclose(axes.centers(ORANGE, "rect")[0], [x[at], bound[at]], rtol=1e-3)
    (star,) = axes.centers(ORANGE, "move", "fill")
    assert np.allclose(star, [rates[bound.argmin()], bound.min()], rtol=1e-3)


@pytest.mark.parametrize(("f", "s", "P", "share"), [(0, 0, 1, 0.55), (1, 1, 0, 0.4), (2, 0, 2, 0.7), (3, 2, 2, 0.3)])
def test_the_window_is_drawn_around_the_pixels_that_are_summed(show, data, f, s, P, share):
    """Read off the canvas: the greys in the blue frame, times the weights, are the map's value in the black one."""
    one, page = show("filter"), json.loads(data["filter"])
    one.set(filter=f, stride=s, padding=P)
    units = np.array(page["maps"][f][s][P])
    chosen = int(share * units.size)
    one.set(place=chosen)
    drawn = one.ask(STROKES)

    def boxes(color, width):
        found = [parts[0][1:] for what, style, thick, parts, *_ in drawn
                 if what == "stroke" and (style, thick) == (color, width) and parts[0][0] == "rect"]  # fmt: skip
        return np.array(found)

    grid, (window,), (unit,) = boxes(THIN, 0.5), boxes(BLUE, 3), boxes(BLACK, 2)
    side = len(page["image"]) + 2 * page["paddings"][P]
    image, plan = grid[: side**2], grid[side**2 :]
    assert len(plan) == units.size
    (here,) = np.flatnonzero((plan == unit).all(axis=1))
    assert here == chosen
    assert one.words().startswith(f"Unit {divmod(chosen, len(units))} ")

    greys = [[*parts[0][1:], style] for what, style, _, parts, *_ in drawn if what == "fill" and parts[0][0] == "rect"]
    greys = greys[: side**2]
    alphas = [float(each[-1].split(",")[-1].strip(" )")) if "rgba" in each[-1] else 1.0 for each in greys]
    pixels = np.round(np.array(alphas) * 9 / 0.8, 1)
    assert np.array_equal(np.array([each[:4] for each in greys]), image)
    padding = page["paddings"][P]
    assert np.array_equal(pixels.reshape(side, side), np.pad(np.array(page["image"], float), padding))
    if padding:
        assert np.array_equal(
            boxes(GREY, 1)[0], [*image[padding * (side + 1)][:2], *(window[2:] / 3 * (side - 2 * padding))]
        )

    center = image[:, :2] + image[:, 2:] / 2
    within = ((center > window[:2]) & (center < window[:2] + window[2:])).all(axis=1)
    weights = np.array(page["filters"][f]["weights"])
    assert within.sum() == weights.size
    assert (pixels[within] * weights.ravel()).sum() == units.ravel()[chosen]
    told = [each[3][0][0] for each in drawn if each[0] == "text"]
    assert pixels[within].tolist() == [number(each) for each in told[told.index("window") + 2 :][:9]]  # after its sign


def test_the_map_is_filled_up_to_the_unit_with_its_values(show, data):
    """Full blue squares above 0, empty orange ones below; the area is the value."""
    one, page = show("filter"), json.loads(data["filter"])
    for f, s, P in (0, 0, 1), (1, 1, 2):
        one.set(filter=f, stride=s, padding=P)
        units = np.array(page["maps"][f][s][P])
        filled = np.flatnonzero(units)
        filled = filled[: len(filled) // 2]
        one.set(place=filled[-1])  # not an empty one, which would not show whether it is left out
        drawn = one.ask(STROKES)
        side = len(page["image"]) + 2 * page["paddings"][P]
        plan = np.array([parts[0][1:] for what, style, _, parts, *_ in drawn if style == THIN])[side**2 :]
        signs = [(style, what, *parts[0][1:]) for what, style, width, parts, *_ in drawn
                 if np.isclose(width, 1.4) and parts[0][0] == "rect"]  # fmt: skip
        expected = [(i, units.ravel()[i]) for i in filled]
        assert len(signs) == len(expected) > 5
        for (style, what, x, y, w, h), (i, v) in zip(signs, expected, strict=True):
            assert (style, what) == ((BLUE, "fill") if v > 0 else (ORANGE, "stroke"))
            assert np.allclose([x + w / 2, y + h / 2], plan[i][:2] + plan[i][2:] / 2)
            assert w == pytest.approx(np.sqrt(abs(v) / max(np.abs(units).max(), 1)) * (plan[i][2] - 2))
            assert h == pytest.approx(w)


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
