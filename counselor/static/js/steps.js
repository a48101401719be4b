// form[data-steps]: one thing a screen, Back / Skip / Next, no auto-advance. Without this it is one plain form.
import { each } from "./each.js";

function stepper(form) {
  const all = [...form.querySelectorAll("fieldset.step")];
  const template = form.querySelector("template[data-step-nav]");
  if (all.length < 2 || !template) return;
  form.append(template.content.cloneNode(true));
  const [progress, nav] = [form.querySelector(".step-progress"), form.querySelector(".step-nav")];
  const [back, skip, next] = ["back", "skip", "next"].map((name) => nav.querySelector(`[data-step-${name}]`));
  const submit = form.querySelector(".step-submit");
  form.prepend(progress);
  nav.append(submit);
  form.classList.add("is-stepped");
  all.forEach((step) => step.querySelector("legend").setAttribute("tabindex", "-1"));

  const noContact = () => form.querySelector("[name=c3]:checked")?.value === "no_contact";
  const live = () => {
    const away = noContact();
    // what was said under data-once is sent, but never shown again: Back goes past it
    return all.filter((step) => !step.hasAttribute(away ? "data-unless-no-contact" : "data-only-no-contact") && !(step.dataset.said && step !== current));
  };
  let current = all.find((step) => step.querySelector(".errors, [aria-invalid=true]")) ?? (form.querySelector(".error-summary") ? all.at(-1) : all[0]);

  const show = (step, focus = true) => {
    current = step;
    const steps = live();
    const index = steps.indexOf(step);
    const last = index === steps.length - 1;
    all.forEach((one) => { one.hidden = one !== step; });
    progress.textContent = progress.dataset.progress.replace("{n}", index + 1).replace("{all}", steps.length);
    back.hidden = index === 0;
    skip.hidden = step.hasAttribute("data-no-skip");
    next.hidden = last;
    submit.hidden = !last;
    nav.classList.toggle("is-first", index === 0);
    nav.classList.toggle("is-unskippable", skip.hidden);
    if (focus) {
      step.querySelector("legend").focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  };
  const move = (by) => {
    const steps = live();
    if (current.hasAttribute("data-once") && current.querySelector(":checked, [type=text]:not(:placeholder-shown)")) current.dataset.said = "yes";
    show(steps[Math.max(0, Math.min(steps.length - 1, steps.indexOf(current) + by))]);
  };
  const clear = (step) => {
    step.querySelectorAll("input, textarea, select").forEach((field) => {
      if (field.matches("[type=radio], [type=checkbox]")) field.checked = field.hasAttribute("data-skip");
      else if (field.matches("[type=hidden]")) { if (field.hasAttribute("data-skip")) field.value = field.dataset.skip || "1"; }
      else field.value = "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  // an answer takes the skip back
  form.addEventListener("input", ({ target }) => {
    const step = target.closest("fieldset.step");
    step?.querySelectorAll("input[data-skip]").forEach((mark) => {
      if (mark === target) return;
      if (mark.type === "hidden") mark.value = "";
      else mark.checked = false;
    });
  });
  back.addEventListener("click", () => move(-1));
  next.addEventListener("click", () => move(1));
  skip.addEventListener("click", () => {
    clear(current);
    if (next.hidden) submit.querySelector("button, input").focus();
    else move(1);
  });
  // Enter goes on; it must never press another button of the form by accident
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=submit], [type=button])")) return;
    event.preventDefault();
    if (next.hidden) submit.querySelector("button, input").focus();
    else move(1);
  });
  const summary = form.querySelector(".error-summary") ?? document.querySelector(".error-summary");
  summary?.addEventListener("click", (event) => {
    const target = form.querySelector(event.target.closest("a")?.hash || ":not(*)");
    const step = target?.closest("fieldset.step");
    if (!step) return;
    event.preventDefault();
    show(step);
    (target.matches("input, textarea, select") ? target : target.querySelector("input, textarea, select"))?.focus();
  });
  show(current, false);
}

export const steps = (root) => each(root, "form[data-steps]", stepper);
