// A field for code: CodeMirror. Where the site was built without it, plain.mjs is served in the place of this file.
// Tab indents; after Escape, for two seconds, it leaves. Colours are those of the page's own code, by the same classes.

import { make } from "./make.mjs";
import { closeBrackets, closeBracketsKeymap } from "./codemirror/codemirror-autocomplete.js";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "./codemirror/codemirror-commands.js";
import { python } from "./codemirror/codemirror-lang-python.js";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "./codemirror/codemirror-language.js";
import { EditorState } from "./codemirror/codemirror-state.js";
import { EditorView, keymap, lineNumbers } from "./codemirror/codemirror-view.js";
import { tagHighlighter, tags } from "./codemirror/lezer-highlight.js";

const colours = tagHighlighter([
  { tag: tags.keyword, class: "k" },
  { tag: tags.operatorKeyword, class: "ow" },
  { tag: [tags.bool, tags.null], class: "kc" },
  { tag: [tags.string, tags.special(tags.string)], class: "s2" },
  { tag: tags.number, class: "mi" },
  { tag: tags.comment, class: "c1" },
  { tag: tags.operator, class: "o" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
]);

// dom is what stands on the page; value is the code; run and change are called when a reader asks, and writes.
export function editor(source, label, { run, change = () => {} }) {
  const dom = make("div", { className: "run-editor highlight" });
  const asked = () => { run(); return true; };
  const view = new EditorView({
    parent: dom,
    doc: source,
    extensions: [
      lineNumbers(), history(), python(), indentOnInput(), bracketMatching(), closeBrackets(),
      indentUnit.of("    "), EditorState.tabSize.of(4), syntaxHighlighting(colours),
      keymap.of([
        { key: "Shift-Enter", run: asked }, { key: "Mod-Enter", run: asked },
        ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
      ]),
      EditorView.contentAttributes.of({
        "aria-label": `${label}. Tab indents; Escape, then Tab leaves the field; Shift and Enter run it.`,
        autocapitalize: "off",
      }),
      EditorView.updateListener.of((update) => update.docChanged && change()),
    ],
  });
  return {
    dom,
    get value() { return view.state.doc.toString(); },
    set value(code) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: code } }); },
    focus() { view.focus(); },
  };
}
