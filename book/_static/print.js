// A page is printed light and unfolded, whatever it looks like on the screen, and is then as it was.
(() => {
  let before = null;
  const begin = () => {
    if (before) return;
    const html = document.documentElement;
    const folded = [...document.querySelectorAll("main details:not([open])")];
    before = { theme: html.dataset.theme, folded };
    html.dataset.theme = "light";
    folded.forEach((one) => (one.open = true));
  };
  const end = () => {
    if (!before) return;
    document.documentElement.dataset.theme = before.theme;
    before.folded.forEach((one) => (one.open = false));
    before = null;
  };
  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", end);
  matchMedia("print").addEventListener("change", (query) => (query.matches ? begin() : end()));
})();
