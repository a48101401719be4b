// form[data-leaving][hx-trigger=save-draft]: what is typed is saved a moment later, and once more when the page is left. The
// server keeps a text it cannot save (the session has ended, another window saved) and offers it when the note is opened again.
// a[data-copy]: the text behind the link goes to the clipboard.
import { each } from "./each.js";
import { toast } from "./errors.js";

const SOON = 1500, AGAIN = 6000, MOST = 60_000; // a post that outlives its page holds 64 kB
const ASIDE = new Set(["csrfmiddlewaretoken", "version", "who", "insert_key"]);

function written(form) {
  const fields = [...new FormData(form)].filter(([name]) => !ASIDE.has(name));
  return new URLSearchParams(fields).toString();
}

function saving(form) {
  let sent = written(form), pending = "", busy = false, later;
  const open = () => form.isConnected && written(form) !== sent;
  const soon = (wait = SOON) => { later ??= setTimeout(() => { later = null; save(); }, wait); };
  const save = () => { if (!busy && open() && form.hasAttribute("hx-post")) window.htmx.trigger(form, "save-draft"); };
  form.addEventListener("input", () => soon());
  form.addEventListener("insertText", () => soon());
  form.addEventListener("htmx:beforeRequest", ({ detail }) => { if (detail.elt === form) [busy, pending] = [true, written(form)]; });
  form.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt !== form) return;
    busy = false;
    if (detail.successful) sent = pending;
    if (open()) soon(detail.successful ? SOON : AGAIN);
  });
  const leave = () => {
    if (!open()) return;
    const body = new URLSearchParams(new FormData(form));
    body.set("leaving", "1");
    fetch(form.getAttribute("action"), { method: "POST", body, keepalive: body.toString().length < MOST, credentials: "same-origin" }).catch(() => {});
  };
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
  // too long to be sent by a page that is gone: the browser asks
  addEventListener("beforeunload", (event) => { if (open() && written(form).length >= MOST && !form.sure) event.preventDefault(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

function copying(link) {
  link.textContent = "Copy as plain text";
  link.addEventListener("click", async (event) => {
    if (!navigator.clipboard || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || new URL(answer.url).pathname !== new URL(link.href).pathname) throw new Error("no text");
      await navigator.clipboard.writeText(await answer.text());
      toast("Copied.", { fades: true });
    } catch {
      location.assign(link.href);
    }
  });
}

export const papers = (root) => [each(root, "form[data-leaving]", saving), each(root, "a[data-copy]", copying)];
