// Run and Edit at every code cell of a page. The build has numbered the cells (data-cell) and says which are slow
// (data-seconds) or cannot be run in a browser (data-not). Nothing of Python is loaded before a reader asks.

import { button, lasting, make } from "./make.mjs";
import { Output } from "./output.mjs";

const LONG = 30;  // seconds of work before which a reader is asked
const MB = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

class Cell {
  constructor(page, box) {
    const { cell, seconds, not } = box.dataset;
    Object.assign(this, { page, box, label: cell, seconds: Number(seconds ?? 0), not, ran: null });
    this.input = box.querySelector(".cell_input");
    this.code = this.input.querySelector(".highlight");
    this.original = this.code.querySelector("pre").textContent.replace(/\n$/, "");
    this.said = make("span", { className: "run-said" });
    this.runner = button("Run", `Run cell ${cell}`, () => (this.going ? page.stop() : page.run(page.upTo(this), this)));
    this.changer = button("Edit", `Edit cell ${cell}`, () => this.edit());
    this.undoer = button("Reset", `Reset cell ${cell}`, () => { this.reset(); this.changer.focus(); });
    this.undoer.hidden = true;
    const buttons = not ? [] : [this.runner, this.changer, this.undoer];
    const about = not ?? (this.seconds ? `about ${lasting(this.seconds)} in a browser` : "");
    this.tools = make("div", { className: "run-tools" }, ...buttons, make("span", { className: "run-about" }, `cell ${cell}${about && ": "}${about}`), this.said);
    (this.input.closest("details") ?? this.input).after(this.tools);
    this.output = new Output(box.querySelector(".cell_output") ?? this.tools, box.querySelector(".cell_output"), cell);
  }

  get source() { return this.editor?.value ?? this.original; }

  async edit() {
    this.changer.disabled = true;  // a second press must not open a second field
    const { editor } = await import("./editor.mjs").catch(() => ({}));
    this.changer.disabled = false;
    if (!editor) return this.page.say("The field for code could not be loaded.", this);
    const folded = this.input.closest("details");
    if (folded) folded.open = true;
    this.editor = editor(this.original, `Code of cell ${this.label}`, { run: () => this.page.run(this.page.upTo(this), this) });
    this.code.hidden = this.changer.hidden = true;
    this.undoer.hidden = false;
    this.input.append(this.editor.dom);
    this.editor.focus();
  }

  reset() {
    this.editor?.dom.remove();
    this.editor = null;
    this.code.hidden = this.changer.hidden = false;
    this.undoer.hidden = true;
    this.said.textContent = "";
    this.output.restore();
    this.ran = null;
  }

  set running(yes) {
    this.going = yes;
    this.runner.textContent = yes ? "Stop" : "Run";
    this.runner.setAttribute("aria-label", yes ? `Stop cell ${this.label}` : `Run cell ${this.label}`);
  }

  async run(python) {
    this.output.clear();
    this.undoer.hidden = false;
    const { source } = this, start = performance.now();
    const done = await python.run(source, this.label, (piece) => this.output.add(piece));
    this.ran = done.ok ? source : null;
    this.spent = (performance.now() - start) / 1000;
    const how = done.stopped ? "stopped" : done.ok ? this.output.compare() : "an error ended it";
    this.said.textContent = `${this.spent.toFixed(1)} s${how && ": "}${how}`;
    return done;
  }
}

class Page {
  constructor(bytes) {
    this.status = make("span", { role: "status" });
    this.stopper = button("Stop", "Stop what runs", () => this.stop());
    this.stopper.disabled = true;
    const bar = make("div", { className: "run-bar", role: "group", "aria-label": "Run this page" },
      button("Run all", "Run all cells", () => this.run(this.cells)), this.stopper,
      button("Reset all", "Reset all cells", () => this.reset()), this.status);
    const title = [...document.querySelectorAll("article h1")].find((each) => !each.closest(".onlyprint"));
    title.after(bar);
    this.cells = [...document.querySelectorAll("[data-cell]")].map((box) => new Cell(this, box));
    this.say(`The code on this page runs in your browser, and you can change it. The first run loads ${MB(bytes)} MB.`);
  }

  say(text, cell) {
    this.status.textContent = text;
    if (cell) cell.said.textContent = text;
  }

  upTo(cell) { return this.cells.slice(0, this.cells.indexOf(cell) + 1); }

  async python() {
    if (!this.own) {
      const { Python } = await import("./python.mjs");
      const work = `/course/book/${location.pathname.includes("/chapters/") ? "chapters" : ""}`;
      this.own = new Python({ work, packages: ["numpy", "matplotlib"], tell: (bytes, of) => this.loaded(bytes, of) });
    }
    return this.own;
  }

  // Once a second: who listens hears each of these.
  loaded(bytes, of) {
    if (performance.now() - (this.told ?? 0) < 1000) return;
    this.told = performance.now();
    this.say(`Loading Python: ${MB(bytes)} of ${MB(of)} MB`, this.asked);
  }

  // Those of these cells that have not run as they are, and the one that was asked for in any case.
  todo(cells, asked) { return cells.filter((cell) => !cell.not && (cell === asked || cell.ran !== cell.source)); }

  async run(cells, asked) {
    if (this.queue) return this.say("A cell is running: wait for it, or stop it.");
    let todo = this.todo(cells, asked);
    if (!todo.length) todo = cells.filter((cell) => !cell.not);
    const seconds = todo.reduce((sum, cell) => sum + cell.seconds, 0);
    const long = todo.length > 1 && seconds > LONG;
    if (long && !confirm(`In a browser these ${todo.length} cells take about ${lasting(seconds)}. Run them?`)) return;
    this.queue = true;
    this.stopper.disabled = false;
    this.asked = asked;
    if (asked) asked.running = true;
    const start = performance.now();
    try {
      const python = await this.python();
      if (!python.started) this.say("Loading Python …", asked);
      await python.start();
      for (const [at, cell] of todo.entries()) {
        this.say(todo.length > 1 ? `Running cell ${cell.label}, ${at + 1} of ${todo.length} …` : `Running cell ${cell.label} …`, asked ?? cell);
        cell.running = true;
        const done = await cell.run(python);
        cell.running = cell === asked && cell !== todo.at(-1);
        if (done.stopped) return;
        if (!done.ok) {
          this.say(`Cell ${cell.label} ended with an error${cell === todo.at(-1) ? "" : "; what is below it did not run"}.`);
          return;
        }
      }
      const what = todo.length > 1 ? `${todo.length} cells` : `Cell ${todo[0].label}`;
      const how = asked?.said.textContent.split(": ")[1];
      this.say(`${what} ran in ${((performance.now() - start) / 1000).toFixed(1)} s${how ? "; " + how : ""}.`);
    } catch (error) {
      this.say(`Python could not be used: ${error.message}.`, asked);
      this.own?.quit();
      this.lost();
    } finally {
      this.queue = false;
      this.stopper.disabled = true;
      for (const cell of this.cells) if (cell.going) cell.running = false;
    }
  }

  lost() { for (const cell of this.cells) cell.ran = null; }

  async stop() {
    if (await this.own?.stop() ?? true) this.say("Stopped.");
    else {
      this.lost();
      this.say("Stopped. Python has to start anew: the next run begins with the cells above it.");
    }
  }

  reset() {
    this.own?.quit();
    for (const cell of this.cells) cell.reset();
    this.say("All cells are as they were.");
  }
}

document.head.append(make("link", { rel: "stylesheet", href: new URL("run.css", import.meta.url).href }));
const { bytes } = document.querySelector("script[data-bytes]").dataset;
globalThis.runHere = new Page(Number(bytes));
