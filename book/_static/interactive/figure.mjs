// What the figures that a reader can move have in common. book/_ext/interactive.py puts this file and one of its
// neighbours into the output of a cell, so that they work on the site, from a disk and in JupyterLab alike.

// Okabe and Ito's colours, as in course.mplstyle. In the dark, STYLE turns the canvas over like every other figure.
const BLUE = "#0072B2", ORANGE = "#D55E00", GREEN = "#009E73", PINK = "#CC79A7", INK = "#000000", GREY = "#767676";

const still = matchMedia("(prefers-reduced-motion: reduce)");

const STYLE = `
.interactive { display: block; max-width: 44rem; margin-inline: auto; color: inherit; }
.text_html:has(> .interactive) { padding: 0 !important; background: none !important; color: inherit !important; }
.interactive > img { max-width: 100%; height: auto; }
.interactive.ready > img { display: none; }
.interactive > canvas { display: block; width: 100%; }
html[data-theme="dark"] .interactive > canvas,
[data-jp-theme-light="false"] .interactive > canvas { filter: invert(0.92) hue-rotate(180deg); }
.interactive .controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; margin-block: 0.5rem; }
.interactive .controls > div { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; max-width: 100%; }
.interactive label { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin: 0; }
.interactive input[type="range"] { width: 11rem; max-width: 100%; height: 1.75rem; accent-color: #0072b2; }
.interactive .value { min-width: 6.5rem; text-align: start; font-variant-numeric: tabular-nums; }
@media (max-width: 600px) {
  .interactive .controls > div:has(input) { flex: 1 1 100%; }
  .interactive input[type="range"] { width: 8.5rem; }
  .interactive .value { min-width: 0; }
}
.interactive button,
.interactive select {
  min-height: 2rem; padding: 0.1rem 0.7rem; border: 1px solid currentcolor; border-radius: 0.3rem;
  background: transparent; color: inherit; font: inherit;
}
.interactive select option { background: canvas; color: canvastext; }
.interactive :is(button, select, input):focus-visible { outline: 3px solid #e69f00; outline-offset: 2px; }
.interactive > [role="status"] { min-height: 3.2em; margin: 0; text-align: start; font-variant-numeric: tabular-nums; }
@media print {
  .interactive.ready > img { display: block; }
  .interactive > :is(canvas, .controls, [role="status"]) { display: none; }
}
`;

/** An element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A number as it is read: three digits, and a real minus sign. */
function say(x, digits = 3) {
  if (!Number.isFinite(x)) return "more than a computer can write";
  const size = Math.abs(x);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) {
    const [mantissa, exponent] = x.toExponential(1).split("e");
    const raised = [...String(Number(exponent))].map((d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])).join("");
    return `${mantissa} · 10${raised}`.replace("-", "−");
  }
  return String(Number(x.toPrecision(digits))).replace("-", "−");
}

/** The element <NAME-figure>: a picture for where no script runs, the data as JSON; here the rest is added. */
class Figure extends HTMLElement {
  connectedCallback() {
    if (document.readyState !== "loading") this.#start();
    else addEventListener("DOMContentLoaded", () => this.#start(), { once: true }); // the data may not be parsed yet
  }

  disconnectedCallback() {
    this.stop?.();
  }

  #start() {
    if (this.canvas) return;
    if (!document.getElementById("interactive-style")) {
      document.head.append(make("style", { id: "interactive-style" }, STYLE));
    }
    this.data = JSON.parse(this.querySelector("script").textContent);
    this.canvas = make("canvas", { role: "img", "aria-label": this.label });
    this.controls = make("div", { class: "controls" });
    this.status = make("p", { role: "status", "aria-live": "polite" });
    this.append(this.canvas, this.controls, this.status);
    this.setup();
    this.classList.add("ready");
    this.update();
    new ResizeObserver(() => this.redraw()).observe(this);
  }

  /** Something was changed: new words, new picture. */
  update() {
    this.status.textContent = this.words();
    this.redraw();
  }

  redraw() {
    const width = this.clientWidth, ratio = devicePixelRatio || 1;
    if (!width) return;
    const height = this.height(width);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    const c = this.canvas.getContext("2d");
    c.scale(ratio, ratio);
    c.lineJoin = "round";
    this.draw(c, width, height);
  }

  /** A slider over `values`. */
  slider(name, values, at, words = String) {
    const input = make("input", { type: "range", min: 0, max: values.length - 1, step: 1, value: at });
    const shown = make("span", { class: "value", "aria-hidden": "true" }); // the slider says it
    const slider = {
      input,
      get at() { return Number(input.value); },
      get last() { return values.length - 1; },
      get value() { return values[this.at]; },
      set: (i) => {
        input.value = i;
        input.setAttribute("aria-valuetext", words(values[i]));
        shown.textContent = words(values[i]);
      },
      resize: (others) => {
        values = others;
        input.max = values.length - 1;
        slider.set(slider.at); // the browser has moved it to the end if it was beyond
      },
    };
    slider.set(at);
    input.addEventListener("input", () => {
      this.stop?.();
      slider.set(slider.at);
      this.update();
    });
    this.controls.append(make("div", {}, make("label", {}, `${name} `, input), shown));
    return slider;
  }

  /** A choice among `options`: pairs of a value and its name. */
  choice(name, options, at = 0) {
    const select = make("select");
    for (const [i, [, text]] of options.entries()) select.append(make("option", { value: i }, text));
    select.value = at;
    select.addEventListener("change", () => {
      this.stop?.();
      this.changed?.();
      this.update();
    });
    this.controls.append(make("div", {}, make("label", {}, `${name} `, select)));
    return { input: select, get value() { return options[Number(select.value)][0]; } };
  }

  /** Buttons that lead through a slider. Nothing moves by itself before one is pressed, nor where motion is unwanted. */
  player(slider, milliseconds) {
    let timer = null;
    const play = make("button", { type: "button" }), back = make("button", { type: "button" }, "Back to the start");
    const show = () => (play.textContent = timer ? "Stop" : still.matches ? "Step" : "Play");
    const go = (i) => {
      slider.set(i);
      this.update();
    };
    const step = () => {
      if (slider.at < slider.last) go(slider.at + 1);
      if (slider.at === slider.last) this.stop();
    };
    this.stop = () => {
      clearInterval(timer);
      timer = null;
      this.status.setAttribute("aria-live", "polite");
      show();
    };
    play.addEventListener("click", () => {
      if (timer) return this.stop();
      if (slider.at === slider.last) go(0);
      else if (still.matches) step();
      if (still.matches) return;
      this.status.setAttribute("aria-live", "off"); // many words a second are none
      timer = setInterval(step, milliseconds);
      show();
    });
    back.addEventListener("click", () => {
      this.stop();
      go(0);
    });
    still.addEventListener("change", () => this.stop());
    show();
    this.controls.append(make("div", {}, play, back));
  }
}

/** Axes on a canvas, and what is drawn in them in units of the data. */
class Plot {
  constructor(c, box, xlim, ylim, { log = [] } = {}) {
    Object.assign(this, { c, ...box, xlim, ylim });
    const to = (name) => (log.includes(name) ? Math.log10 : (v) => v);
    this.tx = to("x");
    this.ty = to("y");
  }

  x(v) {
    const [low, high] = this.xlim.map(this.tx);
    return this.left + ((this.tx(v) - low) / (high - low)) * this.width;
  }

  y(v) {
    const [low, high] = this.ylim.map(this.ty);
    return this.top + this.height - ((this.ty(v) - low) / (high - low)) * this.height;
  }

  /** Both axes with ticks (pairs of a value and its text) and names. */
  axes(xticks, yticks, xname, yname) {
    const { c, left, top, width, height } = this, bottom = top + height;
    c.save();
    c.strokeStyle = c.fillStyle = INK;
    c.lineWidth = 0.8;
    c.beginPath();
    c.moveTo(left, top);
    c.lineTo(left, bottom);
    c.lineTo(left + width, bottom);
    for (const [v] of xticks) c.moveTo(this.x(v), bottom), c.lineTo(this.x(v), bottom + 4);
    for (const [v] of yticks) c.moveTo(left, this.y(v)), c.lineTo(left - 4, this.y(v));
    c.stroke();
    c.font = "13px sans-serif";
    c.textAlign = "center";
    c.textBaseline = "top";
    for (const [v, text] of xticks) c.fillText(text, this.x(v), bottom + 6);
    c.fillText(xname, left + width / 2, bottom + 22);
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (const [v, text] of yticks) c.fillText(text, left - 6, this.y(v));
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillText(yname, left - 30, top - 6);
    c.restore();
  }

  /** Draw with `work`, nothing of it outside the axes. */
  inside(work) {
    this.c.save();
    this.c.beginPath();
    this.c.rect(this.left, this.top, this.width, this.height);
    this.c.clip();
    work();
    this.c.restore();
  }

  line(points, color, { width = 1.8, dash = [] } = {}) {
    const { c } = this;
    this.inside(() => {
      c.strokeStyle = color;
      c.lineWidth = width;
      c.setLineDash(dash);
      c.beginPath();
      for (const [u, v] of points) c.lineTo(clamp(this.x(u)), clamp(this.y(v)));
      c.stroke();
    });
  }

  mark(u, v, shape, color, { size = 5, filled = true } = {}) {
    mark(this.c, this.x(u), this.y(v), shape, color, { size, filled });
  }

  /** The line f = level, by linear interpolation in the triangles of a grid; F holds f at its (n + 1) × (n + 1) corners. */
  contour(F, level, color, width = 1) {
    const { c } = this, n = F.length - 1;
    const place = (i, j) => [this.left + (i / n) * this.width, this.top + this.height - (j / n) * this.height];
    this.inside(() => {
      c.strokeStyle = color;
      c.lineWidth = width;
      c.beginPath();
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < n; i++) {
          for (const k of [[i + 1, j], [i, j + 1]]) {
            const corners = [[i, j], k, [i + 1, j + 1]], ends = [];
            for (let s = 0; s < 3; s++) {
              const p = corners[s], q = corners[(s + 1) % 3], a = F[p[1]][p[0]] - level, b = F[q[1]][q[0]] - level;
              if (a < 0 === b < 0) continue;
              const [x, y] = place(...p), [u, v] = place(...q), t = a / (a - b);
              ends.push([x + t * (u - x), y + t * (v - y)]);
            }
            if (ends.length) c.moveTo(...ends[0]), c.lineTo(...ends[1]);
          }
        }
      }
      c.stroke();
    });
  }

  /** f at the corners of a grid of n × n cells. */
  grid(f, n) {
    const [[x0, x1], [y0, y1]] = [this.xlim, this.ylim], at = (low, high, i) => low + ((high - low) * i) / n;
    const count = [...Array(n + 1).keys()];
    return count.map((j) => count.map((i) => f([at(x0, x1, i), at(y0, y1, j)])));
  }
}

/** Far outside is outside: a canvas does not take numbers without bound. */
function clamp(pixel) {
  return Math.min(Math.max(pixel, -1e4), 1e4);
}

/** A mark whose shape tells what its colour tells. */
function mark(c, x, y, shape, color, { size = 5, filled = true } = {}) {
  c.save();
  c.strokeStyle = c.fillStyle = color;
  c.lineWidth = 1.4;
  c.beginPath();
  if (shape === "cross") {
    for (const s of [1, -1]) c.moveTo(x - size, y - s * size), c.lineTo(x + size, y + s * size);
  } else if (shape === "square") {
    c.rect(x - size, y - size, 2 * size, 2 * size);
  } else if (shape === "star") {
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? size / 2.5 : size, angle = (k * Math.PI) / 5;
      c.lineTo(x + r * Math.sin(angle), y - r * Math.cos(angle));
    }
    c.closePath();
  } else {
    c.arc(x, y, size, 0, 2 * Math.PI);
  }
  if (filled && shape !== "cross") c.fill();
  else c.stroke();
  c.restore();
}

/** Lines of a legend from (x, y) down; each entry is a text and a function that draws its sign around a place. */
function legend(c, x, y, entries) {
  c.save();
  c.font = "13px sans-serif";
  c.fillStyle = INK;
  c.textBaseline = "middle";
  for (const [i, [text, sign]] of entries.entries()) {
    sign(x + 14, y + 19 * i);
    c.fillText(text, x + 34, y + 19 * i);
  }
  c.restore();
}

/** A sign for `legend`: a piece of a line, with a mark on it if one is named. */
function stroke(c, color, { width = 1.8, dash = [], shape = null, filled = true } = {}) {
  return (x, y) => {
    c.save();
    c.strokeStyle = color;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    c.moveTo(x - 13, y);
    c.lineTo(x + 13, y);
    c.stroke();
    c.restore();
    if (shape) mark(c, x, y, shape, color, { size: 4, filled });
  };
}
