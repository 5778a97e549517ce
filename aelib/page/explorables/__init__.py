"""Explorables: pictures that a reader moves, computed in the page, with no kernel and no network.

A cell calls :func:`show` with the name of an explorable and its data. The output is HTML that works
by itself: in the built book (also from a folder), in Jupyter and in Colab. Without scripts, and in
print, it is the still picture.

The code of an explorable is one JavaScript file in ``aelib/page/explorables/js``, or a file of your
own passed as ``extra``::

    explorable("name", (root, data, kit) => {
      kit.slider("sigma", { label: "σ", min: 0.01, max: 1, value: 0.3, log: true });
      const chart = kit.chart({ x: { min: 0, max: 1, label: "x" }, y: { min: 0, max: 2, label: "density" } });
      const xs = kit.math.linspace(0, 1, 200);
      return {
        // Parameters to numbers: pure, and compared with JAX in the tests. Plain numbers or arrays.
        compute: ({ sigma }) => ({ ys: xs.map((x) => Math.exp((-x * x) / (2 * sigma ** 2))) }),
        draw: ({ ys }, state) => chart.line(xs, ys, { color: "gaussian" }),
        // One sentence that says what is to be seen; it is shown and read aloud.
        say: (numbers, { sigma }) => `At σ = ${kit.format(sigma)} the curve is narrow.`,
      };
    });

The kit gives

- ``slider(name, {label, min, max, value, step, log, integer, format, unit})``,
  ``choice(name, {label, options: [[value, words], …], value})``, ``toggle(name, {label, value})``
  and ``button(words, action)``; ``parameter(name, {…})`` declares one that only a handle moves;
- ``chart({height, x: {min, max, log, label, ticks, format}, y: {…}, into})`` with ``line``,
  ``area``, ``bars``, ``dot``, ``rule``, ``text``, ``limit`` (change an axis) and
  ``handle({x: name, y: name, at, label, color, everywhere})``, which mouse, finger and keys move;
- ``picture({rows, columns, label, size, pick})`` with ``draw(values)``; ``pick`` names a parameter
  declared before, the index of a pixel that the reader chooses in it;
- ``row()`` to set charts and pictures side by side (``into``), ``legend([[color, words], …])``;
- ``format(number, digits)``, ``color(name)`` (as :func:`aelib.page.plots.color`), ``math``
  (``sigmoid``, ``softplus``, ``logGamma``, ``normalCdf``, ``linspace``, ``logspace``, ``random``, …)
  and ``still()``, true when the reader wants no motion.

Marks are drawn anew in each frame; at most one frame is drawn per screen refresh. The element has a
property ``explorable`` with ``state()``, ``set({…})``, ``numbers()`` and ``slowest`` (the longest
frame in milliseconds), which the tests use.
"""  # noqa: E501

from aelib.page.explorables._show import show as show

__all__ = ["show"]
