// Tables and outputs that are wider than the page scroll within themselves. Here they say so, to the
// eye (a shadow at the edge), to the keyboard (they take the focus) and to the ear (a name).
(() => {
  const boxes = "article pre, article table, article math[display=block], article div.math";
  const names = { PRE: "Code or output", TABLE: "Table" };

  function mark(box) {
    const wide = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("goes-on", wide && box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
    if (wide) {
      box.tabIndex = 0;
      if (box.tagName !== "TABLE" && !box.hasAttribute("role")) {
        box.setAttribute("role", "group"); // a name needs a role; a table has its own
      }
      if (!box.hasAttribute("aria-label")) {
        box.setAttribute("aria-label", `${names[box.tagName] || "Formula"}, scrolls sideways`);
      }
    } else {
      box.removeAttribute("tabindex");
    }
  }

  function markAll() {
    document.querySelectorAll(boxes).forEach(mark);
  }

  document.addEventListener("scroll", (event) => {
    if (event.target instanceof Element && event.target.matches(boxes)) mark(event.target);
  }, { capture: true, passive: true });
  document.addEventListener("toggle", markAll, true); // what was folded had no width
  window.addEventListener("load", () => {
    markAll();
    new ResizeObserver(markAll).observe(document.querySelector("main"));
  });
})();

// On paper nothing can be opened: folded parts are open while a page is printed.
(() => {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not([open])")];
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((part) => { part.open = false; });
  });
})();
