// What the scripts of this folder share.

// An element; what begins with "aria-" or "data-" becomes an attribute, the rest are properties.
export function make(tag, set = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (/^(aria|data)-|^role$/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export const button = (text, label, onclick) => make("button", { type: "button", onclick, "aria-label": label }, text);

// 5 s, 40 s, 3 min
export const lasting = (seconds) => (seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
