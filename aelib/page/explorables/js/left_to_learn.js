// Two kinds of cells: the error of three ways to guess the rates of their genes, against the number of
// molecules. How much a cell's other genes can tell depends on how many there are.
//
// data: {genes, fold, markers}: where the slider begins; how many times more a marker gene is counted
// in one kind than in the other; the fraction of genes that are markers.
explorable("left_to_learn", (root, data, kit) => {
  const { format, math } = kit;
  const contrast = (data.fold - 1) / (data.fold + 1); // rates of a marker: 1 ± contrast
  const between = data.markers * contrast * contrast; // relative variance of rates, mean over genes
  const ratio = Math.log(data.fold);
  const quantiles = math.linspace(-8, 8, 401);
  const weights = Array.from(quantiles, (q) => Math.exp(-0.5 * q * q));
  const total = weights.reduce((a, b) => a + b, 0);
  kit.legend([["noise", "the counts themselves"], ["pca", "the mean of each gene", "7 4"], ["autoencoder", "the kind, told from all genes", "2 3"]]);
  const chart = kit.chart({
    height: 280, label: "Error of three guesses against the molecules for each gene",
    x: { min: 0.01, max: 10, log: true, label: "molecules per gene and cell" },
    y: { min: 0.0003, max: 3, log: true, label: "squared error / Poisson variance" },
  });
  kit.slider("genes", { label: "genes", min: 5, max: 2000, value: data.genes, log: true, integer: true });
  kit.slider("depth", { label: "molecules per gene", min: 0.01, max: 10, value: 1, log: true });
  chart.handle({ x: "depth", at: ({ code }) => [0, Math.max(code, 0.0003)], color: "autoencoder", label: "molecules per gene" });

  // The log-likelihood ratio of the two kinds is nearly normal; p is the probability that it gives to the
  // true kind, and 4 p (1 - p) the fraction of the variance between kinds that stays unknown.
  const doubt = (genes, depth) => {
    const markers = genes * data.markers * depth;
    const mean = markers * contrast * ratio;
    const spread = Math.sqrt(markers) * ratio;
    let sum = 0;
    quantiles.forEach((q, i) => {
      const p = math.sigmoid(mean + spread * q);
      sum += (weights[i] / total) * 4 * p * (1 - p);
    });
    return sum;
  };
  const depths = math.logspace(0.01, 10, 80);

  return {
    compute: ({ genes, depth }) => ({ mean: depth * between, code: depth * between * doubt(genes, depth), doubt: doubt(genes, depth) }),
    draw: ({ mean }, { genes, depth }) => {
      chart.line(depths, Array.from(depths, () => 1), { color: "noise" });
      chart.line(depths, Array.from(depths, (m) => m * between), { color: "pca", dash: "7 4" });
      const code = Array.from(depths, (m) => [m, m * between * doubt(genes, m)]).filter(([, error]) => error >= 0.0003);
      chart.line(code.map(([m]) => m), code.map(([, error]) => error), { color: "autoencoder", dash: "2 3", width: 2.5 });
      chart.dot(depth, 1, { color: "noise", r: 4 });
      chart.dot(depth, Math.max(mean, 0.0003), { color: "pca", r: 4 });
    },
    say: ({ mean, code, doubt: left }, { genes, depth }) => {
      const words = left > 0.9
        ? "The other genes hardly tell which kind a cell is: there is next to nothing to learn beyond the mean."
        : left < 0.1
          ? "The genes together tell the kind: nearly all that the gene mean misses can be learned."
          : "The genes together tell a part: some of what the gene mean misses can be learned.";
      return `${genes} genes, ${format(depth, 2)} molecules each. Error of the counts 1, of the gene mean <b>${format(mean, 2)}</b>, with the kind told from all genes <b>${format(code, 2)}</b>. ${words}`;
    },
  };
});
