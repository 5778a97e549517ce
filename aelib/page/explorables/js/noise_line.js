// The variance of a signal along its directions, and the line of the noise: what k directions lose, what they let in,
// and the error that is left, against the clean picture or against the noisy one.
//
// data: {variances: of the signal along each of m directions, rest: outside them, axes: uint8 [m, side²], 128 + 127 v / scale,
// scale, mean: [side²], clean: [side²] ink of a picture, noise: [side²] of deviation 1, side, start: {variance, size}}.
explorable("noise_line", (root, data, kit) => {
  const { format, math } = kit;
  const variances = Array.from(data.variances);
  const m = variances.length;
  const d = data.side * data.side;
  const sizes = Array.from({ length: m + 1 }, (_, k) => k);
  const axis = Array.from({ length: m }, (_, j) => Float64Array.from(data.axes.slice(j * d, (j + 1) * d), (v) => ((v - 128) * data.scale) / 127));
  const along = (picture) => axis.map((v) => v.reduce((sum, value, i) => sum + value * picture[i], 0));
  const signalCode = along(Array.from(data.clean, (value, i) => value - data.mean[i]));
  const noiseCode = along(data.noise);
  const lostAt = sizes.map((k) => data.rest + variances.slice(k).reduce((a, b) => a + b, 0));
  const low = 0.5 * Math.min(...variances.filter((v) => v > 0));
  const high = 2 * Math.max(...variances);

  kit.choice("target", { label: "error against", options: [["clean", "the clean letter"], ["noisy", "the noisy letter"]], value: "clean" });
  kit.parameter("variance", { label: "variance of the noise, σ²", min: 0.005, max: 1, value: data.start.variance, log: true });
  kit.parameter("size", { label: "numbers in the code, k", min: 1, max: m, value: data.start.size, integer: true });
  const row = kit.row();
  const scree = kit.chart({
    into: row, height: 250, label: "Variance of the signal along each direction",
    x: { min: 0, max: m + 1, label: "direction" },
    y: { min: low, max: high, log: true, label: "variance of the signal" },
  });
  const error = kit.chart({
    into: row, height: 250, label: "Error against the number of directions",
    x: { min: 0, max: m + 1, label: "numbers in the code, k" },
    y: { min: 0, max: 10, label: "squared error" },
  });
  scree.handle({ y: "variance", at: () => [0.9 * m, 0], color: "noise", label: "variance of the noise" });
  error.handle({ x: "size", at: ({ error: value }) => [0, value], color: "pca", label: "numbers in the code" });
  kit.legend([["signal", "signal"], ["noise", "noise", "7 4"], ["pca", "their sum, the error"]]);
  kit.slider("variance");
  kit.slider("size");
  const pictures = kit.row();
  const views = ["clean", "noisy", "reconstruction"].map((label) => kit.picture({ into: pictures, rows: data.side, columns: data.side, label, size: 130 }));

  const noiseAt = (k, variance, target) => (target === "clean" ? k : d - k) * variance;
  return {
    compute: ({ variance, size, target }) => {
      const total = sizes.map((k) => lostAt[k] + noiseAt(k, variance, target));
      const picture = Float64Array.from(data.mean);
      for (let j = 0; j < size; j++) {
        const value = signalCode[j] + Math.sqrt(variance) * noiseCode[j];
        for (let i = 0; i < d; i++) picture[i] += value * axis[j][i];
      }
      const best = total.indexOf(Math.min(...total));
      return { lost: lostAt[size], noise: noiseAt(size, variance, target), error: total[size], best, least: total[best], picture: Array.from(picture) };
    },
    draw: ({ best, least, picture }, { variance, size, target }) => {
      variances.forEach((value, j) => value > low && scree.dot(j + 1, value, { color: "signal", r: 2.5, hollow: j >= size }));
      scree.rule({ y: variance }, { color: "noise", dash: "7 4", width: 2 });
      scree.text(1, variance, "σ²", { color: "noise", bold: true, dy: 14, dx: 2 });
      const noise = sizes.map((k) => noiseAt(k, variance, target));
      const total = sizes.map((k) => lostAt[k] + noise[k]);
      error.limit("y", 0, 1.08 * Math.max(...total));
      error.line(sizes, lostAt, { color: "signal", width: 2 });
      error.line(sizes, noise, { color: "noise", dash: "7 4", width: 2 });
      error.line(sizes, total, { color: "pca", width: 3 });
      error.dot(best, least, { color: "pca", r: 7, hollow: true });
      const noisy = Array.from(data.clean, (value, i) => value + Math.sqrt(variance) * data.noise[i]);
      [data.clean, noisy, picture].forEach((ink, i) => views[i].draw(Array.from(ink, (value) => math.clamp(1 - value, 0, 1))));
    },
    say: ({ lost, noise, error: value, best, least }, { size, target }) =>
      `${size} ${size === 1 ? "number" : "numbers"}: signal lost ${format(lost)}, noise ${target === "clean" ? "kept" : "left out"} ${format(noise)}, ` +
      `error <b>${format(value)}</b>. The least, ${format(least)}, is at <b>${best}</b>` +
      `${best === m ? ", the largest size there is here" : best === 0 ? ": the mean letter, whatever the input" : ""}.`,
  };
});
