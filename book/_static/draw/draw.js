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
  /** Words in the site's language (the Chinese site says them), with values in their fields. */
  const _ = (words, values = {}) => (globalThis.bookWords?.[words] ?? words)
    .replace(/\{(\w+)\}/g, (field, name) => values[name] ?? field);

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

  const sheet = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Draw maps [places, channels] side by side in frames, black for `most`, white for `least`. */
  function drawMaps(canvas, maps, side, channels, order, least, most) {
    // all of them, one below the other, a pixel for each place
    const image = new ImageData(side, side * channels);
    const colours = new Uint32Array(image.data.buffer);
    for (let c = 0, i = 0; c < channels; c++) {
      for (let place = 0; place < side * side; place++, i++) {
        const value = maps[(order ? order[place] : place) * channels + c];
        const ink = Math.max(0, Math.min(1, (value - least) / (most - least)));
        colours[i] = 0xff000000 + 0x010101 * Math.round(255 * (1 - ink));
      }
    }
    Object.assign(sheet.canvas, { width: image.width, height: image.height });
    sheet.putImageData(image, 0, 0);
    // each is copied to its place, larger; the frames are one pixel wide
    const across = channels > 6 ? Math.ceil(Math.sqrt(2 * channels)) : Math.min(channels, 3);
    const large = side * Math.max(1, Math.round(300 / across / side));
    canvas.width = across * (large + 1) + 1;
    canvas.height = Math.ceil(channels / across) * (large + 1) + 1;
    const painter = canvas.getContext("2d");
    painter.imageSmoothingEnabled = false;
    painter.fillStyle = "#aaa";
    for (let c = 0; c < channels; c++) {
      const [x, y] = [(c % across) * (large + 1), Math.floor(c / across) * (large + 1)];
      painter.fillRect(x, y, large + 2, large + 2);
      painter.drawImage(sheet.canvas, 0, c * side, side, side, x + 1, y + 1, large, large);
    }
  }

  /** What a network answers, as a card: its digit and its number or probabilities, and its maps. */
  function card(parent, { name, title, page, answers: kind }, summary, short) {
    const box = add(parent, "section", {
      class: "network", "data-network": name, "aria-label": title,
    });
    const head = add(box, "p", { class: "title" });
    add(head, "a", { href: `${page}.html` }, title);
    head.append(_(" (chapter {number})", { number: parseInt(page, 10) }));
    const answer = add(box, "p", { class: "answer" });
    const digit = add(answer, "strong");
    const beside = add(answer, "span");
    const scale = add(box, "div", { class: "scale", "aria-hidden": kind === "number" });
    const line = add(summary, "p");
    const figure = short ? null : add(box, "figure");
    const maps = figure && add(figure, "canvas", { width: 28, height: 4, role: "img" });
    const caption = figure && add(figure, "figcaption");
    let marker, rows;
    if (kind === "number") {
      const axis = add(scale, "div", { class: "line" });
      marker = add(axis, "span", { class: "marker" }, "▼");
      for (let tick = 0; tick < 10; tick++) add(axis, "span", { class: "tick" }, tick);
    } else {
      rows = Array.from({ length: 10 }, (_, n) => {
        const row = add(scale, "div", { class: "probability" });
        add(row, "span", {}, n);
        const bar = add(add(row, "span", { class: "bar" }), "span");
        return { row, bar, value: add(row, "span", { class: "value" }) };
      });
    }

    /** The digit, and the number or probability that stands behind it. */
    function showAnswer(output) {
      let most, number;
      if (marker) {
        most = Math.max(0, Math.min(9, Math.round(output[0])));
        number = signed(output[0]);
        marker.style.left = `${10 * Math.max(0, Math.min(10, output[0] + 0.5))}%`;
        marker.hidden = false;
      } else {
        most = output.indexOf(Math.max(...output));
        number = percent(output[most]);
        rows.forEach(({ row, bar, value }, n) => {
          row.classList.toggle("most", n === most);
          bar.style.width = `${100 * output[n]}%`;
          value.textContent = percent(output[n]);
        });
      }
      say(most, number);
      return marker ? _("{title}: {most}, its number is {number}.", { title, most, number })
        : _("{title}: {most}, with {number}.", { title, most, number });
    }

    function say(most, number) {
      digit.textContent = most;
      beside.textContent = number && (marker ? _("its number: {number}", { number })
        : _("probability {number}", { number }));
      line.replaceChildren();
      add(line, "strong", {}, most);
      add(line, "span", {}, title);
      add(line, "span", { class: "value" }, number);
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
        const size = `${side}\u00a0×\u00a0${side}`;
        caption.textContent = tanh
          ? _("Its first {channels} feature maps, {size}; white is −1, black is 1", { channels, size })
          : _("Its first {channels} feature maps, {size}; the darker, the more was found there",
            { channels, size });
      } else {
        const by = answers[0].map((ink, i) => ink * first.weights[i]); // what each pixel adds
        const both = new Float32Array(2 * by.length);
        by.forEach((value, i) => both.set([Math.max(0, value), Math.max(0, -value)], 2 * i));
        drawMaps(maps, both, 28, 2, null, 0, both.reduce((a, b) => Math.max(a, b), 1e-9));
        caption.textContent = 
          _("It has no maps. Left, what raises its answer; right, what lowers it");
      }
      maps.setAttribute("aria-label", caption.textContent);
    }

    function clear() {
      say("–", "");
      if (marker) marker.hidden = true;
      for (const { row, bar, value } of rows ?? []) {
        row.classList.remove("most");
        bar.style.width = "0";
        value.textContent = "";
      }
      if (figure) {
        maps.getContext("2d").clearRect(0, 0, maps.width, maps.height);
        caption.textContent = "";
        maps.setAttribute("aria-label", _("nothing drawn yet"));
      }
    }

    clear();
    return {
      clear,
      /** Show what the network makes of this image; the sentence that says it. Without a network,
          which may still be on its way, "". */
      show(image) {
        const network = drawDigit.networks[name];
        if (!network) return "";
        const answers = drawDigit.run(network.layers, image);
        if (figure) showMaps(network, answers);
        return showAnswer(answers.at(-1));
      },
    };
  }

  function fill(box) {
    const networks = JSON.parse(box.dataset.networks);
    const short = box.classList.contains("short");
    const top = add(box, "div", { class: "top" });
    const field = add(top, "div");
    const beside = add(top, "div", { class: "beside" });
    const figure = add(beside, "figure", { class: "seen" });
    const seen = add(figure, "canvas", { width: 28, height: 28, role: "img" });
    const size = "28\u00a0×\u00a028";
    add(figure, "figcaption", {}, networks.length > 1
      ? _("what all of them see: {size} pixels", { size }) : _("what it sees: {size} pixels", { size }));
    const summary = add(beside, "div", { class: "summary", "aria-hidden": "true" });
    const said = add(beside, "output");
    const cards = add(short ? beside : box, "div", { class: "networks" });
    const all = networks.map((network) => card(cards, network, summary, short));
    let started, failed, pixels, frame, telling;
    tell(networks.length > 1 ? _("Draw a digit: the networks are loaded when you begin.")
      : _("Draw a digit: the network is loaded when you begin."));
    seen.setAttribute("aria-label", _("nothing drawn yet"));

    /** In the page, or only aloud, where the page shows it anyhow. */
    function tell(text, aloud = false) {
      said.textContent = text;
      said.classList.toggle("aloud", aloud);
    }

    async function start() {
      const parts = ["prepare.js", "engine.js"];
      parts.push(...networks.map(({ name }) => `networks/${name}.js`));
      tell(_("Loading the networks …"));
      try {
        await Promise.all(parts.map((name) => load(name).then(soon)));
      } catch (error) {
        failed = true;
        tell(_("The file _static/draw/{file} could not be loaded. Is the folder of this site whole, " +
          "or its server still there? The next stroke tries again.", { file: error.message }));
      }
    }

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
        seen.getContext("2d").clearRect(0, 0, seen.width, seen.height);
        seen.setAttribute("aria-label", _("nothing drawn yet"));
        tell(_("The field is empty: draw a digit."));
        return;
      }
      drawMaps(seen, image, 28, 1, null, 0, 1);
      seen.setAttribute("aria-label", _("the drawing, cut out, scaled and put into the middle"));
      const sentences = all.map((one) => one.show(image)).filter(Boolean);
      if (sentences.length < all.length) return; // some are still on their way
      tell("", true);
      // a screen reader reads it when the pen has come to rest, not at every step
      telling = setTimeout(() => tell(sentences.join(" "), true), 600);
    }

    const canvas = digitCanvas.create(field, {
      onchange(now, drawing) {
        pixels = now;
        if (!started && !drawing) return; // nothing was drawn: the field is only being made
        started ??= start();
        soon();
        if (failed && !drawing) started = failed = null; // the next stroke tries again
      },
    });
    box.canvas = canvas; // for whoever opens the console, and for the tests
  }

  for (const box of document.querySelectorAll(".draw-digit")) fill(box);
})();
