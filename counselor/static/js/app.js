// The few behaviours both doors share. Every page works without them; each module finds its own hooks.
import { choices } from "./choices.js";
import { counters } from "./counter.js";
import { charts } from "./chart.js";
import { papers } from "./notes.js";
import { steps } from "./steps.js";
import "./errors.js";
import "./insert.js";
import "./keys.js";
import "./leave.js";
import "./session.js";

const start = (root) => [choices, counters, charts, papers, steps].forEach((module) => module(root));

start(document);
// where help is shown first, it stays in view
document.getElementById("errors")?.focus({ preventScroll: !!document.querySelector(".crisis") });
document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) start(event.target); });

// What an act answered is shown in place of the room it was done in. Whoever reads along by keyboard or by ear is taken to
// what was said: what is wrong, beside its form, else the one sentence. A poll moves nobody.
document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (detail.requestConfig?.verb !== "post" || !target.matches?.("[data-live]")) return;
  target.querySelector("#errors, [data-said]")?.focus();
});
