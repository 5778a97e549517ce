// What the tests ask a page; added to each page before it loads.
window.probe = {
  all: (selector) => [...document.querySelectorAll(selector)],
  // Two frames: what was set is drawn.
  settle: () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  explorable: () => document.querySelector(".aelib-explorable").explorable,
  set(values) {
    this.explorable().set(values);
    return this.settle();
  },
  numbers() {
    const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
    return Object.fromEntries(Object.entries(this.explorable().numbers()).map(([key, value]) => [key, plain(value)]));
  },
  // Sizes in pixels of the letters in pictures, and the words that do not fit the window.
  letters: () =>
    probe.all(".aelib-live text").map((text) => {
      const svg = text.ownerSVGElement;
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      return parseFloat(getComputedStyle(text).fontSize) * scale;
    }),
  cut: () =>
    probe.all(".aelib-live text").filter((text) => {
      const [box, chart] = [text, text.closest(".aelib-chart")].map((node) => node.getBoundingClientRect());
      return box.left < chart.left - 1 || box.right > chart.right + 1 || box.right > innerWidth + 1;
    }).map((text) => text.textContent),
  overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
};
