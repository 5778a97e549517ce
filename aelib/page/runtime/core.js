// What an explorable is: parameters that a reader moves, numbers computed from them, a picture, a sentence.

const definitions = {};

// Typed arrays come as {"array": "float32", "shape": [...], "base64": "..."}; see _data.py.
const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if (value.base64 !== undefined && ARRAYS[value.array]) {
    const text = atob(value.base64);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const array = new ARRAYS[value.array](bytes.buffer);
    array.shape = value.shape;
    return array;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decode(inner)]));
}

class Explorable {
  constructor(root, make) {
    this.root = root;
    this.live = root.querySelector(".aelib-live");
    this.parameters = new Map(); // name → {value, clean(value), shown: [functions]}
    this.views = []; // charts: {begin(), end(state, numbers)}
    this.slowest = 0; // longest frame so far, in milliseconds
    this.frames = 0;
    this.waiting = false;
    const data = decode(JSON.parse(root.querySelector("script.aelib-data").textContent));
    const kit = makeKit(this);
    const parts = make(this.live, data, kit);
    this.compute = parts.compute;
    this.drawn = parts.draw;
    this.said = parts.say || (() => "");
    this.sentence = element(this.live, "p", { class: "aelib-say" });
    this.status = element(this.live, "p", { class: "aelib-hidden", role: "status" });
    this.live.hidden = false;
    this.frame();
    root.querySelector(".aelib-still").classList.add("aelib-replaced");
  }

  declare(name, { value, clean }) {
    if (!this.parameters.has(name)) this.parameters.set(name, { value: clean(value), clean, shown: [] });
    return this.parameters.get(name);
  }

  state() {
    return Object.fromEntries([...this.parameters].map(([name, { value }]) => [name, value]));
  }

  set(values) {
    for (const [name, value] of Object.entries(values)) {
      const parameter = this.parameters.get(name);
      if (!parameter) throw new Error(`set: expected one of ${[...this.parameters.keys()]}, got ${name}`);
      parameter.value = parameter.clean(value);
    }
    this.schedule();
  }

  numbers() {
    return this.compute(this.state());
  }

  // However many events come between two frames, one picture is drawn.
  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.frame();
      this.announce();
    });
  }

  frame() {
    const start = performance.now();
    const state = this.state();
    for (const { value, shown } of this.parameters.values()) shown.forEach((show) => show(value));
    const numbers = this.compute(state);
    for (const view of this.views) view.begin();
    this.drawn(numbers, state);
    for (const view of this.views) view.end(numbers, state);
    this.sentence.innerHTML = this.said(numbers, state);
    if (this.frames++ > 0) this.slowest = Math.max(this.slowest, performance.now() - start);
  }

  // A screen reader hears the sentence when the reader has come to rest, not sixty times a second.
  announce() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.status.textContent = this.sentence.textContent;
      this.timer = setTimeout(() => (this.status.textContent = ""), 4000);
    }, 500);
  }
}

// Start the explorables that are in the page and whose code has come.
function mount() {
  for (const root of document.querySelectorAll(".aelib-explorable")) {
    const make = definitions[root.dataset.explorable];
    if (!make || root.explorable || root.dataset.failed) continue;
    try {
      root.explorable = new Explorable(root, make);
    } catch (error) {
      root.dataset.failed = "yes"; // the still picture stays
      root.querySelector(".aelib-live").hidden = true;
      console.error(`explorable ${root.dataset.explorable}:`, error);
    }
  }
}

function explorable(name, make) {
  definitions[name] = make;
  mount();
}
