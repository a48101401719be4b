// textarea[data-count=2000]: characters left, counted as the server counts them: code points, line ends as one.
import { each } from "./each.js";

let made = 0;

function counter(area) {
  const limit = Number(area.dataset.count);
  const line = document.createElement("p");
  const spoken = document.createElement("span");
  line.className = "counter";
  line.id = `count-${++made}`;
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  area.after(line, spoken);
  area.setAttribute("aria-describedby", `${area.getAttribute("aria-describedby") ?? ""} ${line.id}`.trim());
  const texts = [area.dataset.countLeft || "{n} left", area.dataset.countOver || "{n} too many"];
  let later;
  const show = () => {
    const left = limit - [...area.value.replace(/\r\n?/g, "\n")].length;
    line.textContent = texts[left < 0 ? 1 : 0].replace("{n}", Math.abs(left).toLocaleString(document.documentElement.lang));
    line.toggleAttribute("data-over", left < 0);
    clearTimeout(later);
    if (left < limit / 10) later = setTimeout(() => { spoken.textContent = line.textContent; }, 1000);
  };
  area.addEventListener("input", show);
  show();
}

export const counters = (root) => each(root, "textarea[data-count]", counter);
