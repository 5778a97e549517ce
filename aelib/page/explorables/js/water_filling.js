// Water over a spectrum: what stands out of it costs bits, what is under it is left out. Beside it the curve of the least
// bits for a distortion, and what codes of several sizes take, compared at the same number of bits.
//
// data: {variances: descending, codes: {name: {bits: ascending, distortions}}, start: level of the water}.
explorable("water_filling", (root, data, kit) => {
  const { format, math } = kit;
  const variances = Array.from(data.variances).filter((v) => v > 0);
  const names = Object.keys(data.codes);
  const COLORS = ["train", "noise", "denoising", "contractive"];
  const DASHES = ["none", "7 4", "2 3", "9 3 2 3"];
  const high = 2 * variances[0];
  const low = 0.5 * Math.min(...variances);
  const fill = (level) => ({
    rate: variances.reduce((sum, v) => sum + Math.max(0, 0.5 * Math.log2(v / level)), 0),
    distortion: variances.reduce((sum, v) => sum + Math.min(v, level), 0),
    active: variances.filter((v) => v > level).length,
  });
  // Between the measured points a straight line; beyond them the last one.
  const at = ({ bits, distortions }, rate) => {
    const last = bits.length - 1;
    if (rate <= bits[0]) return distortions[0];
    if (rate >= bits[last]) return distortions[last];
    const i = Array.from(bits).findIndex((b) => b >= rate);
    const t = (rate - bits[i - 1]) / (bits[i] - bits[i - 1]);
    return distortions[i - 1] + t * (distortions[i] - distortions[i - 1]);
  };

  kit.parameter("level", { label: "level of the water", min: data.range[0], max: data.range[1], value: data.start, log: true });
  const row = kit.row();
  const spectrum = kit.chart({
    into: row, height: 250, label: "Variances along the principal axes, and the water",
    x: { min: 0, max: variances.length + 1, label: "direction" },
    y: { min: low, max: high, log: true, label: "variance" },
  });
  const most = Math.max(...names.map((name) => data.codes[name].distortions[0]));
  const curve = kit.chart({
    into: row, height: 250, label: "Distortion against bits",
    x: { min: 0, max: 1.05 * fill(data.range[0]).rate, label: "bits for a digit" },
    y: { min: 0, max: 1.1 * most, label: "squared error" },
  });
  spectrum.handle({ y: "level", at: () => [0.9 * variances.length, 0], color: "truth", label: "level of the water" });
  kit.legend([["truth", "least bits of a Gaussian", "2 4"], ...names.map((name, i) => [COLORS[i], name, DASHES[i]])]);
  kit.slider("level");
  const levels = math.logspace(data.range[0] / 2, high, 120);

  return {
    compute: ({ level }) => {
      const found = fill(level);
      return { ...found, codes: names.map((name) => at(data.codes[name], found.rate)) };
    },
    draw: ({ rate, distortion, codes }, { level }) => {
      spectrum.area([0, variances.length + 1], [low, low], [level, level], { color: "signal", opacity: 0.25 });
      variances.forEach((v, i) => spectrum.dot(i + 1, v, { color: "signal", r: 3, hollow: v <= level }));
      spectrum.rule({ y: level }, { color: "truth", dash: "none" });
      const all = Array.from(levels, fill);
      curve.line(all.map((one) => one.rate), all.map((one) => one.distortion), { color: "truth", dash: "2 4" });
      names.forEach((name, i) => {
        curve.line(data.codes[name].bits, data.codes[name].distortions, { color: COLORS[i], dash: DASHES[i] });
        curve.dot(rate, codes[i], { color: COLORS[i], r: 4.5 });
      });
      curve.rule({ x: rate }, { color: "truth", width: 1, dash: "2 3" });
      curve.dot(rate, distortion, { color: "truth", r: 4.5 });
    },
    say: ({ rate, distortion, active, codes }) => {
      const least = Math.min(...codes);
      const best = names.filter((_, i) => codes[i] <= 1.01 * least).join(" and ");
      return `${active} of ${variances.length} directions stand out of the water: a Gaussian would need <b>${format(rate, 2)}</b> bits for an error of ` +
        `${format(distortion, 2)}. With these bits: ${names.map((name, i) => `${name} ${format(codes[i], 3)}`).join(", ")}; least, within 1 %: <b>${best}</b>.`;
    },
  };
});
