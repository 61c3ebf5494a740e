// Runs in the document before it is printed; gives what cannot be shown as it should be.
async () => {
  await document.fonts.ready; // that of the formulas
  // At their size on a screen, figures would fill the paper. Their letters become the text's.
  for (const picture of document.querySelectorAll(".cell_output img, .stages svg")) {
    const drawn = picture.src === undefined || picture.src.endsWith(".svg");
    const width = picture.naturalWidth || picture.getBoundingClientRect().width;
    picture.style.width = `${(drawn ? 0.8 : 0.6) * width}px`;
  }
  // What is wider than the text gets smaller letters, down to a half. Code cannot be too wide:
  // its lines go on in the next one.
  const edge = document.body.getBoundingClientRect().right + 1;
  const right = (element) => {
    const box = element.getBoundingClientRect();
    return Math.max(box.right, box.left + element.scrollWidth);
  };
  const faults = [];
  const kinds = "table, math[display=block], div.math, pre, img, svg, dt";
  for (const element of document.querySelectorAll(kinds)) {
    for (let size = 95; right(element) > edge && size >= 50; size -= 5) {
      element.style.fontSize = `${size}%`;
    }
    if (right(element) > edge) {
      const where = element.closest("article")?.id;
      faults.push(`${where}: ${element.nodeName} ${element.textContent.trim().slice(0, 60)}`);
    }
  }
  for (const picture of document.images) {
    if (!picture.complete || !picture.naturalWidth) faults.push(`no picture at ${picture.src}`);
  }
  for (const font of document.fonts) {
    if (font.status === "error") faults.push(`no font for ${font.family}`);
  }
  return faults;
}
