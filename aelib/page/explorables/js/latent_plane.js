// One plane of codes, two decoders that read it: drag the point. Beside what each decoder writes
// stand the mean and the median of the digits whose codes are nearest.
//
// data: {codes: [n, 2], labels: [n], images: uint8 [n, side²] in sixteenths of full ink, side, near: how
// many nearest, start: [2], decoders: {name: [{weights: [in, out], bias: [out]}, …]}}, first mean, then median.
explorable("latent_plane", (root, data, kit) => {
  const { format, math } = kit;
  const [first, second] = Object.keys(data.decoders);
  const size = data.side * data.side;
  const labels = Array.from(data.labels);
  const xs = labels.map((_, i) => data.codes[2 * i]);
  const ys = labels.map((_, i) => data.codes[2 * i + 1]);
  // One unit is as long in both directions where the chart is twice as wide as high.
  const middleOf = (values) => (Math.max(...values) + Math.min(...values)) / 2;
  const halfOf = (values) => 0.54 * (Math.max(...values) - Math.min(...values));
  const half = Math.max(halfOf(xs), 2 * halfOf(ys));
  // How far apart neighbors are at most: a point farther than this from all digits is among none.
  const square = (i, a, b) => (xs[i] - a) ** 2 + (ys[i] - b) ** 2;
  const indices = labels.map((_, i) => i);
  const alone = Math.max(...indices.map((i) => Math.min(...indices.filter((j) => j !== i).map((j) => square(j, xs[i], ys[i])))));
  const span = (values, size) => ({ min: middleOf(values) - size, max: middleOf(values) + size });
  const decode = (layers, code) => layers.reduce((values, { weights, bias }, layer) => {
    const next = Float64Array.from(bias);
    values.forEach((value, i) => next.forEach((_, j) => (next[j] += value * weights[i * next.length + j])));
    return layer < layers.length - 1 ? next.map((value) => Math.max(value, 0)) : next;
  }, code);

  kit.parameter("a", { label: "first latent dimension", ...span(xs, half), value: data.start[0] });
  kit.parameter("b", { label: "second latent dimension", ...span(ys, half / 2), value: data.start[1] });
  const chart = kit.chart({
    height: 300, label: "Codes of the training digits",
    x: { ...span(xs, half), label: "first latent dimension", ticks: [] },
    y: { ...span(ys, half / 2), label: "second latent dimension", ticks: [] },
  });
  chart.handle({ x: "a", y: "b", label: "code", color: "truth", everywhere: true });
  const row = kit.row();
  const picture = (label) => kit.picture({ into: row, rows: data.side, columns: data.side, label, size: 118 });
  const pictures = [picture(`decoder, ${first}`), picture("mean of the nearest"), picture(`decoder, ${second}`), picture("median of the nearest")];

  // How much of the picture is neither ink nor paper: 0 for black and white, 1 for all middle gray.
  const gray = (pixels) => math.mean(Array.from(pixels, (value) => {
    const ink = math.clamp(value, 0, 1);
    return 4 * ink * (1 - ink);
  }));
  return {
    compute: ({ a, b }) => {
      const order = [...indices].sort((i, j) => square(i, a, b) - square(j, a, b));
      const near = order.slice(0, data.near);
      const column = (pixel) => near.map((i) => data.images[i * size + pixel] / 16).sort((u, v) => u - v);
      const columns = Array.from({ length: size }, (_, pixel) => column(pixel));
      const middle = (list) => (list[(list.length - 1) >> 1] + list[list.length >> 1]) / 2;
      const [one, two] = [first, second].map((name) => Array.from(decode(data.decoders[name], [a, b])));
      return { one, two, mean: columns.map(math.mean), median: columns.map(middle), grayOne: gray(one), grayTwo: gray(two), near, far: Number(square(near[0], a, b) > alone) };
    },
    draw: ({ one, two, mean, median, near }) => {
      const chosen = new Set(near);
      labels.forEach((label, i) => chart.text(xs[i], ys[i], String(label), {
        anchor: "middle", dx: 0, dy: 4, bold: chosen.has(i), color: chosen.has(i) ? "autoencoder" : undefined,
      }));
      [one, mean, two, median].forEach((pixels, index) => pictures[index].draw(pixels.map((value) => 1 - value)));
    },
    say: ({ grayOne, grayTwo, near, far }) => {
      if (far) return "No training digit is near this point: neither decoder was taught what to write here.";
      const kinds = [...new Set(near.map((i) => labels[i]))].sort();
      return `Nearest here: ${kinds.join(", ")}. The reconstruction is <b>${format(100 * grayOne, 2)} %</b> gray under ${first}, ` +
        `<b>${format(100 * grayTwo, 2)} %</b> under ${second}.`;
    },
  };
});
