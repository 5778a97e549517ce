// What a reader moves: sliders, choices, switches and buttons; all of them native inputs.

function makeControls(owner) {
  let box;
  const controls = () => (box = box || element(owner.live, "div", { class: "aelib-controls" }));

  // A number with its limits, which sliders and handles share by its name.
  function parameter(name, { label, min, max, value, step, log = false, integer = false, format: shown, unit = "" }) {
    const inner = log ? Math.log10 : (x) => x;
    const outer = log ? (x) => 10 ** x : (x) => x;
    const size = integer ? 1 : step || (inner(max) - inner(min)) / 200;
    const clean = (x) => {
      const inside = clamp(Number(x), min, max);
      return integer ? Math.round(inside) : inside;
    };
    const text = (x) => `${shown ? shown(x) : format(x)}${unit && " "}${unit}`;
    const known = owner.declare(name, { value, clean });
    // Kept for handles and sliders that are given only the name.
    if (!known.text) Object.assign(known, { label, min, max, inner, outer, size, text });
    known.move = (by) => owner.set({ [name]: outer(inner(known.value) + by * size) });
    return known;
  }

  function find(name) {
    const known = owner.parameters.get(name);
    if (!known || !known.text) throw new Error(`expected a parameter, got ${name}: declare it first`);
    return known;
  }

  function slider(name, options) {
    const known = options ? parameter(name, options) : find(name);
    const row = element(controls(), "label", { class: "aelib-slider-row" });
    element(row, "span", {}, known.label);
    const input = element(row, "input", {
      type: "range", min: known.inner(known.min), max: known.inner(known.max),
      step: known.size, autocomplete: "off", "data-parameter": name,
    });
    const output = element(row, "output");
    input.addEventListener("input", () => owner.set({ [name]: known.outer(Number(input.value)) }));
    known.shown.push((value) => {
      // Setting the value that the input already has would disturb a finger that is on it.
      if (Math.abs(Number(input.value) - known.inner(value)) > known.size / 2) input.value = known.inner(value);
      input.setAttribute("aria-valuetext", known.text(value));
      output.textContent = known.text(value);
    });
    return input;
  }

  function choice(name, { label, options, value }) {
    const known = owner.declare(name, {
      value,
      clean: (x) => {
        if (!options.some(([option]) => option === x)) throw new Error(`${name}: unknown option ${x}`);
        return x;
      },
    });
    const set = element(controls(), "fieldset", { class: "aelib-choice" });
    element(set, "legend", {}, label);
    const group = unique();
    const inputs = options.map(([option, words]) => {
      const one = element(set, "label");
      const input = element(one, "input", { type: "radio", name: group, autocomplete: "off", "data-parameter": name });
      element(one, "span", {}, words);
      input.addEventListener("change", () => input.checked && owner.set({ [name]: option }));
      return [option, input];
    });
    known.shown.push((now) => inputs.forEach(([option, input]) => (input.checked = option === now)));
    return set;
  }

  function toggle(name, { label, value = false }) {
    const known = owner.declare(name, { value, clean: Boolean });
    const one = element(controls(), "label", { class: "aelib-toggle" });
    const input = element(one, "input", { type: "checkbox", autocomplete: "off", "data-parameter": name });
    element(one, "span", {}, label);
    input.addEventListener("change", () => owner.set({ [name]: input.checked }));
    known.shown.push((now) => (input.checked = now));
    return input;
  }

  function button(label, action) {
    const made = element(controls(), "button", { type: "button" }, label);
    made.addEventListener("click", () => action(owner.state()));
    return made;
  }

  return { parameter, find, slider, choice, toggle, button };
}
