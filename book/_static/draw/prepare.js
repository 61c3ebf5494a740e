"use strict";
/* A drawing in MNIST's form, as mnist_helpers.data.from_drawing makes it: cut out, scaled into a box
   of 20 × 20, put with its centre of mass into the middle of 28 × 28. The same to the last step,
   roundings included; Pillow's Lanczos filter is written out. */
(() => {
  const [SIZE, BOX, CENTRE] = [28, 20, 14];

  /** Uint8Array [side · side], 255 for ink → Float32Array [28 · 28]; null if nothing is drawn. */
  function prepare(pixels, side) {
    const digit = cutOut(pixels, side);
    if (!digit) return null;
    const scale = BOX / Math.max(digit.width, digit.height);
    const width = Math.max(1, round(digit.width * scale));
    const height = Math.max(1, round(digit.height * scale));
    const small = resized(digit, width, height).map((ink) => Math.max(0, Math.min(1, ink)));
    const field = new Float32Array(SIZE * SIZE);
    const left = start(sums(small, width, height, (row, column) => column), width);
    const top = start(sums(small, width, height, (row) => row), height);
    for (let row = 0; row < height; row++) {
      field.set(small.subarray(row * width, (row + 1) * width), (top + row) * SIZE + left);
    }
    const darkest = field.reduce((a, b) => Math.max(a, b));
    return field.map((ink) => ink / darkest); // thin strokes fade when they are scaled down
  }

  /** The smallest rectangle with all ink, from 0 to 1. */
  function cutOut(pixels, side) {
    let [left, top, right, bottom, darkest] = [side, side, 0, 0, 0];
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const ink = pixels[row * side + column];
        if (ink === 0) continue;
        if (column < left) left = column;
        if (column >= right) right = column + 1;
        if (row < top) top = row;
        bottom = row + 1;
        if (ink > darkest) darkest = ink;
      }
    }
    if (darkest === 0) return null;
    const [width, height] = [right - left, bottom - top];
    const ink = new Float32Array(width * height).map((_, i) =>
      pixels[side * (top + Math.floor(i / width)) + left + (i % width)] / darkest);
    return { ink, width, height };
  }

  /** As Pillow resizes: first each row, then each column. */
  function resized({ ink, width, height }, toWidth, toHeight) {
    const narrow = turned(filtered(ink, width, height, toWidth), height, toWidth);
    return turned(filtered(narrow, height, toWidth, toHeight), toWidth, toHeight);
  }

  /** Each of the `rows`, of `from` pixels, becomes one of `to` pixels. */
  function filtered(pixels, from, rows, to) {
    const made = new Float32Array(rows * to);
    filters(from, to).forEach(([first, weights], column) => {
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        const start = row * from + first;
        for (let i = 0; i < weights.length; i++) sum += pixels[start + i] * weights[i];
        made[row * to + column] = sum;
      }
    });
    return made;
  }

  /** Columns as rows: [rows, columns] → [columns, rows]. */
  const turned = (pixels, rows, columns) =>
    pixels.map((_, i) => pixels[(i % rows) * columns + Math.floor(i / rows)]);

  /** For each pixel of the small side: the first one of the large side that it sees, and how much
      of that one and of those behind it. Where an image shrinks, the filter is as much wider. */
  function filters(from, to) {
    const scale = from / to;
    const wide = Math.max(1, scale);
    return Array.from({ length: to }, (_, i) => {
      if (from === to) return [i, [1]]; // Pillow leaves such a side as it is
      const centre = (i + 0.5) * scale;
      const first = Math.max(0, Math.trunc(centre - 3 * wide + 0.5));
      const end = Math.min(from, Math.trunc(centre + 3 * wide + 0.5));
      const weights = Array.from({ length: end - first }, (_, k) =>
        lanczos((first + k - centre + 0.5) / wide));
      const sum = weights.reduce((a, b) => a + b);
      return [first, weights.map((weight) => weight / sum)];
    });
  }

  const lanczos = (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0);
  const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

  /** The mean of `where(row, column)`, each pixel counting as much as it has ink. */
  function sums(small, width, height, where) {
    let [moment, mass] = [0, 0];
    small.forEach((ink, i) => {
      moment += ink * where(Math.floor(i / width), i % width);
      mass += ink;
    });
    return moment / mass;
  }

  const start = (centre, length) => {
    const exact = round((CENTRE - centre) * 1e4) / 1e4; // not the last bit of a sum decides
    return Math.max(0, Math.min(SIZE - length, round(exact)));
  };

  /** As Python rounds: halves to the even neighbour. */
  function round(x) {
    const below = Math.floor(x);
    if (x - below !== 0.5) return Math.round(x);
    return below % 2 === 0 ? below : below + 1;
  }

  Object.assign(drawDigit, { prepare });
})();
