// Toasts, and a sentence for each way a request can fail. What was typed stays where it is.
const region = document.getElementById("messages");

export function toast(text, { fades = false, link } = {}) {
  if (!region || [...region.children].some((one) => one.firstElementChild.textContent === text)) return;
  const box = document.createElement("div");
  const line = document.createElement("p");
  box.className = "toast";
  box.toggleAttribute("data-fades", fades);
  line.textContent = text;
  box.append(line);
  if (link) {
    const open = document.createElement("a");
    Object.assign(open, { className: "button link", href: link.href, textContent: link.text, target: "_blank" });
    box.append(open);
  }
  region.append(box);
}

function ready(box) {
  if (!box.matches?.(".toast") || box.querySelector("[data-close]")) return;
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "button quiet", textContent: "×" });
  close.setAttribute("data-close", "");
  close.setAttribute("aria-label", region.dataset.textClose);
  close.addEventListener("click", () => box.remove());
  box.append(close);
  if (!box.hasAttribute("data-fades")) return;
  const fade = () => (box.matches(":hover, :focus-within") ? setTimeout(fade, 3000) : box.remove());
  setTimeout(fade, 9000);
}

if (region) {
  [...region.children].forEach(ready);
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(ready))).observe(region, { childList: true });
  const text = region.dataset;
  document.addEventListener("htmx:responseError", ({ detail }) => {
    toast({ 401: text.textSession, 403: text.textDenied, 404: text.textGone, 410: text.textGone, 429: text.textWait }[detail.xhr.status] ?? text.textServer);
  });
  document.addEventListener("htmx:sendError", () => toast(text.textNetwork));
  document.addEventListener("htmx:timeout", () => toast(text.textNetwork));
  // a session that ended answers with the sign-in page: never swap that into a part
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!text.login || !detail.xhr.responseURL || new URL(detail.xhr.responseURL).pathname !== text.login || location.pathname === text.login) return;
    detail.shouldSwap = false;
    toast(text.textSession, { link: { href: text.login, text: text.textSignin } });
  });
}
