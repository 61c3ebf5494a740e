"use strict";
/* What a trained network computes, in plain JavaScript. Numbers are float32, as Paddle's; sums are
   made in float64. An image is a list of numbers, place after place; the channels of a place lie
   side by side. tools/drawing/layers.py brings the book's networks into this form. */

// --- a network is these forty lines
const layers = {
  /** What stands at these places, side by side. -1 is beyond the edge: zeros. */
  patches(x, { places, channels }) {
    const rows = new Float32Array(places.length * channels); // zeros
    for (let i = 0, to = 0; i < places.length; i++, to += channels) {
      const from = places[i] * channels;
      for (let c = 0; from >= 0 && c < channels; c++) rows[to + c] = x[from + c];
    }
    return rows;
  },

  /** Each row times a matrix, plus a bias: linear or, of patches, a convolution. */
  product(x, { weights, bias }) {
    const [n, m] = [weights.length / bias.length, bias.length];
    const y = new Float32Array((x.length / n) * m);
    for (let from = 0, to = 0; from < x.length; from += n, to += m) {
      const sums = new Float64Array(bias);
      for (let i = 0; i < n; i++) {
        const input = x[from + i];
        if (input === 0) continue; // most of a digit is paper
        for (let j = 0; j < m; j++) sums[j] += input * weights[i * m + j];
      }
      y.set(sums, to);
    }
    return y;
  },

  /** Pooling: of the places in each row of patches, channel by channel. */
  largest: (x, its) => pool(x, its, Math.max),
  mean: (x, its) => pool(x, its, (a, b) => a + b).map((sum) => sum / its.size),

  /** Batch normalisation, once it has learned: one line for each channel. */
  scale: (x, { by, plus }) =>
    x.map((value, i) => value * by[i % by.length] + plus[i % by.length]),

  relu: (x) => x.map((value) => Math.max(0, value)),
  tanh: (x) => x.map(Math.tanh),

  /** Scores become probabilities. */
  softmax(x) {
    const highest = Math.max(...x);
    const powers = Array.from(x, (value) => Math.exp(value - highest));
    const sum = powers.reduce((a, b) => a + b);
    return Float32Array.from(powers, (power) => power / sum);
  },
};

function pool(x, { size, channels }, together) {
  return new Float32Array(x.length / size).map((_, i) => {
    const first = Math.floor(i / channels) * size * channels + (i % channels);
    let value = x[first];
    for (let k = 1; k < size; k++) value = together(value, x[first + k * channels]);
    return value;
  });
}

/** The answer of each layer; the last one is the network's. */
function run(network, image) {
  const answers = [image];
  for (const its of network) answers.push(layers[its.kind](answers.at(-1), its));
  return answers;
}
// --- that is all

Object.assign(drawDigit, { run });
