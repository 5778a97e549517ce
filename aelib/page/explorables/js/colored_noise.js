// Digits under noise along a few directions: the best linear code of d_z numbers keeps the d_z directions of most
// variance, whichever of the two they belong to.
//
// data: {mean: [p], axes: [k, p] principal axes of the digits, variances: [k], total: of all axes, directions:
// [m, p] of the noise, at right angles to the axes, digits: [n, p], noise: [n, m] of unit variance, side}.
explorable("colored_noise", (root, data, kit) => {
  const { math } = kit;
  const [k, p] = data.axes.shape;
  const m = data.directions.shape[0];
  const [n] = data.digits.shape;
  const { side } = data;
  const variances = Array.from(data.variances);
  const along = (rows, index, values) => {
    let sum = 0;
    for (let j = 0; j < p; j++) sum += rows[index * p + j] * values[j];
    return sum;
  };
  const examples = Array.from({ length: n }, (_, i) => {
    const centered = Float64Array.from({ length: p }, (__, j) => data.digits[i * p + j] - data.mean[j]);
    return { digit: centered, codes: variances.map((_, a) => along(data.axes, a, centered)) };
  });

  kit.legend([["signal", "a direction of the digits"], ["noise", "a direction of the noise"]]);
  kit.parameter("size", { label: "latent dimension", min: 1, max: 24, value: 8, integer: true });
  const wide = n * (side + 1) - 1;
  const strip = (label) => kit.picture({ rows: side, columns: wide, label, size: 620 });
  const strips = [strip("input: digit and noise"), strip("reconstruction from the code"), strip("what the code knows of the digit")];
  const chart = kit.chart({
    height: 210, label: "Standard deviation of each direction, in falling order",
    x: { min: 0.4, max: 24.6, label: "directions, by falling variance", ticks: [1, 4, 8, 12, 16, 20, 24] },
    y: { min: 0, max: 1.2, label: "standard deviation" },
  });
  chart.handle({ x: "size", at: ({ top }) => [0, 0.94 * top], label: "latent dimension", color: "truth", everywhere: true });
  kit.slider("size");
  kit.slider("loudness", { label: "loudness of the noise", min: 0.05, max: 2, value: 1, format: (x) => x.toFixed(2) });

  const sorted = (loudness) => [
    ...variances.map((variance, index) => ({ variance, index, kind: "signal" })),
    ...Array.from({ length: m }, (_, index) => ({ variance: loudness * loudness, index, kind: "noise" })),
  ].sort((a, b) => b.variance - a.variance);

  // The mean and what the chosen directions hold of an example, pixel by pixel.
  const rebuilt = (i, kept, loudness, withNoise) => {
    const pixels = Float64Array.from(data.mean);
    for (const { kind, index } of kept) {
      if (kind === "noise" && !withNoise) continue;
      const rows = kind === "signal" ? data.axes : data.directions;
      const code = kind === "signal" ? examples[i].codes[index] : loudness * data.noise[i * m + index];
      for (let j = 0; j < p; j++) pixels[j] += code * rows[index * p + j];
    }
    return pixels;
  };
  const input = (i, loudness) => {
    const pixels = Float64Array.from(examples[i].digit, (value, j) => value + data.mean[j]);
    for (let a = 0; a < m; a++) for (let j = 0; j < p; j++) pixels[j] += loudness * data.noise[i * m + a] * data.directions[a * p + j];
    return pixels;
  };
  const show = (picture, each) => {
    const pixels = new Float32Array(side * wide).fill(0.5);
    for (let i = 0; i < n; i++) {
      each(i).forEach((value, j) => (pixels[Math.floor(j / side) * wide + i * (side + 1) + (j % side)] = 1 - math.clamp(value, 0, 1)));
    }
    picture.draw(pixels);
  };

  return {
    compute: ({ size, loudness }) => {
      const kept = sorted(loudness).slice(0, size);
      const sum = (kind) => kept.filter((one) => one.kind === kind).reduce((total, { variance }) => total + variance, 0);
      const [signal, noise] = [sum("signal"), sum("noise")];
      return {
        signalKept: signal / data.total,
        noiseKept: noise / (m * loudness * loudness),
        reconstruction: Array.from(rebuilt(0, kept, loudness, true)),
        top: 1.25 * Math.max(loudness, Math.sqrt(variances[0])),
      };
    },
    draw: ({ top }, { size, loudness }) => {
      const all = sorted(loudness);
      const kept = all.slice(0, size);
      show(strips[0], (i) => input(i, loudness));
      show(strips[1], (i) => rebuilt(i, kept, loudness, true));
      show(strips[2], (i) => rebuilt(i, kept, loudness, false));
      chart.limit("y", 0, top);
      all.slice(0, 24).forEach(({ variance, kind }, rank) => {
        chart.bars([rank + 1], [Math.sqrt(variance)], { color: kind, width: 0.8, opacity: rank < size ? 0.9 : 0.25 });
      });
      chart.rule({ x: size + 0.5 }, { color: "truth" });
      chart.text(size + 0.5, top, "kept", { anchor: "end", dx: 18, dy: 14 });
    },
    say: ({ signalKept, noiseKept }, { size }) =>
      `${size} ${size === 1 ? "number keeps" : "numbers keep"} <b>${(100 * noiseKept).toFixed(0)} %</b> of the noise and ` +
      `<b>${(100 * signalKept).toFixed(0)} %</b> of the variance of the digits.`,
  };
});
