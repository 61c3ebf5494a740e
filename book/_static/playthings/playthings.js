"use strict";
/* What the playthings share. A page has <div class="plaything" data-toy="…" data-given="{…}"> below
   a figure (book/_extensions/playthings.py); the script of that toy fills it. */
const playthings = {
  /** Words in the site's language (the Chinese site says them), with values in their fields. */
  say(words, values = {}) {
    return (globalThis.bookWords?.[words] ?? words)
      .replace(/\{(\w+)\}/g, (field, name) => values[name] ?? field);
  },

  /** Fill each container of this toy: `build(box, given)`. */
  fill(toy, build) {
    for (const box of document.querySelectorAll(`.plaything[data-toy="${toy}"]`)) {
      build(box, JSON.parse(box.dataset.given));
    }
  },

  /** A new element at the end of `parent`, with these attributes and this text. */
  add(parent, name, attributes = {}, text = "") {
    const space = name === "svg" ? "http://www.w3.org/2000/svg" : parent.namespaceURI;
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return parent.appendChild(made);
  },

  /** A slider between its label and a place for its value: both, the slider first. */
  slider(parent, label, range, changed) {
    const row = this.add(parent, "label", { class: "slider" });
    this.add(row, "span", {}, label);
    const input = this.add(row, "input", { type: "range", ...range });
    input.addEventListener("input", changed);
    return [input, this.add(row, "span", { class: "value", "aria-hidden": "true" })];
  },

  button(parent, label, pressed) {
    const made = this.add(parent, "button", { type: "button" }, label);
    made.addEventListener("click", pressed);
    return made;
  },

  /** A number as people write it: −0.05, 1,234, 1.2 × 10⁸. */
  number(x, digits = 2) {
    const size = Math.abs(x);
    let text;
    if (size >= 1e6) {
      const [head, power] = size.toExponential(1).split("e+");
      text = `${head} × 10${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
    } else {
      const places = size >= 1000 ? 0 : digits;
      const style = { minimumFractionDigits: places, maximumFractionDigits: places };
      text = size.toLocaleString("en", style);
    }
    return x < 0 && /[1-9]/.test(text) ? `−${text}` : text;
  },
};
