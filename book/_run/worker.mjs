// Python in a worker, so that the page stays alive and an endless loop can be ended. python.mjs speaks with it.
// It is told {op: "start", ...}, {op: "run", source, label} and {op: "reset", folder}; it answers
// "progress" (bytes), "output" (what a cell shows), then "ready", "done" or "failed".

import { fast } from "./products.mjs";

const say = (op, more) => postMessage({ op, ...more });
const fetched = fetch;
let kernel, pyodide, faster, ran = false;

// Bytes are counted as they come. What comes from another host is compared with the lock before it is used.
function counted(files) {
  return async (address, options) => {
    const name = String(address.url ?? address).split("/").pop(), file = files[name];
    if (!file) return fetched(address, options);
    const own = new URL(address, location.href).origin === location.origin;
    const response = await fetched(address, own ? options : { ...options, integrity: file.integrity });
    if (!response.ok) throw new Error(`${name} is not there: the server says ${response.status}`);
    if (!response.body || name.endsWith(".wasm")) {  // left as it is: browsers keep what they compiled of it
      say("progress", { bytes: file.size });
      return response;
    }
    let left = file.size;
    const count = new TransformStream({
      transform(piece, control) {
        const bytes = Math.min(left, piece.byteLength);
        left -= bytes;
        if (bytes) say("progress", { bytes });
        control.enqueue(piece);
      },
    });
    return new Response(response.body.pipeThrough(count), { headers: response.headers });
  };
}

// A script from another host: compared with the lock, then run.
async function script(address, files) {
  if (new URL(address).origin === location.origin) {
    say("progress", { bytes: files[address.split("/").pop()].size });
    return import(address);
  }
  const text = await (await fetch(address)).text();
  return import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}

async function start({ pyodide: folder, files, beside, packages, work, interrupt }) {
  globalThis.fetch = counted(files);
  const own = new URL(".", import.meta.url).href;
  const get = async (name) => (await fetch(own + name)).arrayBuffer();
  const data = Promise.all([...beside, "fontlist.json", "figures.py", "kernel.py"].map(get));
  data.catch(() => {});  // said below
  await script(folder + "pyodide.asm.js", files);
  const { loadPyodide } = await script(folder + "pyodide.mjs", files);
  const lockFileURL = URL.createObjectURL(new Blob([await (await fetch(own + "pyodide-lock.json")).text()]));
  pyodide = await loadPyodide({ indexURL: folder, lockFileURL, packages, env: { HOME: "/home" } });
  const contents = await data;
  const write = (path) => pyodide.FS.writeFile(path, new Uint8Array(contents.pop()));
  for (const folder of ["/course", "/kernel"]) pyodide.FS.mkdirTree(folder);
  write("/kernel/course_kernel.py");
  write("/kernel/course_figures.py");
  if (packages.includes("matplotlib")) write(`${pyodide.runPython("import site; site.getsitepackages()[0]")}/matplotlib/fontlist.json`);
  contents.slice(0, beside.length).forEach((archive) => pyodide.unpackArchive(archive, "zip", { extractDir: "/course" }));
  pyodide.runPython("import importlib, sys; sys.path[:0] = ['/kernel', '/course']; importlib.invalidate_caches()");
  kernel = pyodide.pyimport("course_kernel");
  kernel.send = (kind, text, scale) => say("output", { kind, text, scale });
  if (interrupt) pyodide.setInterruptBuffer(new Uint8Array(interrupt));
  kernel.reset(work);
  say("ready");
}

// The first output need not wait for what makes large products fast: it is loaded while the reader looks at it.
const speed = () => (faster ??= pyodide.loadPackage("openblas", { messageCallback() {} }).then(() => fast(pyodide)).catch(() => {}));

onmessage = async ({ data }) => {
  try {
    if (data.op === "start") await start(data);
    else if (data.op === "reset") {
      kernel.reset(data.folder);
      say("done", { ok: true });
    } else {
      await pyodide.loadPackagesFromImports(data.source, { messageCallback() {} }).catch(() => {});  // Python says it better
      if (ran) await speed();
      ran = true;
      const ok = kernel.run(data.source, data.label);
      say("done", { ok, heap: pyodide._module.HEAPU8.length });
      speed();
    }
  } catch (error) {
    say("failed", { text: String(error.message ?? error) });
  }
};
