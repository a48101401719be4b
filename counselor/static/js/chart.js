// figure.chart: pointer, touch, Tab and arrow keys share one line of words under the chart.
import { each } from "./each.js";

function chart(figure) {
  const line = figure.querySelector(".readout");
  if (!line) return;
  for (const svg of figure.querySelectorAll("svg:has([data-read])")) {
    const points = [...svg.querySelectorAll("[data-read]")].sort((a, b) => at(a) - at(b));
    const cursor = svg.querySelector(".cursor");
    let now = points.length - 1;
    const go = (index, focus) => {
      points[now].classList.remove("is-current");
      points[now].tabIndex = -1;
      now = Math.max(0, Math.min(points.length - 1, index));
      points[now].classList.add("is-current");
      points[now].tabIndex = 0;
      if (line.textContent !== points[now].dataset.read) line.textContent = points[now].dataset.read;
      if (cursor) {
        cursor.setAttribute("x1", at(points[now]));
        cursor.setAttribute("x2", at(points[now]));
        cursor.classList.add("is-on");
      }
      if (focus) points[now].focus({ preventScroll: true });
    };
    points.forEach((point, index) => {
      point.tabIndex = index === now ? 0 : -1;
      point.setAttribute("role", "img");
      point.setAttribute("aria-label", point.dataset.read);
      point.addEventListener("focus", () => go(index));
    });
    const near = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      go(points.reduce((best, point, index) => (Math.abs(at(point) - x) < Math.abs(at(points[best]) - x) ? index : best), 0));
    };
    svg.addEventListener("pointermove", near);
    svg.addEventListener("pointerdown", near);
    svg.addEventListener("keydown", (event) => {
      const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: points.length - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      go(to, true);
    });
  }
}

const at = (point) => Number(point.dataset.x ?? point.getAttribute("cx"));

export const charts = (root) => each(root, "figure.chart", chart);
