// A page that somebody opened from a disk may load no modules, so it says why nothing can be run there.
if (location.protocol !== "file:") import("./run.mjs");
else addEventListener("DOMContentLoaded", () => {
  const why = document.createElement("p");
  why.textContent = "The code on this page can be run and changed where the site is served, as by “make serve”, not from a disk.";
  document.querySelector("article section > h1")?.after(why);
  addEventListener("beforeprint", () => why.remove());
});
