// A line through a cloud of two kinds of points: each point is replaced by its foot on the line. What the
// feet vary and what the points miss add up to the same number for every line.
//
// data: {signal: [n], labels: [n] of 0 and 1, noise: [n] of unit variance, names: [two words], loudness, angle:
// to begin with}. A point has noise · loudness to the right and its signal upward, both measured from their means.
explorable("tilting_line", (root, data, kit) => {
  const { format, math } = kit;
  const labels = Array.from(data.labels);
  const centered = (values) => {
    const mean = math.mean(Array.from(values));
    return Array.from(values, (value) => value - mean);
  };
  const [signal, noise] = [centered(data.signal), centered(data.noise)];
  const KINDS = ["first class", "second class"];
  const WIDE = 3.4; // half the width of the cloud's picture

  kit.legend([["first class", `digit ${data.names[0]}`], ["second class", `digit ${data.names[1]}`]]);
  kit.parameter("angle", { label: "direction of the line", min: 0, max: 180, value: data.angle, step: 1, unit: "°", format: (x) => x.toFixed(0) });
  const row = kit.row();
  const cloud = kit.chart({
    into: row, height: 270, label: "The cloud and the line",
    x: { min: -WIDE, max: WIDE, label: "along one direction of the noise", ticks: [-2, 0, 2] },
    y: { min: -WIDE, max: WIDE, label: "from one digit to the other", ticks: [-2, 0, 2] },
  });
  const codes = kit.chart({
    into: row, height: 270, label: "The code: where on the line each point falls",
    x: { min: -WIDE, max: WIDE, label: "the code, one number", ticks: [-2, 0, 2] },
    y: { min: -26, max: 26, label: "digits", ticks: [-20, 0, 20], format: (value) => String(Math.abs(value)) },
  });
  const bars = kit.chart({
    height: 104, label: "Variance kept and error",
    x: { min: 0, max: 4, label: "mean squared length", ticks: [0, 1, 2, 3, 4] },
    y: { min: 0, max: 1, ticks: [] },
  });
  cloud.handle({
    x: "angle", at: () => [0, -0.86 * WIDE], label: "direction of the line", color: "truth", everywhere: true,
  });
  kit.slider("angle");
  kit.slider("loudness", { label: "loudness of the noise", min: 0.1, max: 1.8, value: data.loudness, format: (x) => x.toFixed(2) });

  const points = (loudness) => noise.map((value, i) => [loudness * value, signal[i]]);
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const EDGES = math.linspace(-WIDE, WIDE, 35);

  return {
    compute: ({ angle, loudness }) => {
      const [c, s] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
      const all = points(loudness);
      const feet = all.map(([x, y]) => c * x + s * y);
      const missed = all.map(([x, y]) => c * y - s * x);
      const square = (values) => math.mean(values.map((value) => value * value));
      const mean = (kind) => math.mean(feet.filter((_, i) => labels[i] === kind));
      const [first, second] = [mean(0), mean(1)];
      const right = feet.map((foot, i) => Number((foot - (first + second) / 2) * (second - first) > 0) === labels[i]);
      const [xx, xy, yy] = [[0, 0], [0, 1], [1, 1]].map(([j, k]) => math.mean(all.map((p) => p[j] * p[k])));
      const best = ((0.5 * Math.atan2(2 * xy, xx - yy) * 180) / Math.PI + 180) % 180;
      return { kept: square(feet), error: square(missed), right: math.mean(right.map(Number)), best, most: 0.5 * (xx + yy + Math.hypot(xx - yy, 2 * xy)) };
    },
    draw: ({ kept, error, best, most }, { angle, loudness }) => {
      // One unit is as long upward as to the right, so that a right angle is one.
      const { left, right, top, bottom } = cloud.box;
      const high = (WIDE * (bottom - top)) / (right - left);
      cloud.limit("y", -high, high);
      const [c, s] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
      const [bc, bs] = [Math.cos(radians(best)), Math.sin(radians(best))];
      const far = 2 * WIDE;
      cloud.line([-far * bc, far * bc], [-far * bs, far * bs], { color: "linear", dash: "2 4", width: 1.5 });
      cloud.line([-far * c, far * c], [-far * s, far * s], { color: "truth", width: 2 });
      const all = points(loudness);
      all.forEach(([x, y], i) => {
        const foot = c * x + s * y;
        if (i % 4 === 0) cloud.line([x, foot * c], [y, foot * s], { color: "squared error", width: 1 });
        cloud.dot(x, y, { color: KINDS[labels[i]], r: 2.6 });
      });
      KINDS.forEach((color, kind) => {
        const count = new Float64Array(EDGES.length - 1);
        all.forEach(([x, y], i) => {
          const bin = Math.floor(((c * x + s * y + WIDE) / (2 * WIDE)) * count.length);
          if (labels[i] === kind && bin >= 0 && bin < count.length) count[bin] += 1;
        });
        const middles = Array.from(count, (_, i) => (EDGES[i] + EDGES[i + 1]) / 2);
        codes.bars(middles, Array.from(count, (n) => (kind ? -n : n)), { color, width: EDGES[1] - EDGES[0] });
      });
      codes.text(-WIDE, 24, data.names[0], { color: KINDS[0], bold: true, dx: 4, dy: 4 });
      codes.text(-WIDE, -24, data.names[1], { color: KINDS[1], bold: true, dx: 4, dy: 4 });
      bars.area([0, kept], [0.1, 0.1], [0.9, 0.9], { color: "linear", opacity: 0.75 });
      bars.area([kept, kept + error], [0.1, 0.1], [0.9, 0.9], { color: "squared error", opacity: 0.75 });
      bars.rule({ x: most }, { color: "truth", dash: "2 4" });
      const unit = (bars.box.right - bars.box.left) / 4; // pixels
      const name = ["variance kept", "kept"].find((words) => kept * unit > 8 * words.length + 10);
      if (name) bars.text(0, 0.5, name, { dx: 6, dy: 4, bold: true });
      if (error * unit > 50) bars.text(kept, 0.5, "error", { dx: 6, dy: 4, bold: true, anchor: "start" });
    },
    say: ({ kept, error, right, best }, { angle }) => {
      const away = Math.min(Math.abs(angle - best), 180 - Math.abs(angle - best));
      const where = away < 1 ? "This is the line of least error." : `The line of least error is ${away.toFixed(0)}° away (dotted).`;
      return `Variance kept <b>${kept.toFixed(2)}</b>, error <b>${error.toFixed(2)}</b>, sum ${(kept + error).toFixed(2)}. ${where} ` +
        `From the code, split halfway between the two means, <b>${(100 * right).toFixed(0)} %</b> of the digits are told apart.`;
    },
  };
});
