// A Gaussian on black-and-white pixels: its negative log density has no lower bound. That of the
// probability, when the two values share its mass, ends at zero.
//
// data: {errors: |pixel − mean|, one for each of some pixels}. They can be made smaller, as training does;
// σ follows: each score is shown with the one that is best for it.
explorable("gaussian_sigma", (root, data, kit) => {
  const { format, math } = kit;
  const [LOW, HIGH] = [-6, 4.5];
  const errors = Array.from(data.errors);
  kit.legend([["gaussian", "−log density at the pixel"], ["bernoulli", "−log probability, restricted to two values", "7 4"]]);
  const row = kit.row();
  const curve = kit.chart({
    into: row, height: 230, label: "Density over the value of a pixel",
    x: { min: -1, max: 2, label: "value of a pixel", ticks: [0, 0.5, 1] },
    y: { min: 0, max: 1, label: "density, one error of size σ off" },
  });
  const scores = kit.chart({
    into: row, height: 230, label: "Average negative logarithm against the width",
    x: { min: 0.002, max: 1, log: true, label: "σ" },
    y: { min: LOW, max: HIGH, label: "nats per pixel (lower is better)", ticks: [-6, -4, -2, 0, 2, 4] },
  });
  kit.slider("shrink", {
    label: "errors of the network, ×", min: 0.01, max: 1, value: 1, log: true, format: (x) => format(x, 2),
  });

  const score = (sigma, shrink) => {
    let density = 0;
    let probability = 0;
    for (const error of errors) {
      const r = error * shrink;
      density += 0.5 * Math.log(2 * Math.PI * sigma * sigma) + (r * r) / (2 * sigma * sigma);
      const logit = (0.5 - r) / (sigma * sigma); // of the pixel's own value against the other
      probability += logit > 0 ? Math.log1p(Math.exp(-logit)) : Math.log1p(Math.exp(logit)) - logit;
    }
    return { density: density / errors.length, probability: probability / errors.length };
  };
  const widths = math.logspace(0.002, 1, 80);
  const values = math.linspace(-1, 2, 241);

  return {
    // The σ of least density is the root mean square of the errors; that of least probability is looked for.
    compute: ({ shrink }) => {
      const sigma = shrink * Math.sqrt(math.mean(errors.map((error) => error * error)));
      const costs = Array.from(widths, (width) => score(width, shrink).probability);
      const probability = Math.min(...costs);
      return { sigma, density: score(sigma, shrink).density, probability, width: widths[costs.indexOf(probability)] };
    },
    draw: ({ sigma, density, probability, width }, { shrink }) => {
      const peak = 1 / (sigma * Math.sqrt(2 * Math.PI));
      curve.limit("y", 0, 1.1 * peak);
      const heights = values.map((x) => peak * Math.exp(-0.5 * ((x - 1 + sigma) / sigma) ** 2));
      curve.line(values, heights, { color: "gaussian" });
      curve.rule({ x: 1 }, { color: "truth" });
      for (const value of [0, 1]) { // what remains of the curve when only two values share its mass
        curve.dot(value, peak * Math.exp(-0.5 * ((value - 1 + sigma) / sigma) ** 2), { color: "bernoulli" });
      }
      curve.text(1, 1.05 * peak, "the pixel", { dx: 6, dy: 0 });
      const all = Array.from(widths, (width) => score(width, shrink));
      scores.rule({ y: 0 }, { color: "truth", dash: "2 4" });
      scores.text(0.0021, 0, "probability 1", { dy: -7, dx: 2 });
      for (const [name, color, dash] of [["density", "gaussian"], ["probability", "bernoulli", "7 4"]]) {
        const inside = all.map((one, i) => [widths[i], one[name]]).filter(([, y]) => y >= LOW && y <= HIGH);
        scores.line(inside.map(([x]) => x), inside.map(([, y]) => y), { color, dash });
      }
      if (density > LOW) scores.rule({ y: density }, { color: "gaussian", dash: "1 4" });
      scores.dot(sigma, Math.max(density, LOW), { color: "gaussian" });
      scores.dot(width, probability, { color: "bernoulli" });
    },
    say: ({ sigma, density, probability }) =>
      `The best density has σ = ${format(sigma, 2)} and costs <b>${format(density)}</b> nats per pixel; it falls without end as the ` +
      `errors shrink. The best probability costs <b>${probability < 0.0005 ? "less than 0.001" : format(probability)}</b>, and never less than 0.`,
  };
});
