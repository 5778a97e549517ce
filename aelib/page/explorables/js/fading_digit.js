// A digit that fades or gets noisy, its reconstruction, and where its loss stands among those of
// ordinary digits; for a network that was trained for a short and one that was trained for a long time.
//
// data: {digits: uint8 [n, size], names: [n], noise: [size], side, networks: {name: {layers:
// [{weights: [in, out], bias: [out], relu: 0 or 1}, …], ordinary: losses of ordinary digits}}}.
explorable("fading_digit", (root, data, kit) => {
  const { format, math } = kit;
  const size = data.side * data.side;
  const networks = Object.keys(data.networks);
  const digits = data.names.map((_, i) => Array.from(data.digits.slice(i * size, (i + 1) * size), (value) => value / 16));
  const noise = Array.from(data.noise);
  const ordinary = Object.fromEntries(networks.map((name) => [name, Array.from(data.networks[name].ordinary).sort((a, b) => a - b)]));
  const apply = (layers, x) => layers.reduce((values, { weights, bias, relu }) => {
    const next = Float64Array.from(bias);
    values.forEach((value, i) => next.forEach((_, j) => (next[j] += value * weights[i * next.length + j])));
    return relu ? next.map((value) => Math.max(value, 0)) : next;
  }, x);

  kit.choice("digit", { label: "digit", options: data.names.map((name, i) => [i, name]), value: 0 });
  kit.choice("network", { label: "training", options: networks.map((name) => [name, name]), value: networks[0] });
  kit.slider("ink", { label: "ink left", min: 0, max: 1, value: 1, format: (x) => `${Math.round(100 * x)} %` });
  kit.slider("noise", { label: "noise added", min: 0, max: 0.3, value: 0, format: (x) => x.toFixed(2) });
  const row = kit.row();
  const seen = kit.picture({ into: row, rows: data.side, columns: data.side, label: "input", size: 130 });
  const rebuilt = kit.picture({ into: row, rows: data.side, columns: data.side, label: "reconstruction", size: 130 });
  const chart = kit.chart({
    into: row, height: 230, label: "Losses of ordinary digits, and of this one",
    x: { min: 0.1, max: 30, log: true, label: "squared error, log scale" },
    y: { min: 0, max: 0.2, label: "ordinary digits", ticks: [] },
  });
  const bins = 36;
  const edges = math.logspace(0.1, 30, bins + 1);

  return {
    compute: ({ digit, network, ink, noise: level }) => {
      const input = digits[digit].map((value, i) => math.clamp(ink * value + level * noise[i], 0, 1));
      const output = apply(data.networks[network].layers, Float64Array.from(input));
      const loss = input.reduce((sum, value, i) => sum + (value - output[i]) ** 2, 0);
      const below = ordinary[network].filter((value) => value < loss).length / ordinary[network].length;
      return { loss, below, input, output: Array.from(output) };
    },
    draw: ({ loss, input, output }, { network }) => {
      seen.draw(input.map((value) => 1 - value));
      rebuilt.draw(output.map((value) => 1 - value));
      const losses = ordinary[network];
      for (let b = 0; b < bins; b++) {
        const height = losses.filter((value) => value >= edges[b] && value < edges[b + 1]).length / losses.length;
        if (height) chart.area([edges[b], edges[b + 1]], [0, 0], [height, height], { color: "test", opacity: 0.45 });
      }
      chart.rule({ x: math.clamp(loss, 0.1, 30) }, { color: "squared error", dash: "none", width: 3 });
      chart.text(math.clamp(loss, 0.1, 30), 0.19, "this one", { color: "squared error", dy: 2, bold: true });
    },
    say: ({ loss, below }) =>
      `The squared error is <b>${format(loss, 2)}</b>, more than that of <b>${Math.round(100 * below)} %</b> of ordinary digits.`,
  };
});
