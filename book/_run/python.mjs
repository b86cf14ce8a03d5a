// One Python for a page: loaded when it is first asked, stopped when a reader says so. A chapter and an assignment use it alike.

const here = new URL(".", import.meta.url);
const PATIENCE = 2000;  // milliseconds that an interrupted cell has to end by itself

export class Python {
  // work: the folder in which cells run; packages: what is loaded at once; tell(bytes, of): how far loading is
  constructor({ work, packages = ["numpy"], tell = () => {} }) {
    Object.assign(this, { work, packages, tell, heap: 0, waiting: null });
  }

  get started() { return !!this.ready; }
  get busy() { return !!this.waiting; }

  // A promise that Python can be used.
  start() {
    return (this.ready ??= this.load().catch((error) => { this.quit(); throw error; }));
  }

  async load() {
    const settings = await (await fetch(new URL("settings.json", here))).json();
    const of = settings.bytes;
    let bytes = 0;
    const worker = this.worker = new Worker(new URL("worker.mjs", here), { type: "module" });
    this.interrupt = globalThis.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;
    await new Promise((yes, no) => {
      this.waiting = { yes: () => no(new Error("it was stopped")), no };
      worker.onerror = (event) => no(new Error(event.message || "this browser cannot run it"));
      worker.onmessage = ({ data }) => {
        if (data.op === "progress") bytes < of && this.tell((bytes += data.bytes), of);
        else if (data.op === "output") this.sink?.(data);
        else if (data.op === "ready") { this.waiting = null; yes(); }
        else {
          const { yes, no } = this.waiting;
          this.waiting = null;
          if (data.op === "done") yes(data); else no(new Error(data.text));
        }
      };
      const pyodide = new URL(settings.pyodide, here).href;
      worker.postMessage({ op: "start", ...settings, pyodide, packages: this.packages, work: this.work, interrupt: this.interrupt?.buffer });
    });
  }

  async ask(message, sink) {
    await this.start();
    if (this.interrupt) this.interrupt[0] = 0;
    this.sink = sink;
    const done = await new Promise((yes, no) => {
      this.waiting = { yes, no };
      this.worker.postMessage(message);
    });
    this.heap = done.heap ?? this.heap;
    return done;
  }

  // Run a cell: {ok, stopped}. sink({kind, text, scale}) is called for each piece of output, while it runs.
  run(source, label, sink) { return this.ask({ op: "run", source, label }, sink); }

  // Forget all names.
  reset(work = this.work) { return this.started ? this.ask({ op: "reset", folder: work }) : null; }

  // End what runs. False if the names are lost, because only the end of the worker could end it.
  async stop() {
    const running = this.waiting;
    if (!running) return true;
    if (this.interrupt && this.worker) {
      this.interrupt[0] = 2;
      const end = performance.now() + PATIENCE;
      while (this.waiting === running && performance.now() < end) await new Promise((r) => setTimeout(r, 20));
      if (this.waiting !== running) return true;
    }
    this.quit();
    return false;
  }

  quit() {
    this.worker?.terminate();
    const running = this.waiting;
    this.ready = this.worker = this.waiting = null;
    running?.yes({ ok: false, stopped: true });
  }
}
