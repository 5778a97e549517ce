// A code that does not say where a word stands: the reconstruction of least squared error and of least
// cross-entropy is the mean over all places, and what two noise models generate from it.
//
// data: {word: uint8 [rows, columns], 1 light and 0 dark}. Around it the page is light.
explorable("lost_position", (root, data, kit) => {
  const { format, math } = kit;
  const [rows, columns] = data.word.shape;
  const size = rows * columns;
  const reach = 8;
  kit.parameter("spread", {
    label: "position unknown by ± pixels", min: 0, max: 3, value: 1.2, format: (x) => x.toFixed(2),
  });
  const row = kit.row();
  const shown = (label) => kit.picture({ rows, columns, label, size: 210, into: row });
  const pages = [shown("a page with this code"), shown("another page with this code")];
  const handed = shown("the reconstruction");
  const made = { gaussian: shown("generated: plus Gaussian noise"), bernoulli: shown("generated: Bernoulli pixels") };
  kit.slider("spread");
  kit.choice("picture", {
    label: "reconstruction", value: "mean", options: [["mean", "the mean over all positions"], ["sharp", "one sharp word"]],
  });

  // Random numbers that stay while the slider moves: what changes is seen to change.
  const random = math.random(5);
  const uniform = Float64Array.from({ length: size }, random);
  const normal = uniform.map(() => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const places = [[0.16, 0.9], [0.83, 0.2]];

  const light = (r, c) => (r < 0 || c < 0 || r >= rows || c >= columns ? 1 : data.word[r * columns + c]);
  const shifted = (dr, dc) => Float64Array.from({ length: size }, (_, i) => light(Math.floor(i / columns) - dr, (i % columns) - dc));
  // Probabilities of the shifts −reach … reach along one axis.
  const weights = (spread) => {
    const raw = Array.from({ length: 2 * reach + 1 }, (_, i) => (spread < 0.05 ? +(i === reach) : Math.exp(-0.5 * ((i - reach) / spread) ** 2)));
    const total = raw.reduce((a, b) => a + b);
    return raw.map((w) => w / total);
  };
  const quantile = (w, u) => {
    let sum = 0;
    return w.findIndex((x) => (sum += x) >= u) - reach;
  };
  const average = (w) => {
    const across = new Float64Array(size);
    const both = new Float64Array(size);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) sum += w[k + reach] * light(r, c - k);
      across[r * columns + c] = sum;
    }
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) sum += w[k + reach] * (r - k < 0 || r - k >= rows ? 1 : across[(r - k) * columns + c]);
      both[r * columns + c] = sum;
    }
    return both;
  };
  const entropy = (p) => (p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p));

  return {
    compute: ({ spread }) => {
      const p = average(weights(spread));
      const sharp = shifted(0, 0);
      const errorOfMean = math.mean(p.map((q) => q * (1 - q)));
      const errorOfSharp = math.mean(p.map((q, i) => (sharp[i] === 1 ? 1 - q : q)));
      return { errorOfMean, errorOfSharp, nats: math.mean(p.map(entropy)), sigma: Math.sqrt(errorOfMean) };
    },
    draw: ({ errorOfMean, errorOfSharp }, { spread, picture }) => {
      const w = weights(spread);
      const p = picture === "mean" ? average(w) : shifted(0, 0);
      const sigma = Math.sqrt(picture === "mean" ? errorOfMean : errorOfSharp);
      pages.forEach((page, i) => page.draw(shifted(quantile(w, places[i][0]), quantile(w, places[i][1]))));
      handed.draw(p);
      made.gaussian.draw(p.map((q, i) => q + sigma * normal[i]));
      made.bernoulli.draw(p.map((q, i) => +(uniform[i] < q)));
    },
    say: ({ errorOfMean, errorOfSharp, nats, sigma }, { picture }) =>
      picture === "mean"
        ? `The mean costs <b>${format(errorOfMean)}</b> per pixel in squared error (one sharp word: ${format(errorOfSharp)}) ` +
          `and <b>${format(nats)}</b> nats in cross-entropy. The Gaussian that fits it has σ = ${format(sigma, 2)}.`
        : `One sharp word costs <b>${format(errorOfSharp)}</b> per pixel in squared error, where the mean costs ${format(errorOfMean)}. ` +
          (errorOfSharp > 0 ? "Its cross-entropy is <b>infinite</b>: it is certain, and at some pixel wrong." : "Its cross-entropy is 0: the position is known."),
  };
});
