"""The stylesheet of cards and forest plots: sent with each to a notebook, once to the book."""

# Variables for light and dark are set for the book (data-theme), JupyterLab (data-jp-theme-light)
# and Colab (theme); without any of them the page is taken to be light.
STYLE = """
:root {
  --claim-ink: #1b2430; --claim-soft: #566070; --claim-rule: #d3d9e2; --claim-tint: #f5f7fa;
  --claim-holds: #0f7352; --claim-holds-if: #8f5400; --claim-does-not-hold: #a8326a;
  --claim-open: #566070; --claim-context: #566070;
}
html[data-theme="dark"], body[data-jp-theme-light="false"], html[theme="dark"] {
  --claim-ink: #e3e7ed; --claim-soft: #a7b0bd; --claim-rule: #3d4652; --claim-tint: #1d222a;
  --claim-holds: #4fd0a0; --claim-holds-if: #f0b04e; --claim-does-not-hold: #f58ab8;
  --claim-open: #a7b0bd; --claim-context: #a7b0bd;
}
.aelib-card, .aelib-claims {
  --tone: var(--claim-holds);
  color: var(--claim-ink); font-variant-numeric: tabular-nums; line-height: 1.45;
  max-width: 46rem; margin: 0.9rem 0;
}
html[data-theme] .bd-content div.cell div.cell_output .text_html:is(
  :has(.aelib-card), :has(.aelib-claims)) {
  background: none; color: inherit; padding: 0;
}
.aelib-card { margin: 1.5rem 0; padding: 0.85rem 1.1rem 0.7rem; border-radius: 0.6rem;
  border: 1px solid var(--claim-rule); border-left: 6px solid var(--tone); }
.aelib-claims { border-left: 3px solid var(--claim-rule); padding-left: 0.8rem; }
[data-verdict="holds if"] { --tone: var(--claim-holds-if); }
[data-verdict="does not hold"] { --tone: var(--claim-does-not-hold); }
[data-verdict="open"] { --tone: var(--claim-open); }
.aelib-card p, .aelib-claims p { margin: 0; padding: 0; max-width: none; }
.claim-head { font-size: 0.95em; }
.claim-head a { color: inherit; }
.claim-verdict { color: var(--tone); font-weight: 650; }
.aelib-card .claim-sentence { margin: 0.3rem 0 0.5rem; }
.claim-rows { list-style: none; margin: 0 !important; padding: 0 !important; }
.claim-row { display: grid; gap: 0.1rem 1rem; padding: 0.3rem 0; margin: 0 !important;
  grid-template-columns: minmax(0, 11fr) minmax(0, 9fr) minmax(0, 7fr); align-items: start;
  font-size: 0.875rem; line-height: 1.35; scroll-margin-top: 5rem; break-inside: avoid; }
.claim-title { font-size: 0.875rem; line-height: 1.35; padding: 0.6rem 0 0;
  margin: 0 !important; font-weight: 600; break-after: avoid; }
.claim-title small { display: block; font-size: 0.8125rem; font-weight: 400;
  color: var(--claim-soft); }
.claim-title ~ .claim-row { padding-block: 0.15rem; }
.claim-row:target { background: color-mix(in srgb, var(--claim-holds-if) 16%, transparent); }
.claim-row { --mark: var(--claim-holds); }
.claim-row[data-shows="contradicts"] { --mark: var(--claim-does-not-hold); }
.claim-row[data-shows="context"] { --mark: var(--claim-context); }
.claim-row small { display: block; font-size: 0.8125rem; color: var(--claim-soft); }
.claim-row .claim-what { overflow-wrap: anywhere; }
.claim-row .claim-what a { color: inherit; text-decoration-color: var(--claim-soft); }
.claim-anchor { scroll-margin-top: 5rem; }
.claim-row .claim-number { font-weight: 600; }
.claim-row .claim-shows { color: var(--mark); font-weight: 600; }
svg.claim-line, svg.claim-axis { display: block; width: 100%; overflow: visible; }
svg.claim-line { height: 30px; }
svg.claim-axis { height: 20px; }
.claim-line .base, .claim-axis .base { stroke: var(--claim-rule); }
.claim-line .bound { stroke: var(--claim-soft); stroke-dasharray: 3 3; stroke-width: 1.5; }
.claim-line .admitted { fill: var(--claim-soft); opacity: 0.12; }
.claim-line .seed { fill: var(--mark); opacity: 0.6; }
.claim-line .interval { stroke: var(--mark); stroke-width: 3; }
.claim-line .mean { fill: var(--mark); stroke: var(--mark); stroke-width: 1.5; }
.claim-row[data-shows="context"] .mean { fill: var(--pst-color-background, var(--claim-tint)); }
.claim-axis text { fill: var(--claim-soft); font-size: 11.5px; text-anchor: middle; }
.claim-axis text[data-end] { text-anchor: end; }
.claim-axis .tick { stroke: var(--claim-soft); }
.aelib-card details { border-top: 1px solid var(--claim-rule); margin-top: 0.5rem; }
.aelib-card summary { cursor: pointer; color: var(--claim-soft); font-size: 0.875rem;
  padding: 0.5rem 0 0.3rem; min-height: 1.75rem; }
.aelib-card summary:focus-visible { outline: 3px solid var(--tone); outline-offset: 2px; }
.claim-key { font-size: 0.8125rem; color: var(--claim-soft); }
@media (max-width: 640px) {
  .aelib-card { padding: 0.7rem 0.8rem 0.5rem; }
  .claim-row, .claim-title ~ .claim-row { grid-template-columns: minmax(0, 1fr);
    padding-block: 0.5rem; }
}
@media print {
  html[data-theme="dark"], :root {
    --claim-ink: #000; --claim-soft: #444; --claim-rule: #bbb; --claim-tint: #fff;
    --claim-holds: #0f7352; --claim-holds-if: #8f5400; --claim-does-not-hold: #a8326a;
    --claim-open: #444; --claim-context: #444;
  }
  .aelib-card { break-inside: auto; }
  .aelib-card > :not(details), .claim-row { break-inside: avoid; }
  .aelib-card details::details-content { content-visibility: visible; display: block; }
  .aelib-card summary { list-style: none; }
}
"""
