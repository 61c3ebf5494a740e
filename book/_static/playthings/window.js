"use strict";
/* A window dragged over a digit: what it sees, the weighted sum, and the map of the sums.
   Given: picture (a row of pixels is a string, two hexadecimal digits a pixel, 00 is paper),
   windows (of each its name and its weights [size][size]). */
playthings.fill("window", (box, { picture, windows }) => {
  const { add, number, say: _ } = playthings;
  const pixels = picture.map((row) => row.match(/../g).map((byte) => parseInt(byte, 16) / 255));
  const side = pixels.length;
  let weights, row, column, drawn;

  add(box, "p", { class: "title" }, _("Try it: a window over a digit"));
  const kinds = add(add(box, "form"), "fieldset");
  add(kinds, "legend", {}, _("weights"));
  windows.forEach(([name, itsWeights], i) => {
    const label = add(kinds, "label");
    const attributes = { type: "radio", name: "window", ...(i === 0 && { checked: "" }) };
    add(label, "input", attributes).addEventListener("change", () => choose(itsWeights));
    label.append(` ${_(name)}`);
  });
  const panels = add(box, "div", { class: "panels" });
  const [digit, seen, map] = ["digit", "seen", "map"].map((name) => {
    const figure = add(panels, "figure", { class: name });
    const field = add(figure, "div", { class: "field" });
    return { field, caption: add(figure, "figcaption") };
  });
  Object.assign(digit, field(digit.field, side));
  digit.caption.textContent = _("drag the window, or use the arrow keys");
  const table = add(seen.field, "table", {
    "aria-label": _("Pixels under the window, and weights"),
  });
  seen.caption.textContent = _("in each cell: the pixel, below it its weight");
  Object.assign(map, field(map.field, side));
  const said = add(box, "output");
  const buttons = add(box, "div", { class: "buttons" });
  playthings.button(buttons, _("slide it over all"), () => { everywhere(fillIn); show(); });
  playthings.button(buttons, _("empty the map"), () => { empty(); move(row, column); });

  /** A canvas of pixels with a frame on it that can be moved. */
  function field(parent, size) {
    const canvas = add(parent, "canvas", { width: size, height: size });
    return { canvas, frame: add(parent, "div", { class: "frame" }) };
  }

  function dot(canvas, r, c, darkness) {
    const pen = canvas.getContext("2d");
    const shade = Math.round(255 * (1 - darkness));
    pen.fillStyle = `rgb(${shade}, ${shade}, ${shade})`;
    pen.fillRect(c, r, 1, 1);
  }

  function place({ canvas, frame }, r, c, size) {
    Object.assign(frame.style, {
      left: `${(100 * c) / canvas.width}%`, width: `${(100 * size) / canvas.width}%`,
      top: `${(100 * r) / canvas.height}%`, height: `${(100 * size) / canvas.height}%`,
    });
  }

  const sumAt = (r, c) => weights.reduce((sum, line, i) =>
    line.reduce((part, weight, j) => part + weight * pixels[r + i][c + j], sum), 0);

  /** Draw one number of the map: black for the largest sum there can be, white the smallest. */
  function fillIn(r, c) {
    const all = weights.flat();
    const part = (sign) => all.reduce((sum, weight) => sum + Math.max(0, sign * weight), 0);
    dot(map.canvas, r, c, (sumAt(r, c) + part(-1)) / (part(1) + part(-1)));
    drawn.add(`${r},${c}`);
  }

  function everywhere(act) {
    for (let r = 0; r < map.canvas.height; r++) {
      for (let c = 0; c < map.canvas.width; c++) act(r, c);
    }
  }

  function empty() {
    map.canvas.width = map.canvas.height = side - weights.length + 1; // and it is empty
    map.field.style.width = `${(100 * map.canvas.width) / side}%`;
    drawn = new Set();
  }

  function choose(chosen) {
    weights = chosen;
    empty();
    const middle = (side - weights.length) >> 1;
    move(row ?? middle, column ?? middle);
  }

  /** Move the window, as far as it can go; it draws at each place on its way. */
  function move(r, c, along = false) {
    const inside = (at) => Math.max(0, Math.min(map.canvas.width - 1, at));
    const [fromRow, fromColumn] = [row, column];
    [row, column] = [inside(r), inside(c)];
    const steps = along ? Math.max(Math.abs(row - fromRow), Math.abs(column - fromColumn)) : 0;
    for (let i = 1; i < steps; i++) {
      fillIn(Math.round(fromRow + ((row - fromRow) * i) / steps),
        Math.round(fromColumn + ((column - fromColumn) * i) / steps));
    }
    fillIn(row, column);
    show();
  }

  function show() {
    place(digit, row, column, weights.length);
    place(map, row, column, 1);
    table.replaceChildren();
    weights.forEach((line, i) => {
      const cells = add(table, "tr");
      line.forEach((weight, j) => {
        const ink = pixels[row + i][column + j];
        const shade = Math.round(255 * (1 - ink));
        const style = `background: rgb(${shade}, ${shade}, ${shade}); color: ` +
          (ink > 0.54 ? "#fff" : "#000");
        const cell = add(cells, "td", { style }, number(ink));
        add(cell, "small", {}, number(weight, Number.isInteger(weight) ? 0 : 2));
      });
    });
    const [size, across] = [weights.length, map.canvas.width];
    map.caption.textContent = _("map of the sums, {size}: {drawn} drawn",
      { size: `${across}\u00a0×\u00a0${across}`, drawn: drawn.size });
    said.textContent = _("Row {row}, column {column}: the weighted sum of the {size} pixels is {sum}.",
      { row, column, size: `${size} × ${size}`, sum: number(sumAt(row, column)) });
  }

  function toPointer(event, along) {
    const frame = digit.canvas.getBoundingClientRect();
    const at = (offset, length) => Math.round((side * offset) / length - weights.length / 2);
    move(at(event.clientY - frame.top, frame.height),
      at(event.clientX - frame.left, frame.width), along);
  }

  digit.field.tabIndex = 0;
  digit.field.setAttribute("role", "application");
  digit.field.setAttribute("aria-label", 
    _("The digit and the window. Arrow keys move the window"));
  digit.field.addEventListener("pointerdown", (event) => {
    digit.field.setPointerCapture(event.pointerId);
    toPointer(event, false);
  });
  digit.field.addEventListener("pointermove", (event) => {
    if (digit.field.hasPointerCapture(event.pointerId)) toPointer(event, true);
  });
  digit.field.addEventListener("keydown", (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(event.key in by) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // the page would scroll
    move(row + by[event.key][0], column + by[event.key][1]);
  });
  pixels.forEach((line, r) => line.forEach((ink, c) => dot(digit.canvas, r, c, ink)));
  choose(windows[0][1]);
});
