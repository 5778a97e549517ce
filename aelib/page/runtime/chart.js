// Curves, areas, bars, points and words between two axes, drawn anew in each frame; handles stay.

function makeChart(owner, controls, options) {
  const { height = 240, x, y, label = "", into = owner.live } = options;
  const wrap = element(into, "div", { class: "aelib-chart" });
  const svg = shape(wrap, "svg", { role: "group", "aria-label": label || y.label || "chart", height });
  const grid = shape(svg, "g", { class: "aelib-grid", "aria-hidden": "true" });
  const clip = unique();
  const window_ = shape(shape(svg, "clipPath", { id: clip }), "rect");
  const marks = shape(svg, "g", { class: "aelib-marks", "aria-hidden": "true", "clip-path": `url(#${clip})` });
  const labels = shape(svg, "g", { class: "aelib-labels", "aria-hidden": "true" });
  const handles = shape(svg, "g");
  const limits = { x: { ...x }, y: { ...y } };
  const moved = [];
  let width = 0;
  let stale = true;

  const margin = () => ({
    left: y.ticks && !y.ticks.length ? 18 : options.left || 46,
    right: options.right || 12,
    top: y.label ? 26 : 10,
    bottom: x.label ? 42 : x.ticks && !x.ticks.length ? 8 : 24,
  });

  function measure() {
    const now = wrap.clientWidth;
    if (!now || now === width) return;
    width = now;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", width);
    stale = true;
  }

  function place() {
    const m = margin();
    const w = width || 600;
    chart.x = makeScale(limits.x, [m.left, w - m.right]);
    chart.y = makeScale(limits.y, [height - m.bottom, m.top]);
    chart.box = { left: m.left, right: w - m.right, top: m.top, bottom: height - m.bottom };
    // A dot at the edge is whole; a curve that leaves the picture ends.
    fill(window_, { x: m.left - 8, y: m.top - 6, width: w - m.left - m.right + 16, height: height - m.bottom - m.top + 8 });
  }

  function axes() {
    const { left, right, top, bottom } = chart.box;
    grid.replaceChildren();
    const shownX = x.format || ((value) => format(value, 3));
    const shownY = y.format || ((value) => format(value, 3));
    for (const tick of chart.y.ticks(Math.max(2, Math.floor((bottom - top) / 44)))) {
      const at = chart.y(tick);
      if (at < top - 1 || at > bottom + 1) continue;
      shape(grid, "line", { x1: left, x2: right, y1: at, y2: at, class: "aelib-rule" });
      shape(grid, "text", { x: left - 6, y: at + 4, "text-anchor": "end" }, shownY(tick));
    }
    const room = Math.max(2, Math.floor((right - left) / 64));
    for (const tick of chart.x.ticks(room)) {
      const at = chart.x(tick);
      if (at < left - 1 || at > right + 1) continue;
      shape(grid, "line", { x1: at, x2: at, y1: bottom, y2: bottom + 4, class: "aelib-tick" });
      shape(grid, "text", { x: at, y: bottom + 17, "text-anchor": "middle" }, shownX(tick));
    }
    shape(grid, "line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "aelib-tick" });
    if (x.label) shape(grid, "text", { x: right, y: height - 6, "text-anchor": "end", class: "aelib-axis" }, x.label);
    if (y.label) shape(grid, "text", { x: 2, y: 14, class: "aelib-axis" }, y.label);
  }

  const paint = (color) => (color ? colorOf(color) : "var(--aelib-ink)");
  const inside = (value, scale, low, high) => clamp(scale(value), low, high);
  const px = (value) => inside(value, chart.x, chart.box.left, chart.box.right);
  // A curve that leaves the picture is cut a little outside of it.
  const py = (value) => inside(value, chart.y, chart.box.top - 400, chart.box.bottom + 400);
  const point = (a, b) => `${chart.x(a).toFixed(1)},${py(b).toFixed(1)}`;

  const chart = {
    svg,
    // Change the limits of an axis; the axis is drawn again when they differ.
    limit(axis, min, max) {
      if (limits[axis].min === min && limits[axis].max === max) return;
      Object.assign(limits[axis], { min, max });
      place();
      stale = true;
    },
    line(xs, ys, { color, width: thick = 2.5, dash } = {}) {
      const parts = [];
      let open = false;
      for (let i = 0; i < xs.length; i++) {
        const good = Number.isFinite(xs[i]) && !Number.isNaN(ys[i]);
        if (good) parts.push((open ? "L" : "M") + point(xs[i], ys[i]));
        open = good;
      }
      return shape(marks, "path", {
        d: parts.join(""), fill: "none", "stroke-width": thick, "stroke-dasharray": dash, style: `stroke:${paint(color)}`,
      });
    },
    area(xs, lows, highs, { color, opacity = 0.25 } = {}) {
      const up = Array.from(xs, (a, i) => point(a, highs[i]));
      const down = Array.from(xs, (a, i) => point(a, lows[i])).reverse();
      return shape(marks, "path", { d: `M${[...up, ...down].join("L")}Z`, style: `fill:${paint(color)}`, opacity });
    },
    bars(xs, ys, { color, width: wide, base = 0, opacity = 0.85 } = {}) {
      for (let i = 0; i < xs.length; i++) {
        const half = wide ? Math.abs(chart.x(xs[i] + wide / 2) - chart.x(xs[i])) : 4;
        const [a, b] = [py(ys[i]), py(base)];
        shape(marks, "rect", {
          x: chart.x(xs[i]) - half, width: 2 * half, y: Math.min(a, b), height: Math.abs(a - b),
          style: `fill:${paint(color)}`, opacity,
        });
      }
    },
    dot(a, b, { color, r = 5, hollow = false } = {}) {
      const c = paint(color);
      const style = hollow ? `fill:var(--aelib-paper);stroke:${c}` : `fill:${c}`;
      return shape(marks, "circle", { cx: chart.x(a), cy: py(b), r, style, "stroke-width": 2 });
    },
    rule({ x: atX, y: atY }, { color, dash = "4 4", width: thick = 1.5 } = {}) {
      const { left, right, top, bottom } = chart.box;
      const ends = atX !== undefined
        ? { x1: px(atX), x2: px(atX), y1: top, y2: bottom }
        : { x1: left, x2: right, y1: py(atY), y2: py(atY) };
      return shape(marks, "line", { ...ends, "stroke-dasharray": dash, "stroke-width": thick, style: `stroke:${paint(color)}` });
    },
    // Words at a point; kept inside the picture, on the side where there is room.
    text(a, b, words, { color, anchor = "auto", dx = 8, dy = -8, bold = false } = {}) {
      const { left, right, top, bottom } = chart.box;
      const long = words.length * 6.8;
      let side = anchor;
      if (side === "auto") side = chart.x(a) + dx + long > right ? "end" : "start";
      const offset = side === "end" ? -Math.abs(dx) : side === "start" ? Math.abs(dx) : 0;
      let at = chart.x(a) + offset;
      if (side === "end") at = Math.max(at, Math.min(left + long, right));
      if (side === "start") at = Math.max(Math.min(at, right - long), left);
      if (side === "middle") at = clamp(at, left + long / 2, Math.max(left + long / 2, right - long / 2));
      const line = clamp(py(b) + dy, top + 10, bottom - 3);
      return shape(labels, "text", {
        x: at, y: line, "text-anchor": side, class: bold ? "aelib-strong" : undefined, style: `fill:${paint(color)}`,
      }, words);
    },
    // Something to drag: `x` and `y` name parameters; `at` gives the coordinate that is not one.
    // `everywhere`: pressing anywhere in the chart takes hold of it.
    handle({ x: nameX, y: nameY, at, label: words, color, everywhere = false }) {
      const alongX = nameX && controls.find(nameX);
      const alongY = nameY && controls.find(nameY);
      const main = alongX || alongY;
      const group = shape(handles, "g", {
        class: "aelib-handle", tabindex: 0, role: "slider", "aria-label": words || main.label,
        "data-parameter": [nameX, nameY].filter(Boolean).join(" "),
        "aria-orientation": alongX ? "horizontal" : "vertical",
        style: `touch-action:${alongX && alongY ? "none" : alongX ? "pan-y" : "pan-x"}`,
      });
      shape(group, "circle", { r: 22, fill: "transparent" });
      shape(group, "circle", { r: 11, class: "aelib-ring" });
      shape(group, "circle", { r: 8, class: "aelib-knob", style: `fill:${paint(color)}` });
      const follow = (event) => {
        const box = svg.getBoundingClientRect();
        const values = {};
        if (alongX) values[nameX] = chart.x.invert(((event.clientX - box.left) * (width || box.width)) / box.width);
        if (alongY) values[nameY] = chart.y.invert(((event.clientY - box.top) * height) / box.height);
        owner.set(values);
      };
      const target = everywhere ? svg : group;
      if (everywhere) svg.style.touchAction = group.style.touchAction;
      let held = null;
      target.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        held = event.pointerId;
        target.setPointerCapture(held);
        group.focus({ preventScroll: true });
        event.preventDefault();
        follow(event);
      });
      target.addEventListener("pointermove", (event) => event.pointerId === held && follow(event));
      for (const end of ["pointerup", "pointercancel"]) target.addEventListener(end, () => (held = null));
      group.addEventListener("keydown", (event) => {
        const large = event.shiftKey ? 10 : 2;
        const keys = {
          ArrowRight: [alongX || alongY, large], ArrowLeft: [alongX || alongY, -large],
          ArrowUp: [alongY || alongX, large], ArrowDown: [alongY || alongX, -large],
          PageUp: [main, 20], PageDown: [main, -20], Home: [main, -Infinity], End: [main, Infinity],
        };
        const found = keys[event.key];
        if (!found) return;
        event.preventDefault();
        const [known, by] = found;
        const name = known === alongX ? nameX : nameY;
        if (Number.isFinite(by)) known.move(by);
        else owner.set({ [name]: by < 0 ? known.min : known.max });
      });
      moved.push((numbers, state) => {
        const [a, b] = at ? at(numbers, state) : [];
        const left = px(alongX ? alongX.value : a);
        const top = inside(alongY ? alongY.value : b, chart.y, chart.box.top, chart.box.bottom);
        group.setAttribute("transform", `translate(${left.toFixed(1)},${top.toFixed(1)})`);
        const text = [alongX, alongY].filter(Boolean).map((known) => known.text(known.value)).join(", ");
        fill(group, { "aria-valuenow": main.value, "aria-valuemin": main.min, "aria-valuemax": main.max, "aria-valuetext": text });
      });
      return group;
    },
    begin() {
      measure();
      if (stale) place();
      marks.replaceChildren();
      labels.replaceChildren();
    },
    end(numbers, state) {
      if (stale) axes();
      stale = false;
      moved.forEach((move) => move(numbers, state));
    },
  };
  place();
  owner.views.push(chart);
  new ResizeObserver(() => wrap.clientWidth !== width && owner.drawn && owner.schedule()).observe(wrap);
  return chart;
}
