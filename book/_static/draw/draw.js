"use strict";
/* The page "Draw a digit": puts a field into each <div class="draw-digit" data-networks="[…]">
   (book/_extensions/draw_page.py), and lets networks answer what is drawn. The engine and the
   networks are scripts of their own, loaded when a field is touched for the first time: scripts,
   since a page that was opened from a folder may not fetch files. */
const drawDigit = {
  networks: {},

  /** Called by each network's script. Base64 becomes arrays. */
  network(given) {
    const array = (key, text) => {
      const { buffer } = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return key === "places" ? new Int16Array(buffer) : new Float32Array(buffer);
    };
    const decoded = ([key, value]) =>
      [key, key !== "kind" && typeof value === "string" ? array(key, value) : value];
    const layers = given.layers.map((layer) =>
      Object.fromEntries(Object.entries(layer).map(decoded)));
    drawDigit.networks[given.name] = { ...given, layers };
  },
};

(() => {
  const here = document.currentScript.src;
  const loads = new Map(); // each script once, whoever needs it

  function load(name) {
    if (!loads.has(name)) {
      loads.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(name, here).href;
        script.onload = resolve;
        script.onerror = () => { loads.delete(name); reject(new Error(name)); };
        document.head.append(script);
      }));
    }
    return loads.get(name);
  }

  function add(parent, name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return parent.appendChild(made);
  }

  const percent = (p) => (p > 0.9995 ? "> 99.9" : (100 * p).toFixed(1)) + "\u00a0%";
  const signed = (x) => x.toFixed(2).replace("-", "−");

  /** Draw maps [places, channels] side by side, black for `most`, white for `least`. */
  function drawMaps(canvas, maps, side, channels, order, least, most) {
    const across = channels > 7 ? (side > 20 ? 7 : 8) : channels;
    canvas.width = across * (side + 1) - 1;
    canvas.height = Math.ceil(channels / across) * (side + 1) - 1;
    const painter = canvas.getContext("2d");
    const image = painter.createImageData(canvas.width, canvas.height); // between maps: nothing
    for (let c = 0; c < channels; c++) {
      const corner = Math.floor(c / across) * (side + 1) * canvas.width + (c % across) * (side + 1);
      for (let place = 0; place < side * side; place++) {
        const value = maps[(order ? order[place] : place) * channels + c];
        const at = 4 * (corner + Math.floor(place / side) * canvas.width + (place % side));
        const ink = Math.max(0, Math.min(1, (value - least) / (most - least)));
        image.data.fill(255 * (1 - ink), at, at + 3);
        image.data[at + 3] = 255;
      }
    }
    painter.putImageData(image, 0, 0);
  }

  /** What a network answers, as a card: its digit and its number or probabilities, and its maps. */
  function card(parent, { name, title, page }, short) {
    const box = add(parent, "section", { class: "network", "data-network": name, "aria-label": title });
    const head = add(box, "p", { class: "title" });
    add(head, "a", { href: `${page}.html` }, title);
    head.append(` (chapter ${parseInt(page, 10)})`);
    const answer = add(box, "p", { class: "answer" });
    const digit = add(answer, "strong");
    const beside = add(answer, "span");
    const scale = add(box, "div", { class: "scale", "aria-hidden": "true" });
    const figure = short ? null : add(box, "figure");
    const maps = figure && add(figure, "canvas", { width: 28, height: 4, role: "img" });
    const caption = figure && add(figure, "figcaption");
    let marker, rows;

    /** Ten probabilities as bars, or one number on a line: known when the network is there. */
    function build(count) {
      scale.replaceChildren();
      if (count === 1) {
        const line = add(scale, "div", { class: "line" });
        marker = add(line, "span", { class: "marker" }, "▼");
        for (let tick = 0; tick < 10; tick++) add(line, "span", { class: "tick" }, tick);
      } else {
        rows = Array.from({ length: count }, (_, n) => {
          const row = add(scale, "div", { class: "probability" });
          add(row, "span", {}, n);
          return [row, add(add(row, "span", { class: "bar" }), "span"), add(row, "span", { class: "value" })];
        });
      }
    }

    function showAnswer(output) {
      let sure, most;
      if (output.length === 1) {
        most = Math.max(0, Math.min(9, Math.round(output[0])));
        sure = `it answers ${signed(output[0])}`;
        marker.style.left = `${10 * Math.max(0, Math.min(10, output[0] + 0.5))}%`;
        marker.hidden = false;
      } else {
        most = output.indexOf(Math.max(...output));
        sure = `probability ${percent(output[most])}`;
        rows.forEach(([row, bar, value], n) => {
          row.classList.toggle("most", n === most);
          bar.style.width = `${100 * output[n]}%`;
          value.textContent = percent(output[n]);
        });
      }
      digit.textContent = most;
      beside.textContent = sure;
      return `${title}: ${most}, ${sure}.`;
    }

    function showMaps(network, answers) {
      const first = network.layers[0];
      if (network.maps) {
        const { after, side, order } = network.maps;
        const values = answers[after];
        const channels = values.length / (side * side);
        const tanh = network.layers[after - 1].kind === "tanh";
        const most = tanh ? 1 : values.reduce((a, b) => Math.max(a, b), 1e-9);
        drawMaps(maps, values, side, channels, order, tanh ? -1 : 0, most);
        caption.textContent = `Its first ${channels} feature maps, ${side} × ${side}` +
          (tanh ? "; white is −1, black is 1" : "; the darker, the more was found there");
      } else {
        const by = answers[0].map((ink, i) => ink * first.weights[i]); // what each pixel adds
        const both = new Float32Array(2 * by.length);
        by.forEach((value, i) => both.set([Math.max(0, value), Math.max(0, -value)], 2 * i));
        drawMaps(maps, both, 28, 2, null, 0, both.reduce((a, b) => Math.max(a, b), 1e-9));
        caption.textContent = "It has no maps. Left, what raises its answer; right, what lowers it";
      }
      maps.setAttribute("aria-label", caption.textContent);
    }

    function clear() {
      digit.textContent = "–";
      beside.textContent = "";
      if (marker) marker.hidden = true;
      for (const [row, bar, value] of rows ?? []) {
        row.classList.remove("most");
        bar.style.width = "0";
        value.textContent = "";
      }
      if (maps) {
        maps.getContext("2d").clearRect(0, 0, maps.width, maps.height);
        caption.textContent = "";
        maps.setAttribute("aria-label", "nothing drawn yet");
      }
    }

    clear();
    return {
      name, title, clear,
      /** Show what the network makes of this image; the sentence that says it. Without a network,
          which may still be on its way, "". */
      show(image) {
        const network = drawDigit.networks[name];
        if (!network) return "";
        const answers = drawDigit.run(network.layers, image);
        if (!scale.hasChildNodes()) build(answers.at(-1).length);
        if (maps) showMaps(network, answers);
        return showAnswer(answers.at(-1));
      },
    };
  }

  function fill(box) {
    const networks = JSON.parse(box.dataset.networks);
    const top = add(box, "div", { class: "top" });
    const field = add(top, "div");
    const beside = add(top, "div", { class: "beside" });
    const figure = add(beside, "figure", { class: "seen" });
    const seen = add(figure, "canvas", { width: 28, height: 28, role: "img", "aria-label": "nothing drawn yet" });
    add(figure, "figcaption", {}, networks.length > 1 ? "what all of them see: 28 × 28 pixels" : "what it sees: 28 × 28 pixels");
    const said = add(beside, "output");
    const cards = add(box.classList.contains("short") ? beside : box, "div", { class: "networks" });
    const all = networks.map((network) => card(cards, network, box.classList.contains("short")));
    const invitation = "The networks are loaded when you begin to draw.";
    said.textContent = invitation;
    let pixels, frame, telling;

    function start() {
      const names = ["prepare.js", "engine.js", ...networks.map(({ name }) => `networks/${name}.js`)];
      said.textContent = "Loading the networks …";
      return Promise.all(names.map((name) => load(name).then(soon))).catch((error) => {
        said.textContent = `The file _static/draw/${error.message} could not be loaded. ` +
          "Is the folder of this page whole, and its server still there? Draw again to try again.";
        started = null;
      });
    }
    let started = null;

    /** Answer once a frame at most, however many events there are. */
    function soon() {
      frame ??= requestAnimationFrame(() => { frame = null; answer(); });
    }

    function answer() {
      if (!drawDigit.prepare || !drawDigit.run) return;
      const image = drawDigit.prepare(pixels, digitCanvas.SIDE);
      clearTimeout(telling);
      if (!image) {
        all.forEach((one) => one.clear());
        seen.getContext("2d").clearRect(0, 0, 28, 28);
        said.textContent = "The field is empty: draw a digit.";
        return;
      }
      drawMaps(seen, image, 28, 1, null, 0, 1);
      seen.setAttribute("aria-label", "the drawing, cut out, scaled and put into the middle");
      const sentences = all.map((one) => one.show(image)).filter(Boolean);
      // read aloud, and so only when the pen rests
      telling = setTimeout(() => { said.textContent = sentences.join(" "); }, 500);
    }

    const canvas = digitCanvas.create(field, {
      onchange(now, drawing) {
        pixels = now;
        if (!started && !drawing) return; // it is only being made, or was emptied before it began
        started ??= start();
        soon();
      },
    });
    box.canvas = canvas; // for whoever opens the console, and for the tests
  }

  for (const box of document.querySelectorAll(".draw-digit")) fill(box);
})();
