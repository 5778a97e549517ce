// Fields that say at once whether an answer is right; nothing is stored and nothing is sent.

// Each returns {state: "right" | "wrong" | "unreadable" | "committed", words}.
const graders = {
  number({ answer, tolerance }, form) {
    const value = readNumber(form.elements.answer.value);
    if (Math.abs(value - answer) <= tolerance) return { state: "right", words: "Right." };
    return { state: "wrong", words: `Not yet: ${format(value, 6)} is too ${value < answer ? "small" : "large"}.` };
  },
  choice({ answer, remarks }, form) {
    const index = chosen(form);
    const remark = remarks[index] ? ` ${remarks[index]}` : "";
    if (index === answer) return { state: "right", words: `Right.${remark}` };
    return { state: "wrong", words: `Not yet.${remark}` };
  },
  expression({ names, points, values, tolerance }, form) {
    const formula = parse(form.elements.answer.value, names);
    const off = points.findIndex((point, i) => {
      const v = Object.fromEntries(names.map((name, j) => [name, point[j]]));
      return !(Math.abs(formula(v) - values[i]) <= tolerance * Math.max(1, Math.abs(values[i])));
    });
    if (off < 0) return { state: "right", words: "Right." };
    const where = names.map((name, j) => `${name} = ${format(points[off][j])}`).join(", ");
    const got = formula(Object.fromEntries(names.map((name, j) => [name, points[off][j]])));
    return { state: "wrong", words: `Not yet: at ${where} your expression is ${format(got, 4)}; it should be ${format(values[off], 4)}.` };
  },
  predict(data, form) {
    const { answer, choices, told } = data;
    if (choices) {
      const index = chosen(form);
      if (answer === null) return { state: "committed", words: `You said “${choices[index]}”. Now see. ${told}` };
      if (index === answer) return { state: "right", words: `You said “${choices[index]}”, and so it is. ${told}` };
      return { state: "wrong", words: `You said “${choices[index]}”. It is “${choices[answer]}”. ${told}` };
    }
    const value = readNumber(form.elements.answer.value);
    const said = `You said ${format(value, 6)}.`;
    if (answer === null) return { state: "committed", words: `${said} Now see. ${told}` };
    const near = Math.abs(value - answer) <= data.tolerance;
    return { state: near ? "right" : "wrong", words: `${said} It is ${format(answer, 4)}. ${told}` };
  },
};

function chosen(form) {
  const index = [...form.querySelectorAll("input[type=radio]")].findIndex((input) => input.checked);
  if (index < 0) throw new Error("choose one first");
  return index;
}

// What a prediction covers: what follows its cell, up to the next heading. A notebook covers nothing.
function coveredBy(root) {
  const cell = root.closest("div.cell");
  const found = [];
  for (let node = cell?.nextElementSibling; node && !/^(SECTION|H[1-6])$/.test(node.tagName); node = node.nextElementSibling) {
    if (node.querySelector(".aelib-exercise[data-kind=predict]")) break; // the next prediction covers its own
    found.push(node);
  }
  return found;
}

function cover(root) {
  const found = coveredBy(root);
  if (root.uncover || !found.length) return; // a page that has loaded late is told twice
  found.forEach((node) => node.classList.add("aelib-covered"));
  const note = element(root.querySelector(".aelib-box"), "p", { class: "aelib-note" });
  element(note, "span", {}, "What follows is covered until you have committed yourself. ");
  const skip = element(note, "button", { type: "button", class: "aelib-plain" }, "Show it without a prediction");
  skip.addEventListener("click", () => lift(root));
  root.uncover = () => {
    note.remove();
    found.forEach((node) => node.classList.remove("aelib-covered"));
  };
}

function lift(root) {
  root.uncover?.();
  root.uncover = undefined;
}

// Show all that predictions cover; a link to something covered does this for what it leads to.
function uncover(target) {
  for (const root of document.querySelectorAll(".aelib-exercise[data-kind=predict]")) {
    if (!target || coveredBy(root).some((node) => node.contains(target))) lift(root);
  }
}

function followLink() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.closest(".aelib-covered")) return;
  uncover(target);
  target.scrollIntoView();
}

function startExercise(root) {
  root.dataset.ready = "yes";
  const form = root.querySelector("form");
  if (!form) return; // a check's result
  const data = decode(JSON.parse(root.querySelector("script.aelib-data").textContent));
  const told = root.querySelector("[role=status]");
  let tries = 0;
  form.querySelectorAll("[disabled]").forEach((node) => (node.disabled = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    let result;
    try {
      result = graders[root.dataset.kind](data, form);
    } catch (error) {
      result = { state: "unreadable", words: `${error.message[0].toUpperCase()}${error.message.slice(1)}.` };
    }
    root.dataset.state = result.state;
    const hint = root.querySelector("details");
    if (result.state === "wrong" && ++tries >= 2 && hint) hint.open = true;
    told.textContent = result.words;
    if (root.dataset.kind !== "predict" || result.state === "unreadable") return;
    form.querySelectorAll("input, button").forEach((node) => (node.disabled = true)); // committed
    lift(root);
  });
  if (root.dataset.kind === "predict" && document.readyState !== "loading") cover(root);
}

function mountAll() {
  mount();
  document.querySelectorAll(".aelib-exercise:not([data-ready])").forEach(startExercise);
}

document.addEventListener("DOMContentLoaded", () => {
  mountAll();
  // What follows a prediction is in the page only now.
  document.querySelectorAll(".aelib-exercise[data-kind=predict][data-ready]").forEach(cover);
  followLink();
});
window.addEventListener("hashchange", followLink);
