"use strict";
/* Three logits, their powers of e, and the probabilities that softmax makes of them.
   Given: logits (the first three). */
playthings.fill("softmax", (box, { logits }) => {
  const { add, number, say: _ } = playthings;
  const [LEAST, MOST] = [-10, 10];

  add(box, "p", { class: "title" }, _("Try it: three outputs and their softmax"));
  const rows = logits.map((value, i) => {
    const row = add(box, "div", { class: "row" });
    const range = { min: LEAST, max: MOST, step: 0.1, value };
    const [input, shown] = playthings.slider(row, `z${"₀₁₂₃₄₅₆₇₈₉"[i]}`, range, () => draw());
    const right = add(row, "div", { class: "probability" });
    const power = add(right, "span", { class: "power" });
    const bar = add(add(right, "span", { class: "bar" }), "span");
    return { input, shown, power, bar, p: add(right, "span", { class: "value" }) };
  });
  const sum = add(box, "p", { class: "numbers" });
  const buttons = add(box, "div", { class: "buttons" });
  const less = playthings.button(buttons, _("all three − 1"), () => shift(-1));
  const more = playthings.button(buttons, _("all three + 1"), () => shift(1));
  playthings.button(buttons, _("start again"), () => set(logits));
  const said = add(box, "output");

  const values = () => rows.map(({ input }) => Number(input.value));

  function set(numbers, news) {
    rows.forEach(({ input }, i) => { input.value = numbers[i].toFixed(1); });
    draw(news);
  }

  function shift(by) {
    const its = { by: number(by, 0), e: number(Math.E) };
    set(values().map((z) => z + by), by > 0
      ? _("All three moved by {by}: each power is times e = {e}, and so is their sum. " +
        "No probability has changed.", its)
      : _("All three moved by {by}: each power is divided by e = {e}, and so is their sum. " +
        "No probability has changed.", its));
  }

  const small = (x) => (x > 0 && x < 0.1 ? x.toPrecision(2) : number(x));

  function draw(news = "") {
    const z = values();
    const powers = z.map(Math.exp);
    const total = powers.reduce((a, b) => a + b);
    const p = powers.map((power) => number(power / total, 3));
    rows.forEach((row, i) => {
      row.shown.textContent = number(z[i], 1);
      row.power.textContent = `eᶻ = ${small(powers[i])}`;
      row.bar.style.width = `${(100 * powers[i]) / total}%`;
      row.p.textContent = p[i];
    });
    sum.textContent = 
      _("Sum of the three powers: {total}. Each is divided by it.", { total: small(total) });
    less.disabled = Math.min(...z) - 1 < LEAST;
    more.disabled = Math.max(...z) + 1 > MOST;
    const list = z.map((value) => number(value, 1)).join(", ");
    said.textContent = 
      _("Softmax of {list}: {probabilities}. {news}", { list, probabilities: p.join(", "), news });
  }

  draw();
});
