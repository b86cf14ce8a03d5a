// What a reader would stumble over on this page: a list of sentences for each kind. Runs in the browser.
async () => {
  const article = document.querySelector("article") ?? document.querySelector("main");
  const pictures = [...article.querySelectorAll("img")];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => null)));
  await document.fonts.ready;
  const screen = document.documentElement.clientWidth;
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length;
  const name = (element) => `${element.tagName} "${element.textContent.trim().slice(0, 50)}"`;
  const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  const wide = (element) => element.scrollWidth > element.clientWidth + 1;
  const boxes = [...article.querySelectorAll("*")].filter(
    (element) => !element.closest("mjx-math, mjx-assistive-mml, svg") && shown(element),
  );

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest("pre, code, script, style, noscript, mjx-assistive-mml, .search-summary")) continue;
    if (/\$\$|\\[([]|\\(begin|frac|mathbb|sum|alpha|beta|partial)\b/.test(text.data)) raw.push(text.data.trim());
  }

  return {
    "a formula that is not set": [
      ...raw,
      ...[...document.querySelectorAll("main .math:not(:has(mjx-container)), [data-mjx-error]")].map(name),
    ],
    "a font that did not load": [...document.fonts].filter((font) => font.status === "error").map((font) => font.family),
    "a picture that did not load": pictures.filter((picture) => !picture.naturalWidth).map((picture) => picture.src),
    "a picture out of shape": pictures
      .filter((picture) => picture.clientWidth && picture.naturalWidth)
      .filter(({ clientWidth: w, clientHeight: h, naturalWidth: W, naturalHeight: H }) => Math.abs((h / w / H) * W - 1) > 0.02)
      .map((picture) => picture.alt),
    "a page wider than the screen": document.documentElement.scrollWidth > screen + 1 ? [document.title] : [],
    "something that is cut off": boxes
      .filter((element) => {
        const hides = ["hidden", "clip"].includes(getComputedStyle(element).overflowX) && wide(element);
        if (hides) return true;
        if (element.getBoundingClientRect().right <= screen + 1) return false;
        for (let above = element.parentElement; above !== article.parentElement; above = above.parentElement)
          if (scrolls(above)) return false;
        return true;
      })
      .map(name),
    "something that the keyboard cannot scroll": boxes
      .filter((element) => scrolls(element) && wide(element) && element.tabIndex < 0 && !element.querySelector("a, button, input"))
      .map(name),
  };
}
