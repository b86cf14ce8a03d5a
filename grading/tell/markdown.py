"""Markdown and code of a student as HTML: all tags are escaped, and formulas become MathML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

import mistune
from markupsafe import Markup, escape
from math_core import LatexError, LatexToMathML
from mistune.block_parser import BlockParser
from mistune.core import BlockState, InlineState
from mistune.inline_parser import InlineParser
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grading.tell.harmless import harmless
from grading.tell.printed import MAX_CELL, picture_uri, shortened

__all__ = ["highlighted", "illustrated", "markdown"]

MAX_TEX = 600  # characters of a formula: the converter recurses


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(max_expansions=0, fancy_error=False, id_prefix="tex-")


@lru_cache(maxsize=4096)
def _math(tex: str, display: bool = False) -> str:
    """MathML, or the TeX itself where there is none for it."""
    try:
        if len(tex) <= MAX_TEX:
            return _converter().convert_with_local_state(tex.strip(), displaystyle=display)
    except LatexError:
        pass
    return f'<code class="tex">{escape(tex.strip())}</code>'


class _Renderer(mistune.HTMLRenderer):
    """Markdown whose links lead to web pages, and whose pictures are within it."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        super().__init__(escape=True)
        self.pictures = pictures

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not re.match(r"(https?://|mailto:)[^\s\\]+$", url):
            return text
        return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        kind, _, data = url.removeprefix("data:").partition(";base64,")
        source = picture_uri(kind, data) if url.startswith("data:") else None
        if url.startswith("attachment:"):
            source = self.pictures.get(unquote(url.removeprefix("attachment:")))
        # mistune hands the alternative text over as it stands
        return f'<img src="{source}" alt="{escape(text)}">' if source else f"[picture: {escape(text)}]"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        python = (info or "").split()[:1] in (["python"], ["py"])
        return f'<pre tabindex="0"><code>{highlighted(code) if python else escape(code)}</code></pre>\n'

    def table(self, text: str) -> str:
        return f'<div class="scroll" tabindex="0"><table>{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        opening = 'th scope="col"' if head else "td"
        place = f' class="{align}"' if align else ""
        return f"<{opening}{place}>{text}</{opening[:2]}>\n"

    def inline_math(self, text: str) -> str:
        return _math(text)

    def block_math(self, text: str) -> str:
        return f'<span class="scroll" tabindex="0">{_math(text, display=True)}</span>\n'  # it may stand in a paragraph


# the lengths keep the search linear in hostile text
BLOCK_MATH = rf"^ {{0,3}}(?P<math>\$\$(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}}\$\$|\\begin\{{(?P<env>[a-z]+\*?)\}}"
BLOCK_MATH += rf"[\s\S]{{1,{MAX_TEX}}}?\\end\{{(?P=env)\}})[ \t]*(?P<stop>[.,;]?)[ \t]*$"
INLINE_MATH = rf"\$\$(?P<display>(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}})\$\$"
INLINE_MATH += rf"|\$(?![\s$])(?P<inline>(?:[^$\\]|\\[\s\S]){{1,{MAX_TEX}}})(?<!\s)\$(?!\d)"  # $5 and $6 are prices


def _formulas(markdown: mistune.Markdown, *_: Any) -> None:
    """A plugin of mistune: dollars and environments, as Jupyter reads them."""

    def block(_: BlockParser, found: re.Match[str], state: BlockState) -> int:
        state.append_token({"type": "block_math", "raw": found["math"].strip("$") + found["stop"]})
        return found.end() + 1

    def inline(_: InlineParser, found: re.Match[str], state: InlineState) -> int:
        kind = "inline_math" if found["inline"] else "block_math"
        state.append_token({"type": kind, "raw": found["inline"] or found["display"]})
        return found.end()

    markdown.block.register("block_math", BLOCK_MATH, block, before="list")
    markdown.inline.register("inline_math", INLINE_MATH, inline, before="emphasis")


def _made(pictures: Mapping[str, str]) -> mistune.Markdown:
    plugins: list[Any] = ["table", "strikethrough", _formulas]
    return mistune.create_markdown(renderer=_Renderer(pictures), plugins=plugins)


@cache
def _parser() -> mistune.Markdown:
    return _made({})


@lru_cache(maxsize=512)
def markdown(text: str) -> Markup:
    """Safe HTML. The cells that all students have are rendered once."""
    return _rendered(text, _parser())


def illustrated(text: str, attachments: Mapping[str, Mapping[str, str]] | None) -> Markup:
    """Safe HTML of a cell with the pictures that are attached to it."""
    if not attachments:
        return markdown(text)
    uris = {name: [picture_uri(*each) for each in kinds.items()] for name, kinds in attachments.items()}
    return _rendered(text, _made({name: uri for name, made in uris.items() for uri in made if uri}))


def _rendered(text: str, parser: mistune.Markdown) -> Markup:
    if len(text) <= MAX_CELL:
        try:
            return Markup(harmless(str(parser(text))))
        except Exception:  # a fault of the parser must cost nobody a page
            pass
    return Markup(f'<pre tabindex="0">{escape(shortened(text, MAX_CELL))}</pre>')


PLAIN = re.compile(r'<span class="(?:[nopwx]|nb|bp|err)">([^<]*)</span>')  # names, operators: they have no colour


@cache
def _highlighter() -> tuple[PythonLexer, HtmlFormatter[str]]:
    return PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


@lru_cache(maxsize=512)
def highlighted(text: str) -> Markup:
    """Safe HTML of Python code."""
    if len(text) > MAX_CELL:
        return escape(shortened(text, MAX_CELL))
    return Markup(PLAIN.sub(r"\1", highlight(text, *_highlighter())))
