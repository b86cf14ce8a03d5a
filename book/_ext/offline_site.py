"""Make the built site complete in itself: no request to another host, no script error.

MathJax is served from the site instead of a CDN. Inline scripts that two extensions both add are kept once.
"""

import importlib.util
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.fileutil import copy_asset

MATHJAX = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")
"""What a page needs of MathJax: the program and its fonts."""


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy MathJax out of its Python package. (Under _static, Sphinx would make every page load every script.)"""
    if error is not None or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the package sphinx-mathjax-offline is missing: pip install -r requirements.txt")
    source = Path(package.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        folder = target / Path(name).parent if (source / name).is_file() else target / name
        folder.mkdir(parents=True, exist_ok=True)
        copy_asset(source / name, folder)


def keep_scripts_once(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop the second copy of an inline script: `const` twice is an error in the browser."""
    bodies: set[str] = set()
    kept = []
    for script in context.get("script_files", []):
        body = None if getattr(script, "filename", None) else getattr(script, "attributes", {}).get("body")
        if body is None or body not in bodies:
            kept.append(script)
        if body is not None:
            bodies.add(body)
    context["script_files"] = kept


def setup(app: Sphinx) -> dict[str, Any]:
    app.config.mathjax_path = "mathjax/tex-chtml-full.js"
    app.connect("html-page-context", keep_scripts_once, priority=900)  # after the extensions have added theirs
    app.connect("build-finished", copy_mathjax)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
