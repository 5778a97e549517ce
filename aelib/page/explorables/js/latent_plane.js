// The plane of codes of two autoencoders that differ in their loss: a point to move, and what each
// decoder makes of it. Between two groups of digits one blends, the other switches.
//
// data: {networks: {name: {codes: [n, 2], decoder: [{weights: [in, out], bias: [out]}, …]}}, labels: [n],
// side: pixels of a side, from: index of the first example, to: index of the second}.
explorable("latent_plane", (root, data, kit) => {
  const { format, math } = kit;
  const names = Object.keys(data.networks);
  const size = data.side * data.side;
  const labels = Array.from(data.labels);
  const pairs = names.map((name) => {
    const { codes } = data.networks[name];
    return [data.from, data.to].map((index) => [codes[2 * index], codes[2 * index + 1]]);
  });
  const decode = (layers, code) => {
    let values = code;
    layers.forEach(({ weights, bias }, layer) => {
      const next = Float64Array.from(bias);
      values.forEach((value, i) => next.forEach((_, j) => (next[j] += value * weights[i * next.length + j])));
      values = layer < layers.length - 1 ? next.map((value) => Math.max(value, 0)) : next;
    });
    return values;
  };
  const between = (pair, t) => pair[0].map((start, axis) => start + t * (pair[1][axis] - start));

  kit.parameter("t", { label: "position between the two codes", min: 0, max: 1, value: 0.5, format: (x) => x.toFixed(2) });
  const row = kit.row();
  const charts = names.map((name, index) => {
    const { codes } = data.networks[name];
    const xs = labels.map((_, i) => codes[2 * i]);
    const ys = labels.map((_, i) => codes[2 * i + 1]);
    const span = (values) => {
      const gap = 0.06 * (Math.max(...values) - Math.min(...values));
      return { min: Math.min(...values) - gap, max: Math.max(...values) + gap };
    };
    const box = kit.element("div", { class: "aelib-pair" }, undefined, row);
    const chart = kit.chart({
      into: box, height: 240, label: `Codes of the network trained on ${name}`,
      x: { ...span(xs), label: "first latent dimension", ticks: [] },
      y: { ...span(ys), label: name, ticks: [] },
    });
    const picture = kit.picture({ into: box, rows: data.side, columns: data.side, label: `${name}: what the decoder writes here`, size: 150 });
    return { chart, picture, xs, ys, name, pair: pairs[index], layers: data.networks[name].decoder };
  });
  kit.slider("t");

  // How much of the picture is neither ink nor paper: 0 for black and white, 1 for all middle gray.
  const gray = (pixels) => math.mean(Array.from(pixels, (value) => {
    const ink = math.clamp(value, 0, 1);
    return 4 * ink * (1 - ink);
  }));
  return {
    compute: ({ t }) => {
      const out = {};
      charts.forEach(({ name, pair, layers }) => {
        const pixels = decode(layers, between(pair, t));
        out[name] = { pixels: Array.from(pixels), gray: gray(pixels) };
      });
      return { first: out[names[0]].gray, second: out[names[1]].gray, firstPixels: out[names[0]].pixels, secondPixels: out[names[1]].pixels };
    },
    draw: ({ firstPixels, secondPixels }, { t }) => {
      charts.forEach(({ chart, picture, xs, ys, name, pair }, index) => {
        labels.forEach((label, i) => chart.text(xs[i], ys[i], String(label), { anchor: "middle", dx: 0, dy: 4, color: "var(--aelib-soft, gray)" }));
        chart.line([pair[0][0], pair[1][0]], [pair[0][1], pair[1][1]], { color: name, width: 2 });
        const [x, y] = between(pair, t);
        chart.dot(x, y, { color: name, r: 7 });
        picture.draw((index ? secondPixels : firstPixels).map((value) => 1 - value));
      });
    },
    say: ({ first, second }, { t }) =>
      `${Math.round(100 * t)} % of the way from a ${labels[data.from]} to a ${labels[data.to]}: the picture is ` +
      `<b>${format(100 * first, 2)} %</b> gray under ${names[0]}, <b>${format(100 * second, 2)} %</b> under ${names[1]}.`,
  };
});
