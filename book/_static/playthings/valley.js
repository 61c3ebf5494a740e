"use strict";
/* Steps of gradient descent in the valley c·w²/2. Given: start, steps, rate (the first one). */
playthings.fill("valley", (box, { start, steps, rate }) => {
  const { add, number, say: _ } = playthings;
  const [FAR, HIGH] = [9, 40]; // how far from the bottom, and how high, the picture reaches
  const [MOST, HEIGHT, BELOW] = [2.4, 270, 62]; // the largest rate; pixels, those under the valley

  add(box, "p", { class: "title" }, _("Try it: the learning rate in the valley c·w²/2"));
  const rates = { min: 0.05, max: MOST, step: 0.05, value: rate };
  const upper = add(box, "div", { class: "rate" });
  const [byRate, rateShown] = playthings.slider(upper, _("rate"), rates, draw);
  const marks = add(upper, "div", { class: "marks", "aria-hidden": "true" });
  for (const text of ["1/c", "2/c"]) add(marks, "span", {}, text);
  const curvatures = { min: 1, max: 4, step: 0.5, value: 1 };
  const [byCurvature, curvatureShown] = playthings.slider(box, _("curvature c"), curvatures, draw);
  const svg = add(box, "svg", {
    height: HEIGHT, role: "img",
    "aria-label": _("The valley, and the places that are visited in it"),
  });
  const said = add(box, "output");
  const list = add(box, "p", { class: "numbers" });

  function verdict(factor) {
    if (Math.abs(factor + 1) < 1e-9) {
      return _("On the border: from side to side for ever, and always as high.");
    }
    if (factor < -1) {
      return _("Beyond the border: each leap ends higher than it began. It diverges.");
    }
    if (factor < -0.5) return _("Too large: it leaps from side to side, and comes down slowly.");
    if (factor > 0.5) return _("Too small: it creeps down one side.");
    if (Math.abs(factor) < 1e-9) return _("Right: the first step ends at the bottom.");
    return _("Right: it is near the bottom in a few steps.");
  }

  function draw() {
    const [r, c] = [Number(byRate.value), Number(byCurvature.value)];
    const places = [start];
    while (places.length <= steps) places.push(places.at(-1) * (1 - r * c));
    rateShown.textContent = number(r);
    curvatureShown.textContent = number(c, 1);
    upper.style.setProperty("--border", 2 / c / MOST);
    const formula = `1 − ${number(r)} · ${number(c, 1)} = ${number(1 - r * c)}`;
    const together = formula.replaceAll(" ", "\u00a0"); // on one line
    said.textContent = _(
      "{verdict} Each step multiplies w by {factor}; the border is at 2/c = {border}. " +
      "After {steps} steps, {end}.", {
        verdict: verdict(1 - r * c), factor: together, border: number(2 / c), steps,
        end: `w\u00a0=\u00a0${number(places.at(-1))}`,
      });
    list.textContent = `w: ${places.map((w) => number(w)).join(" → ")}`;
    picture(c, places);
  }

  function picture(c, places) {
    const width = svg.clientWidth || 320;
    const x = (w) => (width * (w + FAR)) / (2 * FAR);
    const y = (w) => (HEIGHT - BELOW) * (1 - (c * w * w) / 2 / HIGH);
    const points = (ws) => ws.map((w) => `${x(w).toFixed(1)},${y(w).toFixed(1)}`).join(" ");
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.replaceChildren();
    add(svg, "line", { class: "axis", x1: 0, x2: width, y1: y(0) + 24, y2: y(0) + 24 });
    for (const w of [-8, -4, 0, 4, 8]) {
      add(svg, "text", { x: x(w), y: y(0) + 41 }, number(w, 0));
    }
    add(svg, "text", { x: width / 2, y: HEIGHT - 4 }, "w");
    const ws = Array.from({ length: 121 }, (_, i) => FAR * (i / 60 - 1));
    add(svg, "polyline", { class: "loss", points: points(ws) });
    const outside = places.findIndex((w) => Math.abs(w) > FAR || y(w) < 0);
    const drawn = outside < 0 ? places : places.slice(0, outside + 1);
    add(svg, "polyline", { class: "path", points: points(drawn) });
    const free = []; // where a number has been written, so that none lies on another
    drawn.forEach((w, step) => {
      add(svg, "circle", { class: "place", cx: x(w), cy: y(w), r: 5 });
      const slope = ((y(0) - y(1)) * 2 * w) / (x(1) - x(0)); // the number goes below the curve
      const away = 15 / Math.hypot(slope, 1);
      const at = { x: x(w) + away * slope, y: y(w) + 5 + away };
      if (free.every((other) => Math.hypot(at.x - other.x, at.y - other.y) > 16)) {
        add(svg, "text", at, step);
        free.push(at);
      }
    });
    if (outside >= 0) {
      add(svg, "text", { x: width / 2, y: 18 }, _("step {step} leaves the picture", { step: outside }));
    }
  }

  new ResizeObserver(draw).observe(svg);
});
