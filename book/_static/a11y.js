// What is known only in the browser: what scrolls, what a script of the theme made, where the page was opened from.
document.addEventListener("DOMContentLoaded", () => {
  // The sidebar is a landmark without a role.
  document.querySelectorAll(".bd-sidebar-primary:not([role])").forEach((sidebar) => {
    sidebar.setAttribute("role", "navigation");
    sidebar.setAttribute("aria-label", "Book");
  });
  // A button's spoken name has to contain the text that is seen on it.
  document.querySelectorAll("button[aria-label]").forEach((button) => {
    const seen = button.innerText.trim();
    if (seen && !button.getAttribute("aria-label").includes(seen)) button.removeAttribute("aria-label");
  });
  // A box that scrolls can be reached and scrolled by keyboard, as long as it scrolls.
  const boxes = {
    "div.math > mjx-container": "Formula",
    "span.math": "Formula",
    "article pre": "Code",
    ".pst-scrollable-table-container": "Table",
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
  const mark = (box) => {
    const names = { role: "group", tabindex: "0", "aria-label": `${box.dataset.scrolls}, scrolls sideways` };
    const scrolls = box.scrollWidth > box.clientWidth;
    for (const [name, value] of Object.entries(names)) {
      if (scrolls) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  };
  for (const [selector, name] of Object.entries(boxes)) {
    document.querySelectorAll(selector).forEach((box) => {
      box.dataset.scrolls = name;
      watch.observe(box);
    });
  }
});

// Opened from a disk, the search cannot read the pages for a summary; it lists their titles.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
