// What an explorable is given: controls, charts, pictures, colors, and a few functions of statistics.

// The colors of the book by model and loss; COLORS is written by _embed.py from aelib.page.plots.
function colorOf(name) {
  if (COLORS[name]) return `var(--aelib-${COLORS[name]})`;
  if (/^(#|var\(|currentColor)/.test(name)) return name;
  throw new Error(`color: expected one of ${Object.keys(COLORS)}, got ${name}`);
}

// Log of the gamma function, by Stirling's series after a shift; relative error below 1e-13 for x > 0.
function logGamma(x) {
  let shift = 0;
  let z = x;
  while (z < 12) shift -= Math.log(z++);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / z;
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}

// 1 − Φ(x) by its continued fraction far out and by Φ's series near zero; relative error below 1e-12.
function normalTail(x) {
  if (x < 0) return 1 - normalTail(-x);
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100 && term > 1e-17 * sum; n++) sum += term *= (x * x) / (2 * n + 1);
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / (x + fraction);
  return density / (x + fraction);
}

// log Φ(x), also where Φ(x) is smaller than any number.
function logNormalCdf(x) {
  if (x > -30) return x > 0 ? Math.log1p(-normalTail(x)) : Math.log(normalTail(-x));
  let fraction = 0;
  for (let n = 20; n >= 1; n--) fraction = n / (fraction - x);
  return -0.5 * x * x - 0.5 * Math.log(2 * Math.PI) - Math.log(fraction - x);
}

// The same random numbers at every visit (mulberry32); uniform in [0, 1).
function makeRandom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const math = {
  sigmoid: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  linspace: (a, b, n) => Float64Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1)),
  logspace: (a, b, n) => Float64Array.from({ length: n }, (_, i) => a * (b / a) ** (i / (n - 1))),
  normalCdf: (x) => normalTail(-x),
  normalTail,
  logNormalCdf,
  logGamma,
  random: makeRandom,
  clamp,
};

function makeKit(owner) {
  const controls = makeControls(owner);
  return {
    ...controls,
    format,
    math,
    color: colorOf,
    element: (name, attributes, text, into = owner.live) => element(into, name, attributes, text),
    scale: makeScale,
    // A row that holds charts and pictures side by side, below one another on a phone.
    row: () => element(owner.live, "div", { class: "aelib-row" }),
    chart: (options) => makeChart(owner, controls, options),
    picture: (options) => makePicture(owner, controls, options),
    // Entries: [color, words] or [color, words, dash].
    legend(entries, into = owner.live) {
      const list = element(into, "ul", { class: "aelib-legend" });
      for (const [color, words, dash] of entries) {
        const item = element(list, "li");
        const svg = shape(item, "svg", { width: 26, height: 10, "aria-hidden": "true" });
        shape(svg, "line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 3, "stroke-dasharray": dash, style: `stroke:${colorOf(color)}` });
        element(item, "span", {}, words);
      }
      return list;
    },
    set: (values) => owner.set(values),
    // Whether the reader has asked for less motion: then jump to the end instead of animating.
    still: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
}
