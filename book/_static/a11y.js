// Two names that the theme leaves wrong for screen readers.
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
});
