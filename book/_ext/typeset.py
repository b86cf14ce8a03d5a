"""Formulas are set while the site is built: MathJax runs here and not on the page.

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

from py_mini_racer import MiniRacer
from sphinx.util import logging

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
FORMULA = re.compile(
    r'(?P<open><(?P<tag>span|div) class="math notranslate nohighlight"[^>]*>(?:\s*<span class="eqno">.*?</span>)?)'
    r"\s*\\(?:\((?P<inline>.*?)\\\)|\[(?P<display>.*?)\\\])\s*(?P<close></(?P=tag)>)(?P<mark>[.,;:?!)]*)",
    re.DOTALL,
)


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

    def page(self, html: str) -> str:
        """The page with its formulas set."""

        def put(found: re.Match[str]) -> str:
            tex = found["inline"] if found["display"] is None else found["display"]
            formula = found["open"] + self.formula(unescape(tex).strip(), found["display"] is not None) + found["close"]
            # or a line could begin with a comma
            return f'<span class="one">{formula}{found["mark"]}</span>' if found["mark"] else formula

        return FORMULA.sub(put, html)

    def stylesheet(self) -> str:
        """The rules for every character that MathJax knows."""
        return str(self.engine.eval("MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet())"))
