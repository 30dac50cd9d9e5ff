import { Html } from './html';

/** Colours of the system's light or dark theme; no font, no picture from elsewhere. */
export const STYLE = new Html(`
:root { color-scheme: light dark; --ink: #1b2733; --faint: #66788a; --line: #c5d0da; --paper: #fff; --box: #f3f6f9;
  --good: #1a7f4b; --bad: #b3261e; --run: #9db4cc; --step: #3f7cb5; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe7ee; --faint: #93a4b4; --line: #3b4855; --paper: #14191f;
  --box: #1d252d; --good: #5cc98f; --bad: #ff8a80; --run: #4a6178; --step: #3f7cb5; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 84rem; font: 15px/1.45 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.verdict { border-left: 4px solid var(--bad); padding-left: .8rem; }
.verdict.good { border-color: var(--good); }
section { overflow-x: auto; }
svg { width: 100%; min-width: 60rem; font-size: 13px; fill: var(--ink); }
.box rect { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
.box.done rect { stroke: var(--good); }
.title { font-weight: 600; font-size: 15px; }
.arrow { fill: none; stroke: var(--faint); stroke-width: 1.5; }
marker path { fill: var(--faint); }
.run rect { fill: var(--run); }
.run.FAILED rect, .run.TIMED_OUT rect, .run.ABORTED rect { fill: var(--bad); }
.step rect { fill: var(--step); }
.step rect + text { fill: #fff; }
.tick line { stroke: var(--line); }
.tick text { text-anchor: middle; fill: var(--faint); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; white-space: pre-wrap; }
tbody { border-bottom: 2px solid var(--line); }
.number { text-align: right; }
.small, .none, caption { color: var(--faint); font-size: .9em; }
.REJECTED td, .FAILED td { color: var(--bad); }
.different td { background: color-mix(in srgb, var(--bad) 18%, transparent); }
pre { overflow-x: auto; padding: .8rem; background: var(--box); }
`);
