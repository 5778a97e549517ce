// A new digit with noise of any strength, what a network makes of it, and the training digit that this is nearest to.
//
// data: {train: [n, side²] as they were given in training, labels: [n], digits: [m, side²] clean new ones, names: [m],
// noise: [m, side²] of deviation 1, center: [side²], side, networks: [{name, layers: [{weights: [in, out],
// bias: [out], tanh: 0 or 1}, …]}, …]}.
explorable("recalled_digit", (root, data, kit) => {
  const { format, math } = kit;
  const d = data.side * data.side;
  const cut = (array) => Array.from({ length: array.length / d }, (_, i) => Array.from(array.slice(i * d, (i + 1) * d)));
  const [train, digits, noises] = [cut(data.train), cut(data.digits), cut(data.noise)];
  const apply = (layers, x) => layers.reduce((values, { weights, bias, tanh }) => {
    const next = Float64Array.from(bias);
    values.forEach((value, i) => next.forEach((_, j) => (next[j] += value * weights[i * next.length + j])));
    return tanh ? next.map(Math.tanh) : next;
  }, x);
  const distance = (a, b) => a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);

  kit.choice("network", { label: "network", options: data.networks.map(({ name }, i) => [i, name]), value: 0 });
  kit.choice("digit", { label: "new digit", options: data.names.map((name, i) => [i, name]), value: 0 });
  kit.slider("noise", { label: "noise σ on the new digit", min: 0, max: 0.6, value: 0.3, format: (x) => x.toFixed(2) });
  const row = kit.row();
  const picture = (label) => kit.picture({ into: row, rows: data.side, columns: data.side, label, size: 128 });
  const views = ["new digit", "with noise: the input", "reconstruction", "nearest training digit"].map(picture);
  const [LEAST, MOST] = [0.02, 60];
  const chart = kit.chart({
    height: 120, label: "Distance of the reconstruction from each training digit and from the clean new digit",
    x: { min: LEAST, max: MOST, log: true, label: "squared distance from the reconstruction" },
    y: { min: 0, max: 1, label: "", ticks: [] },
  });
  kit.legend([["train", "training digits"], ["truth", "the clean new digit"]]);

  return {
    compute: ({ network, digit, noise }) => {
      const input = digits[digit].map((value, i) => value + noise * noises[digit][i]);
      const code = apply(data.networks[network].layers, Float64Array.from(input, (value, i) => value - data.center[i]));
      const output = Array.from(code, (value, i) => value + data.center[i]);
      const far = train.map((one) => distance(output, one));
      const nearest = far.indexOf(Math.min(...far));
      return { output, nearest, far, toTraining: far[nearest], toClean: distance(output, digits[digit]) };
    },
    draw: ({ output, nearest, far, toClean }, { digit, noise }) => {
      const input = digits[digit].map((value, i) => value + noise * noises[digit][i]);
      [digits[digit], input, output, train[nearest]].forEach((ink, i) => views[i].draw(ink.map((value) => math.clamp(1 - value, 0, 1))));
      far.forEach((value, i) => chart.dot(math.clamp(value, LEAST, MOST), 0.3 + 0.4 * ((i * 0.618) % 1), { color: "train", r: i === nearest ? 7 : 3.5 }));
      chart.rule({ x: math.clamp(toClean, LEAST, MOST) }, { color: "truth", width: 2, dash: "none" });
    },
    say: ({ nearest, toTraining, toClean }) =>
      `Squared distance from the reconstruction: <b>${format(toTraining, 2)}</b> to the nearest training digit (a ${data.labels[nearest]}), ` +
      `<b>${format(toClean, 2)}</b> to the clean new digit. ` +
      `${toTraining < toClean ? "It is nearer to a training digit than to the digit it stands for." : "It is nearer to the digit it stands for."}`,
  };
});
