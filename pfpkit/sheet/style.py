"""The style of the contact sheet: light and dark, from a phone to a wide screen, and on paper."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --page: #f6f5f2; --card: #fff; --text: #1d1c1a; --soft: #625f59;
  --line: #e2dfd8; --accent: #0b5cad; --good: #17693a; --note: #8a4b00; --check: #eceae5; }
@media (prefers-color-scheme: dark) { :root { --page: #141414; --card: #1f1f1f; --text: #eeece8;
  --soft: #a8a49c; --line: #343331; --accent: #8ec2ff; --good: #7fd6a0; --note: #f0b565;
  --check: #2a2a2a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); line-height: 1.45;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, nav, footer { max-width: 96rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.75rem; padding-bottom: 1rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .7rem; }
dl { margin: 0; font-size: .875rem; }
dl div { display: grid; grid-template-columns: 7rem 1fr; gap: .75rem; padding: .15rem 0; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
nav ol { display: flex; flex-wrap: wrap; gap: .375rem; list-style: none; margin: 0 0 1rem;
  padding: 0; max-height: 12rem; overflow-y: auto; }
nav a { display: block; min-width: 2.25rem; padding: .25rem .5rem; text-align: center;
  border: 1px solid var(--line); border-radius: .4rem; background: var(--card);
  text-decoration: none; font-variant-numeric: tabular-nums; }
nav a:hover { border-color: var(--accent); }
nav a[aria-current] { background: var(--text); color: var(--page); border-color: var(--text); }
.cards { display: grid; gap: 1rem; list-style: none; margin: 0 0 1.5rem; padding: 0;
  grid-template-columns: repeat(auto-fill, minmax(min(13rem, 44vw), 1fr)); align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  overflow: hidden; padding-bottom: .75rem; min-width: 0; content-visibility: auto;
  contain-intrinsic-size: auto 22rem; }
.card:target { outline: 3px solid var(--accent); }
.card > p, .card > h2, .card > ul, .card > details { margin: 0 .875rem; }
.picture { aspect-ratio: 1; margin-bottom: .625rem;
  background: repeating-conic-gradient(var(--check) 0 25%, transparent 0 50%)
    0 0 / 1.25rem 1.25rem; }
.picture img { display: block; width: 100%; height: 100%; object-fit: contain; }
.picture .pixels { image-rendering: pixelated; }
.key { color: var(--soft); font-size: .8125rem; font-variant-numeric: tabular-nums;
  overflow: hidden; text-overflow: ellipsis; }
h2 { font-size: 1rem; line-height: 1.3; overflow-wrap: anywhere; }
.cid { color: var(--soft); font: .6875rem/1.7 ui-monospace, "SF Mono", Menlo, monospace;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.card > .states { list-style: none; padding: 0; margin-top: .375rem; font-size: .8125rem; }
.good { color: var(--good); } .note { color: var(--note); }
details { font-size: .8125rem; }
summary { color: var(--accent); cursor: pointer; padding: .375rem 0 0; }
details dl { font-size: .75rem; } details dl div { grid-template-columns: 1fr; gap: 0; }
footer { color: var(--soft); font-size: .8125rem; padding-bottom: 1.5rem; }
@media (max-width: 30rem) { .cards { gap: .625rem; } header { padding-top: 1.25rem; }
  header dl div { grid-template-columns: 5.5rem 1fr; } }
@media print { nav, .skip, details { display: none; } body { background: #fff; }
  .cards { grid-template-columns: repeat(5, 1fr); }
  .card { break-inside: avoid; content-visibility: visible; } }
"""
