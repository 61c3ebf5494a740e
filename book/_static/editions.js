"use strict";
/* The link to the other language leads to where the reader is: to the section that is read. It is
   in this window, and says which language its word is in. Without scripts it leads to the page. */

for (const link of document.querySelectorAll(".btn-language")) {
  const { hreflang } = document.querySelector("link[rel=alternate][hreflang]");
  const address = link.getAttribute("href");
  link.removeAttribute("target");
  link.hreflang = link.lang = hreflang;

  /** The address of the last section that begins above the middle of the window. */
  const here = () => {
    if (scrollY < 50) return "";
    const sections = [...document.querySelectorAll("article section[id], article details[id]")];
    const above = sections.filter((each) =>
      each.getClientRects().length && each.getBoundingClientRect().top < innerHeight / 2);
    return above.length > 1 ? `#${above.at(-1).id}` : "";
  };
  const aim = () => { link.href = address + here(); };
  for (const moment of ["pointerdown", "focus", "click"]) link.addEventListener(moment, aim);
}
