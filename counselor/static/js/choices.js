// input[data-none] ("none of these") and the other ticks of its group exclude each other.
import { each } from "./each.js";

function exclusive(none) {
  const group = none.closest("fieldset, .choices");
  group.addEventListener("change", ({ target }) => {
    if (!target.checked || target.type !== "checkbox") return;
    if (target === none) group.querySelectorAll("input[type=checkbox]").forEach((box) => { if (box !== none) box.checked = false; });
    else none.checked = false;
  });
}

export const choices = (root) => each(root, "input[type=checkbox][data-none]", exclusive);
