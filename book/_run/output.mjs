// What a run of a cell shows. Pictures take the places of the page's own, inside their figures; text that differs from
// the page's stands below it, as "Your run".

import { make } from "./make.mjs";

const lines = (text) => text.split("\n").map((line) => line.trimEnd()).join("\n").trim();

export class Output {
  // before: the element after which it stands; original: what the page shows, or null; label: of the cell
  constructor(before, original, label) {
    this.original = original;
    this.box = make("div", { className: "run-output cell_output", hidden: true, role: "group", "aria-label": `Your run of cell ${label}` });
    before.after(this.box);
    this.places = [...(original?.querySelectorAll("img") ?? [])].filter((image) => !image.closest(".interactive"));
    this.kept = this.places.map((image) => [image, image.getAttribute("src"), image.width, image.height]);
    this.parts = [...(original?.children ?? [])].filter((part) => !part.matches("figure, img") && !part.querySelector("img"));
    this.html = [...(original?.children ?? [])].filter((part) => part.matches(".text_html") || part.querySelector(".text_html, .interactive"));
    const texts = this.parts.filter((part) => !this.html.includes(part)).flatMap((part) => [...part.querySelectorAll("pre")]);
    this.text = lines(texts.map((pre) => pre.textContent).join("\n"));
    this.clear();
  }

  clear() {
    this.box.replaceChildren();
    this.box.hidden = true;
    this.printed = "";
    this.kind = this.last = null;
    this.pictures = 0;
  }

  // As the page was before anybody ran it.
  restore() {
    this.clear();
    for (const [image, src, width, height] of this.kept) this.put(image, src, width, height, false);
    for (const part of this.html) part.hidden = false;
  }

  put(image, src, width, height, yours) {
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    Object.assign(image, { src, width, height });
    const link = image.closest("a");
    if (link) link.href = src;
    const figure = image.closest("figure") ?? image.parentElement;
    figure.classList.toggle("run-yours", yours);
  }

  add({ kind, text, scale }) {
    if (kind === "image") return this.picture(text, scale);
    if (!this.box.firstChild) this.box.append(make("p", { className: "run-whose" }, "Your run"));
    this.box.hidden = false;
    if (kind === "html") this.page(text);
    else {
      if (this.kind !== kind || kind === "result") this.box.append(this.last = make("pre", { className: `run-${kind}`, tabIndex: 0 }));
      this.last.append(text);
      this.printed += kind === "result" ? `\n${text}\n` : text;
    }
    this.kind = kind;
  }

  picture(base64, scale) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const [width, height] = [16, 20].map((at) => Math.round(new DataView(bytes.buffer).getUint32(at) / scale));  // as PNG has them
    const src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    let image = this.places[this.pictures++];
    if (!image) {
      image = make("img", { alt: "A picture that your run of this cell drew" });
      this.box.append(image);
      this.box.hidden = false;
    }
    this.put(image, src, width, height, this.places.includes(image));
    this.kind = "image";
  }

  // HTML that the reader's own code made, scripts included.
  page(html) {
    for (const part of this.html) part.hidden = true;
    const place = make("div", { className: "output text_html", innerHTML: html });
    for (const old of place.querySelectorAll("script:not([type='application/json'])"))
      old.replaceWith(make("script", { type: old.type, textContent: old.textContent }));
    this.box.append(place);
  }

  // After the last piece: in a few words, how it compares with the page. The same text need not stand twice.
  compare() {
    const same = this.text && lines(this.printed) === this.text;
    const only = [...this.box.children].every((part) => part.matches(".run-whose, .run-stdout, .run-result"));
    if (same && only) {
      this.box.hidden = true;
      return "your run printed the same";
    }
    if (!this.box.hidden) return this.text ? "your run stands below the page’s" : "your run stands below";
    return this.pictures ? "the picture is from your run" : "";
  }
}
