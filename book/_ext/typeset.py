"""Formulas are set while the site is built: MathJax runs here and not on the page, as Sphinx's renderer of mathematics.

A reader then sees them at once, without a script, and nothing moves when they arrive. MathJax is the one of the
package sphinx-mathjax-offline; mini-racer runs it.
"""

import atexit
import importlib.util
import json
import re
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
PACKAGES = ("ams", "newcommand", "boldsymbol")
COMPONENTS = ("core", "adaptors/liteDOM", "input/tex-base", *(f"input/tex/extensions/{name}" for name in PACKAGES))
COMPONENTS += ("output/chtml", "output/chtml/fonts/tex", "a11y/assistive-mml")
FONTS = "output/chtml/fonts/woff-v2"
START = """
var window = globalThis, MathJax = {
    loader: {load: Object.keys(SOURCES), require: name => {
        (0, eval)(SOURCES[Object.keys(SOURCES).find(component => `/${name}`.endsWith(`/${component}.js`))]); return {};
    }},
    startup: {typeset: false, pageReady: () => null},
    tex: {packages: ["base", ...PACKAGES]},
    chtml: {adaptiveCSS: false, fontURL: "../mathjax"},
};
"""
IDLE = re.compile(r' (?:style="position: relative;"|unselectable="on"|xmlns="[^"]*"|data-mjx-texclass="[^"]*")')
"""What no browser needs, thousands of times."""
KIND = "math notranslate nohighlight"
MARK = re.compile(r"[.,;:?!)]+")


def source() -> Path:
    """Where MathJax lies."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the package sphinx-mathjax-offline is missing: pip install -r requirements.txt")
    return Path(package.origin).parent / "static" / "mathjax"


class Typesetter:
    """MathJax without a browser. It starts with the first formula."""

    @cached_property
    def engine(self) -> MiniRacer:
        engine = MiniRacer()
        atexit.register(engine.close)  # left to the garbage collector at the very end, it would wait for ever
        scripts = {name: (source() / f"{name}.js").read_text(encoding="utf-8") for name in COMPONENTS}
        engine.eval(f"var SOURCES = {json.dumps(scripts)}, PACKAGES = {json.dumps(PACKAGES)};")
        engine.eval(START + (source() / "startup.js").read_text(encoding="utf-8"))
        engine.eval("MathJax.loader.ready().then(() => MathJax.startup.promise).then(() => true)").get(timeout=60)
        return engine

    @cache  # noqa: B019, one typesetter lives as long as the build
    def formula(self, tex: str, display: bool) -> str:
        """A formula as HTML, with MathML for those who listen."""
        arguments = f"{json.dumps(tex)}, {{display: {json.dumps(display)}}}"
        html = str(self.engine.eval(f"MathJax.startup.adaptor.outerHTML(MathJax.tex2chtml({arguments}))"))
        html = IDLE.sub("", html)
        if fault := re.search(r'data-mjx-error="([^"]*)"', html):
            logger.warning("MathJax: %s, in the formula %s", unescape(fault[1]), tex)
        return html

    def stylesheet(self) -> str:
        """The rules for every character that MathJax knows."""
        return str(self.engine.eval("MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet())"))


typesetter = Typesetter()


class Together(SphinxPostTransform):
    """A formula and the punctuation after it, or a line could begin with a comma."""

    default_priority = 900
    formats = ("html",)

    def run(self, **_: Any) -> None:
        for formula in [*self.document.findall(nodes.math)]:
            line, place = formula.parent, formula.parent.index(formula)
            after = line[place + 1] if place + 1 < len(line) else None
            if isinstance(after, nodes.Text) and (mark := MARK.match(after)):
                line[place + 1] = nodes.Text(after[mark.end() :])
                line[place] = nodes.inline("", "", formula, nodes.Text(mark[0]), classes=["one"])


def inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS=KIND))
    self.body.append(f"{typesetter.formula(node.astext().strip(), False)}</span>")
    raise nodes.SkipNode


def display(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS=KIND))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    tex = node.astext()
    if r"\\" in tex and not node["nowrap"]:  # several lines
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    self.body.append(f"{typesetter.formula(tex.strip(), True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("typeset", (inline, None), (display, None))
    app.add_post_transform(Together)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": False}
