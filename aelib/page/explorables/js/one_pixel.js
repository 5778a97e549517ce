// One pixel of a reconstruction under several examples: what each amount of ink costs by squared and by
// absolute error, and where each is least: at the mean and at the median.
//
// data: {images: uint8 [examples, rows, columns], 255 for full ink; pixel: index to begin with}.
explorable("one_pixel", (root, data, kit) => {
  const { format, math } = kit;
  const [n, rows, columns] = data.images.shape;
  const size = rows * columns;
  const values = Array.from({ length: size }, (_, p) => Array.from({ length: n }, (_, i) => data.images[i * size + p] / 255));
  const median = (list) => {
    const sorted = [...list].sort((a, b) => a - b);
    return (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
  };
  kit.parameter("pixel", { label: "pixel", min: 0, max: size - 1, value: data.pixel, integer: true });
  kit.parameter("gray", { label: "ink written there", min: 0, max: 1, value: 0.5, format: (x) => x.toFixed(2) });
  const examples = kit.picture({ rows, columns: n * (columns + 1) - 1, label: `${n} examples that share one reconstruction`, size: 700 });
  kit.legend([["squared error", "squared error"], ["absolute error", "absolute error", "7 4"]]);
  const row = kit.row();
  const mean = kit.picture({ rows, columns, label: "least squared error", size: 132, into: row, pick: "pixel" });
  const middle = kit.picture({ rows, columns, label: "least absolute error", size: 132, into: row, pick: "pixel" });
  const chart = kit.chart({
    into: row, height: 210, label: "Cost of an amount of ink at the chosen pixel",
    x: { min: 0, max: 1, label: "ink: 0 paper, 1 full ink", ticks: [0, 0.25, 0.5, 0.75, 1] },
    y: { min: -0.12, max: 0.85, label: "average cost over the examples", ticks: [0, 0.2, 0.4, 0.6, 0.8] },
  });
  chart.handle({ x: "gray", at: () => [0, -0.06], label: "ink", color: "truth", everywhere: true });
  kit.slider("gray");

  const strip = new Float32Array(rows * (n * (columns + 1) - 1)).fill(0.5);
  values.forEach((list, p) => list.forEach((value, i) => {
    strip[Math.floor(p / columns) * (n * (columns + 1) - 1) + i * (columns + 1) + (p % columns)] = 1 - value;
  }));
  const means = values.map((list) => math.mean(list));
  const medians = values.map(median);
  const grays = math.linspace(0, 1, 101);
  const squared = (list, a) => math.mean(list.map((x) => (x - a) ** 2));
  const absolute = (list, a) => math.mean(list.map((x) => Math.abs(x - a)));

  return {
    compute: ({ pixel, gray }) => {
      const list = values[pixel];
      return {
        squared: squared(list, gray), absolute: absolute(list, gray), mean: means[pixel], median: medians[pixel],
        leastSquared: squared(list, means[pixel]), leastAbsolute: absolute(list, medians[pixel]),
      };
    },
    draw: (now, { pixel, gray }) => {
      const list = values[pixel];
      examples.draw(strip);
      mean.draw(means.map((value) => 1 - value));
      middle.draw(medians.map((value) => 1 - value));
      list.forEach((x, i) => chart.dot(x, -0.06 + 0.03 * ((i % 3) - 1), { color: "truth", r: 2.5 }));
      chart.rule({ x: gray }, { color: "truth", dash: "2 3", width: 1 });
      const curves = [["squared error", squared, now.mean, now.leastSquared], ["absolute error", absolute, now.median, now.leastAbsolute, "7 4"]];
      for (const [name, cost, best, least, dash] of curves) {
        chart.line(grays, Array.from(grays, (a) => cost(list, a)), { color: name, dash });
        chart.dot(best, least, { color: name, r: 6, hollow: true });
        chart.dot(gray, cost(list, gray), { color: name, r: 4.5 });
      }
    },
    say: (now, { pixel, gray }) =>
      `Row ${Math.floor(pixel / columns) + 1}, column ${(pixel % columns) + 1}. Ink ${gray.toFixed(2)} costs ` +
      `${format(now.squared)} in squared and ${format(now.absolute)} in absolute error. The least squared error is at the ` +
      `mean, <b>${format(now.mean, 2)}</b>; the least absolute error at the median, <b>${format(now.median, 2)}</b>.`,
  };
});
