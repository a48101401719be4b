// Put a text at the cursor of a textarea, so that the browser's undo takes it back.
//   <button type="button" data-insert="#id_body" data-insert-from="#card-7" [data-insert-source="ID@VERSION" data-insert-field="sources"]>
//   or the answer's header HX-Trigger: {"insertText": {"target": "#id_body", "text": "…", "source": "…", "field": "…"}}
export function insert(area, text) {
  const [from, to] = [area.selectionStart, area.selectionEnd];
  const before = area.value.slice(0, from);
  const after = area.value.slice(to);
  const lead = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const tail = after === "" || after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
  const whole = lead + text.trim() + tail;
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand?.("insertText", false, whole)) {
    area.setRangeText(whole, from, to, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: whole }));
  }
}

function put({ target, text, source, field }) {
  const area = document.querySelector(target);
  if (!area || !text) return;
  insert(area, text);
  if (!source || !field || !area.form) return;
  if ([...area.form.querySelectorAll(`input[name="${CSS.escape(field)}"]`)].some((one) => one.value === source)) return;
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: field, value: source });
  area.form.append(input);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-insert]");
  if (!button) return;
  const from = document.querySelector(button.dataset.insertFrom || ":not(*)");
  put({ target: button.dataset.insert, text: button.dataset.insertText ?? (from?.content ?? from)?.textContent, source: button.dataset.insertSource, field: button.dataset.insertField });
});
document.addEventListener("insertText", ({ detail }) => put(detail));
