"""The second look at a student's HTML: what can do something is dropped, and what the pages show stays as it was."""

import base64
import io
import re

import fair
import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from grading.tell import markdown as rendering
from grading.tell.harmless import harmless
from grading.tell.markdown import markdown

DRAWN = io.BytesIO()
Image.new("RGB", (2, 2)).save(DRAWN, "PNG")
PNG = base64.b64encode(DRAWN.getvalue()).decode()
PICTURE = f'<img src="data:image/png;base64,{PNG}" alt="two by two">'

PAYLOADS = {
    "a script": "<script>pwned(1)</script>",
    "a script in capitals, over two lines": "<SCRIPT\n>pwned(1)</SCRIPT\n>",
    "a script without an end": "<script>pwned(1)",
    "a script in a script": "<scr<script>ipt>pwned(1)</scr</script>ipt>",
    "onerror": '<img src=x onerror="pwned(1)">',
    "onerror on a picture that may stay": PICTURE.replace(">", ' onerror="pwned(1)" onload=pwned(2)>'),
    "a slash instead of a space": "<img/src=x/onerror=pwned(1)>",
    "onmouseover, ontoggle, onfocus": "<p onmouseover=pwned(1)>a<details open ontoggle=pwned(2)>b"
    "<b onfocus=pwned(3) autofocus tabindex=0>c",
    "javascript:": '<a href="javascript:pwned(1)">a</a>',
    "javascript: in pieces": '<a href="java\tscript:pwned(1)">a</a><a href=" &#1;JaVaScRiPt&colon;pwned(2)">b</a>',
    "vbscript: and file:": '<a href="vbscript:pwned(1)">a</a><a href="file:///etc/passwd">b</a>',
    "data: as a link": '<a href="data:text/html;base64,PHNjcmlwdD5wd25lZCgxKTwvc2NyaXB0Pg==">a</a>',
    "a picture as a link": f'<a href="data:image/png;base64,{PNG}">a</a>',
    "a page of this machine": '<a href="//evil.example">a</a><a href="/formgrader">b</a><a href="#item-double">c</a>',
    "data: of another kind": '<img src="data:image/svg+xml;base64,PHN2Zz4=" alt=a><img src="data:text/html,x" alt=b>',
    "a picture from outside": '<img src="https://evil.example/x.png" srcset="https://evil.example/y.png 2x" alt=a>',
    "pictures by other names": "<picture><source srcset=//evil.example/a><image href=//evil.example/b>"
    "<input type=image src=//evil.example/c></picture>",
    "svg": '<svg onload=pwned(1)><use href="//evil.example#a"/><animate onbegin=pwned(2) attributeName=x /></svg>',
    "svg that hides a script": "<svg><style><img src=x onerror=pwned(1)></style><foreignObject>"
    "<script>pwned(2)</script></foreignObject></svg>",
    "MathML that is a link": '<math href="javascript:pwned(1)"><mi xlink:href="javascript:pwned(2)">x</mi></math>',
    "MathML that acts": '<math><maction actiontype="statusline" xlink:href="javascript:pwned(1)"><mi>x'
    '</mi></maction></math>',
    "MathML that holds a page": '<math><semantics><annotation-xml encoding="text/html">'
    '<img src=x onerror=pwned(1)></annotation-xml></semantics></math>',
    "MathML that changes what a browser reads": "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--><img src=x onerror=pwned(1)>'>",
    "a form in MathML": "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=pwned(1)>",
    "style": "<style>@import '//evil.example/x.css'; body { display: none }</style>",
    "a style of one's own": '<p style="position:fixed;inset:0;background:url(//evil.example)">a</p>',
    "a style in a formula": '<math><mi style="position:fixed;background:url(//evil.example);color:red">x</mi></math>',
    "classes of the page": '<div class="verdict scroll">all points</div><p class="total">100</p>',
    "iframe": "<iframe src=//evil.example srcdoc='<script>parent.pwned(1)</script>'></iframe>",
    "object, embed, applet": "<object data=//evil.example></object><embed src=//evil.example>"
    "<applet code=x></applet>",
    "video and audio": "<video src=//evil.example poster=//evil.example onerror=pwned(1)></video>"
    "<audio src=x></audio>",
    "base, link, meta": "<base href=//evil.example><link rel=stylesheet href=//evil.example>"
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "names that scripts know": '<a id=item-double name=hits>a</a><form id=hits name=document>'
    '<input name=cookie></form><p id="__proto__">b</p>',
    "a form": "<form action=//evil.example><button formaction=javascript:pwned(1)>go</button><textarea>a"
    "</textarea></form>",
    "a template": "<template><script>pwned(1)</script></template><slot name=a></slot><x-widget>a</x-widget>",
    "nothing closed": '<table><tr><td><div class="scroll"><ul><li><b><a href="https://a.org',
    "everything closed": "</td></table></div></section></main></body></html><p>after</p>",
    "a comment": "<!--><script>pwned(1)</script>--><!-- --!><img src=x onerror=pwned(2)> -->",
    "no script": '<noscript><p title="</noscript><img src=x onerror=pwned(1)>"></noscript>',
    "what ends a text": "<title></title><xmp></xmp><plaintext><noembed></noembed><img src=x onerror=pwned(1)>",
    "CDATA and instructions": "<![CDATA[<script>pwned(1)</script>]]><?xml-stylesheet href='//evil.example'?>",
    "null bytes": "<\0script>pwned(1)</\0script><img src=x on\0error=pwned(1)><a href='java\0script:pwned(1)'>a</a>",
    "half of a pair": "<p>\ud800<script>pwned(1)</script></p>",
}  # fmt: skip

ALLOWED = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "math",
    "mi", "mn", "mo", "mrow", "mtext", "mfrac", "msup", "msub",
}  # fmt: skip
QUIET = {
    "class",
    "tabindex",
    "scope",
    "start",
    "alt",
    "rel",
    "display",
    "stretchy",
}  # what can do nothing, whatever it says


def acting(html):
    """What of a page could do something; read by other rules than those that dropped it."""
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        if tag.name not in ALLOWED:
            yield tag.name
        for name, value in tag.attrs.items():
            link = (tag.name, name) == ("a", "href") and re.match("https://|http://|mailto:", value)
            picture = (tag.name, name) == ("img", "src") and value == f"data:image/png;base64,{PNG}"
            colour = name == "style" and value == "color:red"
            if not (link or picture or colour or name in QUIET):
                yield f"{tag.name} {name}={value}"
        yield from (f"class {name}" for name in tag.get("class", []) if name not in ("scroll", "tex"))


@pytest.mark.parametrize("kind", PAYLOADS)
def test_what_can_do_something_is_dropped(kind):
    cleaned = harmless(PAYLOADS[kind])
    assert list(acting(cleaned)) == []
    assert harmless(cleaned) == cleaned  # a browser that reads it again finds nothing else
    cleaned.encode("utf-8")


def test_the_search_for_what_acts_finds_it():
    quiet = ["nothing closed", "everything closed", "a comment", "CDATA and instructions"]
    assert [kind for kind, text in PAYLOADS.items() if not list(acting(text))] == quiet


def test_a_browser_finds_nothing_in_what_is_left(browser):
    context, done = browser.new_context(), []
    page = context.new_page()
    page.expose_function("pwned", lambda what: done.append(what))
    page.on("request", lambda request: done.append(request.url))
    for text in PAYLOADS.values():
        page.set_content(f"<title>t</title><main>{harmless(text)}</main>")
        page.evaluate("document.querySelectorAll('main *').forEach(e => e.dispatchEvent(new MouseEvent('mouseover')))")
        for name in page.evaluate("[...document.querySelectorAll('main *')].map(e => e.localName)"):
            assert name in ALLOWED
        assert page.evaluate("[window.hits, document.title]") == [None, "t"]
    context.close()
    assert [what for what in done if not str(what).startswith("data:image/png")] == []


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_renderer_that_lets_everything_through_opens_nothing(kind, monkeypatch):
    monkeypatch.setattr(rendering, "_parser", lambda: lambda text: text)
    assert list(acting(rendering.markdown.__wrapped__(PAYLOADS[kind]))) == []


KEPT = {
    "words": "<h2>A <em>small</em> <strong>title</strong></h2><p>a<br>b <del>c</del> <code>d</code></p><hr>",
    "lists": '<ol start="3"><li>a<ul><li>b</li></ul></li></ol><blockquote><p>c &lt; d &amp; e</p></blockquote>',
    "a table": '<div class="scroll" tabindex="0"><table><thead><tr><th scope="col" class="right">a</th></tr></thead>'
    '<tbody><tr><td class="center">1</td></tr></tbody></table></div>',
    "a link": '<p><a href="https://a.org/?b=1&amp;c=2#d" rel="nofollow noopener noreferrer">a</a></p>',
    "a letter": '<p><a href="mailto:a@b.org" rel="nofollow noopener noreferrer">a</a></p>',
    "a picture": f"<p>{PICTURE}</p>",
    "code": str(markdown("```python\n@cache\ndef f(x: int) -> str:  # why\n    return f'{x!r}' + \"a\\n\"\n```")),
    "code of no language": '<pre tabindex="0"><code>&lt;script&gt; a &amp;&amp; b</code></pre>',
    "no formula": '<p><code class="tex">\\nocommand{x}</code></p>',
}
FORMULAS = (
    r"""
x_1^2 \ne y | \frac{a}{b} \dfrac{a}{b} \tfrac{a}{b} | \binom{n}{k} | \sqrt[3]{x} \sqrt{y}
\hat{y} \widehat{xy} \vec{x} \dot{x}
\overline{x} \underline{y} | \overbrace{a}^{b} \underbrace{a}_{b} | \left(\frac{a}{b}\right] \bigl( \Bigr) | a < b > c
\sum_{i=1}^n \prod\nolimits_a \int_0^1 | \lim_{x\to0} \operatorname{argmin}_x
\xrightarrow[b]{a} \stackrel{a}{b} \overset{a}{b}
\color{red}{x} | \text{a \textbf{b} \textit{c}} \texttt{d} | \mathbf{x} \mathcal{L} \mathbb{R} \mathrm{d}
\boxed{x} | \phantom{x} | \hspace{1cm} \quad \, \! | \raisebox{1em}{x} | \dots \vdots
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} | \begin{cases} a & b \\ c & d \end{cases}
\begin{aligned} a &= b \\ c &= d \end{aligned}
\begin{array}{lc} a & b \\ c & d \end{array} | \begin{align} a &= b \\ c &= d \end{align} | \scriptstyle y
""".replace("\n", " | ")
    .strip(" |")
    .split(" | ")
)


def said(html):
    """Tags, attributes and text, whatever way they are written."""
    tree = BeautifulSoup(html, "html.parser")
    for tag in tree.find_all(style=True):
        tag["style"] = re.sub(r"\s|;$", "", re.sub(r"[\d.]+", lambda number: f"{float(number[0]):.4f}", tag["style"]))
    return [(tag.name, tag.attrs) for tag in tree.find_all(True)], tree.get_text()


@pytest.mark.parametrize("kind", KEPT)
def test_what_the_pages_show_stays(kind):
    assert said(harmless(KEPT[kind])) == said(KEPT[kind])


@pytest.mark.parametrize("tex", FORMULAS)
def test_formulas_stay(tex):
    for display in (False, True):
        made = rendering._math(tex, display)
        assert made.startswith("<math") or not display  # some are for lines of their own
        assert said(harmless(made)) == said(made)


def test_all_cells_of_the_course_stay(root):
    paths = [root / "solutions" / name / f"{name}.ipynb" for name in fair.COURSE]
    cells = [cell.source for path in paths for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    assert len(cells) > 100
    for source in cells:
        made = str(rendering._parser()(source))
        before, after = said(made), said(harmless(made))
        links = [attributes.pop("rel", None) for _, attributes in after[0]]
        assert links.count("nofollow noopener noreferrer") == [tag for tag, _ in after[0]].count("a")
        for _, attributes in before[0]:
            attributes.pop("rel", None)
        assert after == before


def test_a_formula_that_a_sentence_ends_is_one():
    r"""``$$``, an environment, ``$$.``: the environment is no formula of its own."""
    for stop in ".", ",", ";", "":
        tree = BeautifulSoup(markdown(f"So\n$$\n\\begin{{aligned}}\na &= b\n\\end{{aligned}}\n$${stop}"), "html.parser")
        assert len(tree.find_all("math")) == 1
        assert "$" not in tree.get_text()
        assert stop in tree.math.get_text()


def test_a_formula_leaves_its_paragraph_whole():
    html = markdown("In a line $$c_1$$ too.")
    assert len(re.findall(r"<p>", html)) == 1
    assert html.index("too.") < html.index("</p>")
