// A field for code, as editor.mjs has it, without CodeMirror. Tab indents; after Escape it leaves, so that nobody is caught in it. Shift and Enter run the cell.

import { make } from "./make.mjs";

export function editor(source, label, { run, change = () => {} }) {
  const area = make("textarea", {
    className: "run-plain", value: source, spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off",
    "aria-label": `${label}. Tab indents; Escape, then Tab leaves the field; Shift and Enter run it.`,
  });
  const fit = () => { area.rows = area.value.split("\n").length + 1; };
  // setRangeText would empty the browser's undo
  const put = (text) => document.execCommand("insertText", false, text) || area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  const line = () => area.value.slice(area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, area.selectionStart);
  let leaving = false;
  area.addEventListener("input", () => { fit(); change(); });
  area.addEventListener("blur", () => { leaving = false; });
  area.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey } = event;
    if (key === "Enter" && (shiftKey || ctrlKey || metaKey)) run();
    else if (key === "Enter") put("\n" + line().match(/^ */)[0] + (/:\s*(#.*)?$/.test(line()) ? "    " : ""));
    else if (key === "Tab" && !leaving && !shiftKey) indent();
    else if (key === "Tab" && !leaving) outdent();
    else {
      if (key === "Escape") leaving = true;
      else if (key !== "Tab" && key !== "Shift") leaving = false;
      return;
    }
    event.preventDefault();
  });
  function whole() {  // the lines that are selected
    const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    const end = area.value.indexOf("\n", Math.max(area.selectionStart, area.selectionEnd - 1));
    area.setSelectionRange(from, end < 0 ? area.value.length : end);
    return area.value.slice(area.selectionStart, area.selectionEnd);
  }
  function replace(text) {
    const from = area.selectionStart;
    put(text);
    area.setSelectionRange(from, from + text.length);
  }
  function indent() {
    if (area.selectionStart === area.selectionEnd) put(" ".repeat(4 - (line().length % 4)));
    else replace(whole().replace(/^(?=.)/gm, "    "));
  }
  function outdent() {
    const at = area.selectionStart, one = at === area.selectionEnd, before = whole(), text = before.replace(/^ {1,4}/gm, "");
    if (text !== before) replace(text);
    if (one) area.setSelectionRange(...Array(2).fill(Math.max(area.selectionStart, at - (before.length - text.length))));
  }
  fit();
  return {
    dom: area,
    get value() { return area.value; },
    set value(code) { area.value = code; fit(); },
    focus() { area.focus(); },
  };
}
