"use strict";
/* Fields to draw digits on in a notebook's output: notebookFields.start(id, given), by the HTML that
   mnist_helpers.notebook.by_hand.jupyter makes. What is drawn goes to the notebook's kernel, in a
   message of Jupyter's protocol that opens a comm, and the answer is in the message that closes it.
   Fields that are shown again, after the page was loaded anew, ask Python for what was drawn. */
(() => {
  const SECONDS = 2; // without an answer, Python is busy with another cell

  const PASTE = "in a new cell, write drawing.paste('''…'''), with the text below in place of the " +
    "dots, and your own name in place of drawing if it has another.";

  const some = () =>
    [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(16)).join("");

  /** Where the server of this page takes messages for the kernel; null if it is none of Jupyter's. */
  function address(kernel) {
    const said = document.getElementById("jupyter-config-data"); // JupyterLab, Notebook 7
    const { baseUrl, wsUrl, token } = said ? JSON.parse(said.textContent) : document.body.dataset;
    if (!baseUrl || !kernel) return null;
    const url = new URL(wsUrl || baseUrl, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.pathname += `api/kernels/${kernel}/channels`;
    url.searchParams.set("session_id", some());
    if (token) url.searchParams.set("token", token);
    return url;
  }

  /** A way to the kernel for `box`: `ask(data)` promises the answer, or fails if there is none. */
  function way(url, target, box) {
    const waiting = new Map(); // comm's id → [resolve, reject]
    let socket = null;

    function connect() {
      socket = new WebSocket(url);
      socket.onmessage = ({ data }) => {
        if (!box.isConnected) socket.close(); // the cell was run again; or it will be opened again
        if (typeof data !== "string") return;
        const { msg_type: type, content } = JSON.parse(data);
        if (type === "comm_close" && waiting.has(content.comm_id)) {
          waiting.get(content.comm_id)[0](content.data ?? {});
          waiting.delete(content.comm_id);
        }
      };
      socket.onclose = () => {
        for (const [, reject] of waiting.values()) reject(new Error("closed"));
        waiting.clear();
      };
    }

    function send(id, data) {
      const header = { msg_id: some(), msg_type: "comm_open", username: "", session: some(),
        date: new Date().toISOString(), version: "5.3" };
      const content = { comm_id: id, target_name: target, data };
      socket.send(JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {},
        content, buffers: [] }));
    }

    return (data) => new Promise((resolve, reject) => {
      const id = some();
      if (socket === null || socket.readyState > WebSocket.OPEN) connect();
      waiting.set(id, [resolve, reject]);
      if (socket.readyState === WebSocket.OPEN) send(id, data);
      else socket.addEventListener("open", () => send(id, data));
    });
  }

  function add(parent, name, text = "", attributes = {}) {
    const made = parent.appendChild(document.createElement(name));
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function start(id, { kernel, target, labels, run }) {
    const box = document.getElementById(id);
    const url = address(kernel);
    const ask = url && way(url, target, box);
    const one = labels.length === 1;
    box.replaceChildren();
    const grid = add(box, "div", "", { class: one ? "fields one" : "fields" });
    const line = add(box, "p", "", { class: "state", role: "status" });
    let ready = false; // to tell Python of changes
    let asked = 0; // only the last answer counts
    const fields = labels.map((label) => {
      const place = add(grid, "figure");
      if (label !== null) add(place, "figcaption", String(label));
      return digitCanvas.create(place, {
        label: label === null ? "Draw a digit here" : `Draw a ${label} here`,
        onchange: (_, drawing) => { if (!drawing && ready) tell(); },
      });
    });
    ready = true;

    const drawn = () => fields.filter((field) => field.strokes.length > 0).length;

    function tell() {
      if (ask) talk({ strokes: fields.map((field) => field.strokes) });
      else offer(`This page cannot hand your drawing to Python, but you can: ${PASTE}`);
    }

    async function talk(message) {
      const number = ++asked;
      const busy = setTimeout(() => {
        if (number === asked) line.textContent = "Python is busy, and will have it after that.";
      }, 1000 * SECONDS);
      try {
        const answer = await ask(message);
        if (number === asked) hear(answer);
      } catch {
        if (number === asked) gone();
      } finally {
        clearTimeout(busy);
      }
    }

    function hear({ strokes, taken, error }) {
      if (error) line.textContent = error;
      else if (taken === undefined) gone(); // the kernel does not know these fields
      else {
        if (strokes && drawn() === 0) {
          ready = false; // what Python has said need not be told
          fields.forEach((field, i) => { if (strokes[i].length) field.draw(strokes[i]); });
          ready = true;
        }
        line.textContent = !taken ? "Draw with a mouse, a pen or a finger, or with the keyboard: " +
          "arrow keys move, Space draws."
          : one ? "Python has it: go on with the next cell."
          : `Python has ${taken} of ${labels.length}.`;
      }
    }

    function gone() {
      if (drawn() === 0) {
        grid.remove();
        line.textContent = run;
      } else {
        offer("The Python that these fields belonged to has ended. Run this cell again for new " +
          `ones. To have your drawing back: ${PASTE}`);
      }
    }

    function offer(words) {
      const drawings = fields.map((field, i) => ({ label: labels[i], strokes: field.strokes }));
      line.textContent = words;
      const text = box.querySelector("textarea") ??
        add(box, "textarea", "", { readonly: "", "aria-label": "The drawing as a text" });
      text.onfocus = () => text.select();
      text.value = JSON.stringify({ side: digitCanvas.SIDE,
        drawings: drawings.filter(({ strokes }) => strokes.length) });
    }

    if (ask) talk({});
    else hear({ taken: 0 });
  }

  globalThis.notebookFields = { start };
})();
