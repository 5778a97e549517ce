// Pictures of few pixels: black is drawn black and white white, whatever the page's theme.

function makePicture(owner, controls, { rows, columns, label, size = 140, into = owner.live, pick, low = 0, high = 1 }) {
  const figure = element(into, "div", { class: "aelib-picture", style: `--size:${size}px` });
  const frame = element(figure, "div", { class: "aelib-pixels" });
  const canvas = element(frame, "canvas", { width: columns, height: rows, "aria-hidden": "true" });
  element(figure, "span", {}, label);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  const picture = {
    canvas,
    // `values`: rows × columns numbers, drawn black at `low` and white at `high`.
    draw(values) {
      for (let i = 0; i < rows * columns; i++) {
        const gray = 255 * clamp((values[i] - low) / (high - low), 0, 1);
        image.data.set([gray, gray, gray, 255], 4 * i);
      }
      context.putImageData(image, 0, 0);
    },
  };
  if (pick) choosePixel(owner, controls, frame, { rows, columns, name: pick, label });
  return picture;
}

// A frame around one pixel that mouse, finger and arrow keys move; the parameter is its index.
function choosePixel(owner, controls, frame, { rows, columns, name, label }) {
  const known = controls.find(name);
  const square = element(frame, "div", {
    class: "aelib-pixel", tabindex: 0, role: "slider", "data-parameter": name, "aria-label": `${known.label}, ${label}`,
    style: `width:${100 / columns}%;height:${100 / rows}%`,
  });
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    const column = clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1);
    const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
    owner.set({ [name]: row * columns + column });
  };
  let held = null;
  frame.style.touchAction = "none";
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = event.pointerId;
    frame.setPointerCapture(held);
    square.focus({ preventScroll: true });
    event.preventDefault();
    follow(event);
  });
  frame.addEventListener("pointermove", (event) => event.pointerId === held && follow(event));
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => (held = null));
  square.addEventListener("keydown", (event) => {
    const [row, column] = [Math.floor(known.value / columns), known.value % columns];
    const next = {
      ArrowLeft: [row, Math.max(column - 1, 0)], ArrowRight: [row, Math.min(column + 1, columns - 1)],
      ArrowUp: [Math.max(row - 1, 0), column], ArrowDown: [Math.min(row + 1, rows - 1), column],
      Home: [0, 0], End: [rows - 1, columns - 1],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    owner.set({ [name]: next[0] * columns + next[1] });
  });
  known.shown.push((value) => {
    const [row, column] = [Math.floor(value / columns), value % columns];
    square.style.left = `${(100 * column) / columns}%`;
    square.style.top = `${(100 * row) / rows}%`;
    fill(square, {
      "aria-valuemin": 0, "aria-valuemax": rows * columns - 1, "aria-valuenow": value,
      "aria-valuetext": `row ${row + 1}, column ${column + 1}`,
    });
  });
}
