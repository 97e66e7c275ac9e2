/** The one stylesheet of all pages: light and dark, screen, phone and paper. */

/** Colours by use. */
const light = `
  --paper: #fdfcfa; --card: #f4f1ec; --ink: #22201d; --quiet: #6b655d; --line: #ddd7cd; --mark: #9a4a2f; --warm: #fbf0e6;
  --other: #3f7f8c; --good: #2f7d4f; --bad: #b3312c; --heat: 15, 127, 196;`;

const dark = `
  --paper: #191715; --card: #24211e; --ink: #ece7df; --quiet: #a59d92; --line: #3d3833; --mark: #e08b68; --warm: #2e241c;
  --other: #7fc3cf; --good: #7cc79a; --bad: #ef8a80; --heat: 60, 150, 210;`;

const page = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.5rem, 4vw, 1.9rem); line-height: 1.2; margin: 0.5rem 0; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 0.6rem; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.4rem; }
h4 { font-size: 0.88rem; margin: 0.8rem 0 0.2rem; }
p, li { max-width: 46rem; }
p { margin: 0 0 0.9rem; }
a, summary { color: var(--mark); }
small, .quiet, .number { color: var(--quiet); }
.number { font-weight: 400; font-variant-numeric: tabular-nums; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: 0.4rem 0.8rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 1.2rem 0 0; padding: 0; list-style: none; }
section { border-top: 1px solid var(--line); margin-top: 2.2rem; padding-top: 1.4rem; }
footer { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1rem; color: var(--quiet); font-size: 0.86rem; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; }`;

const parts = `
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.7rem; margin: 1.2rem 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border-radius: 0.5rem; padding: 0.7rem 0.9rem; font-size: 0.92rem; line-height: 1.4; }
.cards b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.cards .bad b { color: var(--bad); }
.cards .good b { color: var(--good); }
.tag { display: inline-block; vertical-align: middle; border: 1px solid currentColor; border-radius: 1rem; padding: 0 0.5rem; font-size: 0.75rem;
  font-weight: 600; line-height: 1.5; white-space: nowrap; color: var(--bad); }
.tag.calm { color: var(--other); }
.callout { background: var(--warm); border-left: 0.25rem solid var(--mark); border-radius: 0 0.4rem 0.4rem 0; padding: 0.6rem 0.9rem; margin: 0.8rem 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }`;

const tables = `
.scroll { overflow-x: auto; margin: 0.6rem 0 1rem; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(44rem, calc(100vw - 3.6rem)); }
th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
thead th { color: var(--quiet); font-weight: 600; vertical-align: bottom; }
tbody th { position: sticky; left: 0; min-width: 7rem; max-width: 22rem; background: var(--paper); font-weight: 500; overflow-wrap: break-word; }
td { white-space: pre-line; min-width: 4rem; }
.n { text-align: right; }
td.n { white-space: pre; min-width: 0; }`;

const figures = `
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { color: var(--quiet); font-size: 0.82rem; line-height: 1.35; margin-top: 0.3rem; }
figcaption b { color: var(--ink); }
img { display: block; width: 100%; height: auto; border-radius: 0.3rem; background: var(--card); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 0.7rem; margin: 0.5rem 0 1rem; }
.pictures.pairs { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.4rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr)); gap: 1rem; margin: 1rem 0; align-items: start; }
.chart { background: var(--card); border-radius: 0.5rem; padding: 0.8rem; }
.chart figcaption { color: var(--ink); font-size: 0.95rem; font-weight: 600; margin: 0 0 0.4rem; }
.chart svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.chart p, .chart details { font-size: 0.86rem; margin: 0.4rem 0 0; }
.chart tbody th { background: var(--card); }
#tip { position: fixed; z-index: 9; max-width: 18rem; padding: 0.25rem 0.5rem; border-radius: 0.3rem; background: var(--ink); color: var(--paper);
  font-size: 0.8rem; pointer-events: none; }`;

/** Steps of a shaded cell, from nothing to all. */
const heatSteps = 20;

/** A share from 0 to 1 as the class of a cell that is darker the larger it is, in steps of 5 %; of nothing undefined is given. */
export const heatClass = (share: number | undefined): string =>
  share === undefined ? "heat-none" : `heat-${Math.round(share * heatSteps)}`;

const matrix = `
.matrix td { border: 0; padding: 2px; min-width: 3rem; text-align: center; }
.matrix td a, .matrix td span { display: grid; align-content: center; min-height: 3rem; padding: 0.2rem; border-radius: 0.3rem; color: inherit;
  text-decoration: none; background: rgba(var(--heat), var(--share)); }
.matrix td a:hover, .matrix td a:focus { outline: 2px solid var(--mark); }
.matrix td small { color: inherit; opacity: 0.85; font-size: 0.72rem; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9rem; padding: 0.3rem 0; border: 0; vertical-align: middle; }
.matrix tbody th { border: 0; padding-right: 0.6rem; vertical-align: middle; }
.matrix .own { font-weight: 700; }
.panel { display: none; background: var(--card); border-radius: 0.5rem; padding: 0.8rem 1rem; }
.panel:target { display: block; }
.heat-none { --share: .03; }
${Array.from({ length: heatSteps + 1 }, (_, step) => `.heat-${step} { --share: ${(0.06 + (0.5 * step) / heatSteps).toFixed(3)}; }`).join("\n")}`;

const media = `
@media (max-width: 32rem) { body { padding: 1rem 0.9rem 3rem; } .cards { grid-template-columns: 1fr 1fr; } .cards b { font-size: 1.35rem; }
  th, td { padding-right: 0.55rem; font-size: 0.85rem; } tbody th { max-width: 9rem; } .pictures { grid-template-columns: repeat(3, 1fr); } }
@media print { :root { color-scheme: light; ${light} --paper: #fff; } body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, #tip, .chart details { display: none; } section { margin-top: 1.2rem; } h2, h3, h4, .chart figcaption { break-after: avoid; }
  table { font-size: 8pt; } th, td { padding-right: 0.45rem; } .pictures { grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); }
  tr, figure { break-inside: avoid; } tbody th { position: static; } .scroll { overflow: visible; } .scroll svg { max-width: 100%; height: auto; } .charts { grid-template-columns: 1fr 1fr; }
  a { color: inherit; } * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }`;

/** CSS that a page holds; its hash stands in the page's policy. */
export const stylesheet = `${page}${parts}${tables}${figures}${matrix}${media}
`;
