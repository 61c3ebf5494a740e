// Tables and outputs that are wider than the page scroll within themselves. Here they say so, to the
// eye (a shadow at the edge), to the keyboard (they take the focus) and to the ear (a name).
(() => {
  const boxes = "article pre, article table, article math[display=block], article div.math";
  const names = { PRE: "Code or output", TABLE: "Table" };

  // All is measured before anything is changed: a browser lays out the page once, and not each time
  function mark(found) {
    const measured = found.map((box) => {
      const wide = box.scrollWidth > box.clientWidth + 1;
      return [box, wide, wide && box.scrollLeft + box.clientWidth < box.scrollWidth - 1];
    });
    for (const [box, wide, goesOn] of measured) {
      box.classList.toggle("goes-on", goesOn);
      if (wide) {
        box.tabIndex = 0;
        // a name needs a role; a table has its own
        if (box.tagName !== "TABLE") box.setAttribute("role", "group");
        if (!box.hasAttribute("aria-label")) {
          box.setAttribute("aria-label", `${names[box.tagName] || "Formula"}, scrolls sideways`);
        }
      } else if (box.tabIndex === 0) {
        box.removeAttribute("tabindex");
      }
    }
  }

  // What is folded, or waits below the window (light_pages.py), has no width yet, and to ask for it
  // would lay it out
  let known = { contentVisibilityAuto: true };
  function markAll() {
    const there = [];
    for (const box of document.querySelectorAll(boxes)) {
      if (box.checkVisibility(known)) there.push(box);
      else if (!box.hasAttribute("tabindex")) box.tabIndex = 0; // it may be one that scrolls
    }
    mark(there);
  }

  let due = false;
  function markSoon() { // many blocks come near at once
    if (!due) requestAnimationFrame(() => { due = false; markAll(); });
    due = true;
  }

  document.addEventListener("scroll", (event) => {
    if (event.target instanceof Element && event.target.matches(boxes)) mark([event.target]);
  }, { capture: true, passive: true });
  for (const event of ["toggle", "contentvisibilityautostatechange"]) { // it has a width from now on
    document.addEventListener(event, markSoon, true);
  }
  // Tab goes to the next box that scrolls, however far: from now on all must be known
  document.addEventListener("keydown", function all(event) {
    if (event.key !== "Tab") return;
    document.removeEventListener("keydown", all, true);
    known = {};
    markAll();
    markAll(); // a table that was never laid out has its own width only when asked again
  }, true);
  window.addEventListener("load", () => {
    new ResizeObserver(markSoon).observe(document.querySelector("main")); // and at once
  });
})();

// On paper nothing can be opened: what is folded is open while a page is printed. (Not the code that
// only builds a figure: print.css says where that is.)
(() => {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not(.hide):not([open])")];
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((part) => { part.open = false; });
  });
})();

// The theme takes the focus away from a button that was pressed, for a mouse's sake. Who pressed it
// by the keyboard goes on from there: at once, or when what it has opened is closed again.
(() => {
  let pressed = null;
  const goOn = () => setTimeout(() => {
    if (pressed && document.activeElement === document.body) pressed.focus();
  });
  document.addEventListener("click", (event) => {
    pressed = event.detail ? null : event.target.closest?.("button"); // a mouse counts its clicks
    goOn();
  }, true);
  document.addEventListener("close", goOn, true);
})();
