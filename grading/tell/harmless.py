"""A second look at HTML that was made of a student's text: what is not named here is dropped, whoever let it pass."""

from __future__ import annotations

import re
from functools import cache

import nh3
from pygments.token import STANDARD_TYPES

__all__ = ["harmless"]

TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "li", "ol", "p", "pre", "s", "span", "strong", "u", "ul",
}  # fmt: skip
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
MATHML = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts",
    "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr",
    "munder", "munderover",
}  # fmt: skip
MATHML_ATTRIBUTES = {
    "accent", "accentunder", "display", "displaystyle", "fence", "form", "height", "linethickness", "lspace",
    "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rspace", "scriptlevel", "separator",
    "stretchy", "style", "symmetric", "voffset", "width",
}  # fmt: skip
STYLES = {  # none of them loads anything, or leaves its place
    "border-bottom", "border-left", "border-right", "border-top", "color", "font-size", "font-variant-caps",
    "justify-items", "margin-left", "math-shift", "padding-bottom", "padding-left", "padding-right", "padding-top",
    "text-align", "width",
}  # fmt: skip
ALIGNED = {"left", "center", "right"}
ADDRESS = {
    ("a", "href"): re.compile(r"(https?://|mailto:)[^\s\\]+"),
    ("img", "src"): re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+"),
}


def _value(tag: str, name: str, value: str) -> str | None:
    allowed = ADDRESS.get((tag, name))
    return value if allowed is None or allowed.fullmatch(value) else None


@cache
def _cleaner() -> nh3.Cleaner:
    attributes = {
        "a": {"href"},
        "div": {"tabindex"},
        "img": {"alt", "src"},
        "ol": {"start"},
        "pre": {"tabindex"},
        "span": {"tabindex"},
        "th": {"scope"},
    }
    return nh3.Cleaner(
        tags=TAGS | TABLE | MATHML,
        attributes=attributes | dict.fromkeys(MATHML, MATHML_ATTRIBUTES),
        attribute_filter=_value,
        allowed_classes={
            "code": {"tex"},
            "div": {"scroll"},
            "span": {"scroll", *STANDARD_TYPES.values()},
            "td": ALIGNED,
            "th": ALIGNED,
        },
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="nofollow noopener noreferrer",
    )


def harmless(html: str) -> str:
    """The part of it that can do nothing.

    Parameters
    ----------
    html : str
        Made by a renderer, which may have faults.

    Returns
    -------
    str
        Text, lists, tables, code, MathML, links to web pages, and pictures within the page.
    """
    return _cleaner().clean(html.encode("utf-8", "replace").decode("utf-8"))
