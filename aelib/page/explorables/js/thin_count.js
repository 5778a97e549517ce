// A negative binomial count, divided into two halves: what one half tells of the other, for the
// dispersion that the counts have and the one that they were divided for.
//
// data: {mean, dispersion, assumed}: where the sliders begin.
explorable("thin_count", (root, data, kit) => {
  const { format, math } = kit;
  const SIDE = 13; // values 0 to 12 of each half are drawn
  const { logGamma } = math;
  kit.legend([["train", "how often a pair of halves comes"], ["noise", "mean of B, given A", "7 4"]]);
  const chart = kit.chart({
    height: 290, label: "Pairs of halves",
    x: { min: -0.7, max: 12.7, label: "molecules in part A", ticks: [0, 2, 4, 6, 8, 10, 12] },
    y: { min: -0.7, max: 12.7, label: "molecules in part B", ticks: [0, 2, 4, 6, 8, 10, 12] },
  });
  kit.slider("assumed", { label: "dispersion α′ that the split assumes", min: 0, max: 2, value: data.assumed, step: 0.01, format: (v) => v.toFixed(2) });
  kit.slider("mean", { label: "mean count μ", min: 0.2, max: 8, value: data.mean, log: true });
  kit.slider("dispersion", { label: "dispersion α of the counts", min: 0, max: 2, value: data.dispersion, step: 0.01, format: (v) => v.toFixed(2) });

  // log P(x), and log P(A = a | x): Poisson and binomial where the dispersion is 0.
  const logCount = (x, mean, alpha) => {
    if (alpha < 1e-6) return x * Math.log(mean) - mean - logGamma(x + 1);
    const theta = 1 / alpha;
    return logGamma(x + theta) - logGamma(theta) - logGamma(x + 1) - theta * Math.log1p(alpha * mean) + x * Math.log(mean / (theta + mean));
  };
  const logPart = (a, x, assumed) => {
    const choose = logGamma(x + 1) - logGamma(a + 1) - logGamma(x - a + 1);
    if (assumed < 1e-6) return choose - x * Math.LN2;
    const half = 0.5 / assumed;
    return choose + logGamma(a + half) + logGamma(x - a + half) - logGamma(x + 2 * half) + logGamma(2 * half) - 2 * logGamma(half);
  };
  const pair = (a, b, mean, alpha, assumed) => Math.exp(logCount(a + b, mean, alpha) + logPart(a, a + b, assumed));

  return {
    compute: ({ mean, dispersion, assumed }) => {
      const covariance = (0.25 * mean * mean * (dispersion - assumed)) / (1 + assumed);
      const within = (0.25 / (1 + assumed)) * (mean + assumed * (mean + (1 + dispersion) * mean * mean));
      const variance = within + 0.25 * (mean + dispersion * mean * mean);
      return { correlation: covariance / variance, none: pair(0, 0, mean, dispersion, assumed), covariance };
    },
    draw: (_, { mean, dispersion, assumed }) => {
      const table = [];
      let most = 0;
      for (let a = 0; a < SIDE; a += 1) {
        table.push([]);
        for (let b = 0; b < SIDE; b += 1) {
          table[a].push(pair(a, b, mean, dispersion, assumed));
          most = Math.max(most, table[a][b]);
        }
      }
      table.forEach((row, a) => row.forEach((p, b) => {
        const r = 11 * Math.sqrt(p / most);
        if (r > 0.5) chart.dot(a, b, { color: "train", r });
      }));
      const line = table.map((row, a) => {
        let total = 0;
        let sum = 0;
        for (let b = 0; b < 90; b += 1) {
          const p = b < SIDE ? row[b] : pair(a, b, mean, dispersion, assumed);
          total += p;
          sum += p * b;
        }
        return total > 1e-7 ? sum / total : NaN;
      });
      const known = line.map((value, a) => [a, value]).filter(([, value]) => value <= 12.7);
      chart.line(known.map(([a]) => a), known.map(([, value]) => value), { color: "noise", dash: "7 4", width: 2.5 });
    },
    say: ({ correlation }, { dispersion, assumed }) => {
      const words = Math.abs(correlation) < 0.005
        ? "Part A tells nothing about the noise in part B: an honest hold-out."
        : correlation > 0
          ? "A cell with much in A has much in B, by noise that both share: a hold-out rewards copying it."
          : "The split has put too much apart: what is in A is missing in B.";
      return `Counts of dispersion ${dispersion.toFixed(2)}, split for ${assumed.toFixed(2)}: the correlation of the halves is <b>${format(correlation, 2)}</b>. ${words}`;
    },
  };
});
