// Elements, numbers as text, scales and their ticks.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, text) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  if (text !== undefined) node.textContent = text;
  return node;
}

function element(parent, name, attributes = {}, text) {
  const node = fill(document.createElement(name), attributes, text);
  parent.appendChild(node);
  return node;
}

function shape(parent, name, attributes = {}, text) {
  const node = fill(document.createElementNS(SVG, name), attributes, text);
  parent.appendChild(node);
  return node;
}

let count = 0;
const unique = () => `aelib-${++count}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A number for a reader: `digits` significant ones, a true minus sign, thousands apart.
function format(value, digits = 3) {
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (!Number.isFinite(value)) return "undefined";
  const size = Math.abs(value);
  let text;
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [digitsPart, exponent] = value.toExponential(Math.max(0, digits - 1)).split("e");
    text = `${digitsPart}e${Number(exponent)}`;
  } else {
    const decimals = size === 0 ? 0 : clamp(digits - 1 - Math.floor(Math.log10(size)), 0, 8);
    text = value.toLocaleString("en", { minimumFractionDigits: 0, maximumFractionDigits: decimals });
  }
  return text.replaceAll("-", "−").replace(/^−0$/, "0");
}

// A function from data to pixels, with its inverse and its ticks.
function makeScale({ min, max, log = false, ticks }, [from, to]) {
  const forward = log ? Math.log10 : (value) => value;
  const [low, high] = [forward(min), forward(max)];
  const scale = (value) => from + ((forward(value) - low) / (high - low)) * (to - from);
  scale.invert = (pixel) => {
    const inner = low + ((pixel - from) / (to - from)) * (high - low);
    return log ? 10 ** inner : inner;
  };
  scale.ticks = (room) => ticks || (log ? decades(low, high, room) : steps(min, max, room));
  return scale;
}

function steps(min, max, room) {
  const rough = (max - min) / Math.max(1, room);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= 0.7 * rough);
  const found = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + 1e-9 * step; i++) found.push(i * step);
  return found;
}

function decades(low, high, room) {
  const all = [];
  for (let e = Math.ceil(low - 1e-9); e <= high + 1e-9; e++) all.push(10 ** e);
  const every = Math.ceil(all.length / Math.max(1, room));
  return all.filter((_, index) => index % every === 0);
}
