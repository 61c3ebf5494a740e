"use strict";
/* A field to draw a digit on, with a mouse, a pen, a finger or the keyboard.

     const canvas = digitCanvas.create(parent, { onchange: (pixels, drawing) => … });

   What is drawn is kept as strokes, lists of points [x, y] in a square of 280 × 280, and turned
   into pixels here, not by the browser: the same strokes are the same bytes everywhere. (Some
   browsers also change a little what a page reads back from a canvas, so as not to be known by it.)
   It asks nothing of a network, and may be loaded twice. The site's page "Draw a digit" and the
   notebooks' draw() share it; its looks are in digit_canvas.css. */
(() => {
  /** Words in the site's language (the Chinese site says them), with values in their fields. */
  const _ = (words, values = {}) => (globalThis.bookWords?.[words] ?? words)
    .replace(/\{(\w+)\}/g, (field, name) => values[name] ?? field);

  const SIDE = 280; // ten to one of MNIST's pixels
  const RADIUS = 12; // of the pen: strokes about as thick as MNIST's
  const STEP = 10; // how far an arrow key moves the pen; with Shift, a fifth of it
  const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  /** Ink the line from one point to another into `pixels`; the box [left, top, right, bottom] that
      has changed. A pixel's ink is how far its middle lies inside the pen's edge, from 0 to 1. */
  function inkLine(pixels, [x0, y0], [x1, y1]) {
    const reach = RADIUS + 1;
    const inside = (at) => Math.max(0, Math.min(SIDE, at));
    const box = [
      inside(Math.floor(Math.min(x0, x1) - reach)), inside(Math.floor(Math.min(y0, y1) - reach)),
      inside(Math.ceil(Math.max(x0, x1) + reach)), inside(Math.ceil(Math.max(y0, y1) + reach)),
    ];
    const [dx, dy] = [x1 - x0, y1 - y0];
    const square = dx * dx + dy * dy;
    for (let row = box[1]; row < box[3]; row++) {
      for (let column = box[0]; column < box[2]; column++) {
        const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
        const along = square ? Math.max(0, Math.min(1, (x * dx + y * dy) / square)) : 0;
        const away = Math.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2);
        const ink = Math.round(255 * Math.max(0, Math.min(1, RADIUS + 0.5 - away)));
        if (ink > pixels[SIDE * row + column]) pixels[SIDE * row + column] = ink;
      }
    }
    return box;
  }

  /** Strokes → Uint8Array [280 · 280], row by row: 255 where the ink is, 0 where the paper is. */
  function rasterise(strokes) {
    const pixels = new Uint8Array(SIDE * SIDE);
    for (const stroke of strokes) {
      stroke.forEach((point, i) => inkLine(pixels, stroke[Math.max(0, i - 1)], point));
    }
    return pixels;
  }

  const copy = (strokes) => strokes.map((points) => points.map((point) => [...point]));

  function add(parent, name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return parent.appendChild(made);
  }

  /** Put a canvas at the end of `parent`. After each change `onchange(pixels, drawing)` is called:
      `pixels` as of `rasterise`, the same array each time; `drawing`: the pen is still down. */
  function create(parent, { onchange = () => {}, label = _("Draw a digit here") } = {}) {
    const box = add(parent, "div", { class: "digit-canvas" });
    const field = add(box, "div", {
      // JupyterLab then leaves the keys to us
      class: "field", tabindex: 0, role: "application", "data-lm-suppress-shortcuts": "true",
      "aria-label": _("{label}. Arrow keys move the pen, Space puts it down or lifts it, " +
        "Backspace takes the last stroke back, Delete clears all.", { label }),
    });
    const screen = add(field, "canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    const pen = add(field, "span", { class: "pen", "aria-hidden": "true" });
    const buttons = add(box, "div", { class: "buttons" });
    for (const [text, act] of [[_("undo"), undo], [_("clear"), clear]]) {
      add(buttons, "button", { type: "button" }, text).addEventListener("click", act);
    }
    const said = add(box, "span", { class: "said", role: "status" });
    const painter = screen.getContext("2d");
    const pixels = new Uint8Array(SIDE * SIDE);
    const held = new Set(); // arrow keys: two at once go diagonally
    let strokes = [];
    let before = []; // what `strokes` was before each stroke, and before it was cleared
    let open = false; // the pen is down, and the last stroke goes on
    let at = [SIDE / 2, SIDE / 2];

    function paint([left, top, right, bottom]) {
      if (right <= left || bottom <= top) return; // off the field
      const image = painter.createImageData(right - left, bottom - top);
      const colours = new Uint32Array(image.data.buffer);
      for (let i = 0, row = top; row < bottom; row++) {
        for (let column = left; column < right; column++, i++) {
          colours[i] = 0xff000000 + 0x010101 * (255 - pixels[SIDE * row + column]);
        }
      }
      painter.putImageData(image, left, top);
    }

    function begin(point) {
      before.push(strokes.slice());
      strokes.push([]);
      open = true;
      extend([point]);
    }

    function extend(points) {
      const stroke = strokes.at(-1);
      for (const point of points) {
        // a tenth of a pixel is enough, and short in a file; a point far outside adds nothing
        at = point.map((c) => Math.round(10 * Math.max(-20, Math.min(SIDE + 20, c))) / 10);
        const last = stroke.at(-1);
        if (last && last[0] === at[0] && last[1] === at[1]) continue;
        stroke.push(at);
        paint(inkLine(pixels, last ?? at, at));
      }
      changed();
    }

    function end() {
      if (!open) return;
      open = false;
      changed();
    }

    function changed() {
      const [undoing, clearing] = buttons.children;
      undoing.disabled = before.length === 0;
      clearing.disabled = strokes.length === 0;
      box.classList.toggle("inked", strokes.length > 0);
      movePen();
      onchange(pixels, open);
    }

    function movePen() {
      pen.classList.toggle("down", open);
      pen.style.left = `${(100 * at[0]) / SIDE}%`;
      pen.style.top = `${(100 * at[1]) / SIDE}%`;
    }

    /** Show these strokes in place of all others. */
    function show(others) {
      open = false;
      strokes = others;
      pixels.set(rasterise(strokes));
      paint([0, 0, SIDE, SIDE]);
      changed();
    }

    function undo() {
      if (before.length) show(before.pop());
      said.textContent = _("{count} strokes left", { count: strokes.length });
    }

    function clear() {
      if (strokes.length) before.push(strokes.slice());
      show([]);
      said.textContent = _("The field is empty");
    }

    const where = ({ clientX, clientY }) => {
      const frame = screen.getBoundingClientRect();
      return [(SIDE * (clientX - frame.left)) / frame.width,
        (SIDE * (clientY - frame.top)) / frame.height];
    };
    field.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return; // a second finger, another button
      field.setPointerCapture(event.pointerId);
      end(); // what the keyboard has begun
      begin(where(event));
    });
    field.addEventListener("pointermove", (event) => {
      if (!open || !field.hasPointerCapture(event.pointerId)) return;
      // a browser hands over one event a frame, and in it all places where the pen has been
      const all = event.getCoalescedEvents?.() ?? [];
      extend((all.length ? all : [event]).map(where));
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      field.addEventListener(kind, (event) => { if (event.isPrimary) end(); });
    }
    // in some browsers a long touch selects, or opens a menu
    for (const kind of ["contextmenu", "selectstart", "dragstart"]) {
      field.addEventListener(kind, (event) => event.preventDefault());
    }

    function pressed(event) {
      const command = event.ctrlKey || event.metaKey;
      if ((command && event.key !== "z") || event.altKey) return false;
      if (command || event.key === "Backspace") undo();
      else if (event.key === "Delete") clear();
      else if (event.key === " ") {
        if (!event.repeat) open ? end() : begin(at);
      } else if (event.key in ARROWS) {
        held.add(event.key);
        const step = event.shiftKey ? STEP / 5 : STEP;
        const by = [0, 1].map((i) => [...held].reduce((sum, key) => sum + ARROWS[key][i], 0));
        const to = at.map((c, i) => Math.max(0, Math.min(SIDE, c + step * by[i])));
        if (open) extend([to]);
        else { at = to; movePen(); }
      } else return false;
      if (event.key === " " || event.key in ARROWS) {
        const [column, row] = at.map((c) => Math.min(28, Math.floor(c / 10) + 1));
        said.textContent = open ? _("Pen down, row {row}, column {column} of 28", { row, column })
          : _("Pen up, row {row}, column {column} of 28", { row, column });
      }
      return true;
    }
    field.addEventListener("keydown", (event) => {
      if (!pressed(event)) return;
      event.preventDefault(); // the page would scroll
      event.stopPropagation(); // and a notebook take it for a command
    });
    field.addEventListener("keyup", (event) => held.delete(event.key));
    field.addEventListener("blur", () => { held.clear(); end(); });

    show([]);
    return {
      element: box, field, undo, clear,
      /** Add one stroke, as if it had been drawn. */
      stroke: (points) => { begin(points[0]); extend(points.slice(1)); end(); },
      /** Draw these strokes in place of all that is there. */
      draw: (others) => { before.push(strokes.slice()); show(copy(others)); },
      get pixels() { return pixels.slice(); },
      get strokes() { return copy(strokes); },
    };
  }

  globalThis.digitCanvas = { SIDE, RADIUS, rasterise, create };
})();
