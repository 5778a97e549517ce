// One dark pixel that the model is sure is light: how long two losses and two optimizers take to change
// its mind. Both losses see p = sigmoid(a); only gradient and optimizer differ.
//
// data: {rates: {descent, adam}}: the step sizes.
explorable("logit_race", (root, data, kit) => {
  const { format, math } = kit;
  const LIMIT = 200000;
  const slopes = {
    "squared error": (p) => 2 * p * p * (1 - p),
    "cross-entropy": (p) => p,
  };
  kit.legend([
    ["squared error", "squared error"], ["cross-entropy", "cross-entropy"],
    ["truth", "gradient descent"], ["truth", "Adam", "7 4"],
  ]);
  kit.parameter("start", {
    label: "logit at the start", min: 0, max: 12, value: 9, step: 0.1,
    format: (a) => `${a.toFixed(1)}: ${format(100 * math.sigmoid(a), 6)} % sure`,
  });
  const chart = kit.chart({
    height: 300, label: "Probability of light against steps",
    x: { min: 1, max: LIMIT, log: true, label: "steps" },
    y: { min: 0, max: 1, label: "probability of “light”; the pixel is dark", ticks: [0, 0.5, 1] },
  });
  kit.slider("start");

  function run(slope, start, adam) {
    const rate = adam ? data.rates.adam : data.rates.descent;
    let [a, m, v, t, next, even] = [start, 0, 0, 0, 1.05, null];
    const points = [[1, math.sigmoid(a)]];
    while (t < LIMIT) {
      const p = 1 / (1 + Math.exp(-a));
      const gradient = slope(p);
      t++;
      if (adam) {
        m = 0.9 * m + 0.1 * gradient;
        v = 0.999 * v + 0.001 * gradient * gradient;
        a -= (rate * m) / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      } else a -= rate * gradient;
      if (even === null && a < 0) even = t;
      if (t >= next) {
        points.push([t, math.sigmoid(a)]);
        next = Math.max(t + 1, next * 1.05);
      }
      if (a < -4) break;
    }
    points.push([t, math.sigmoid(a)]);
    return { even: even === null ? LIMIT : even, points };
  }
  const all = (start) =>
    [false, true].flatMap((adam) =>
      Object.entries(slopes).map(([loss, slope]) => ({ loss, adam, ...run(slope, start, adam) })));
  let kept = { start: null };
  const runs = (start) => {
    if (kept.start !== start) kept = { start, runs: all(start) };
    return kept.runs;
  };

  return {
    compute: ({ start }) => {
      const [descentSquared, descentEntropy, adamSquared, adamEntropy] = runs(start).map((one) => one.even);
      return { descentSquared, descentEntropy, adamSquared, adamEntropy };
    },
    draw: (now, { start }) => {
      chart.rule({ y: 0.5 }, { color: "truth", dash: "2 4" });
      for (const { loss, adam, even, points } of runs(start)) {
        chart.line(points.map((p) => p[0]), points.map((p) => p[1]), { color: loss, dash: adam ? "7 4" : undefined });
        if (even < LIMIT) chart.dot(even, 0.5, { color: loss, r: 4.5, hollow: adam });
      }
    },
    say: ({ descentSquared, descentEntropy, adamSquared, adamEntropy }) => {
      const steps = (count) => (count >= LIMIT ? `more than ${format(LIMIT, 6)}` : format(count, 6));
      return `Steps to even odds. Gradient descent: <b>${steps(descentSquared)}</b> under squared error, ` +
        `<b>${steps(descentEntropy)}</b> under cross-entropy. Adam: <b>${steps(adamSquared)}</b> and <b>${steps(adamEntropy)}</b>.`;
    },
  };
});
