// A session that ended must not cost what was typed. form[data-keep] asks first whether it still stands, and sends only then
// (data-keep="send": sends all the same, where the server keeps a late post). Who has signed in again in another tab comes
// back to a page that works: its tokens are those of the new session.
import { toast } from "./errors.js";

const text = document.getElementById("messages")?.dataset ?? {};

async function renew() {
  const answer = await fetch(location.href, { headers: { "X-Poll": "1" } });
  if (new URL(answer.url).pathname === text.login) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (!token) return true;
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
  document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": token }));
  return true;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-keep]") || form.sure) return;
  event.preventDefault();
  if (form.asking) return;
  form.asking = true;
  try {
    if (!(await renew()) && form.dataset.keep !== "send") return toast(text.textSession, { link: { href: text.login, text: text.textSignin } });
  } catch {
    return toast(text.textNetwork);
  } finally {
    form.asking = false;
  }
  form.sure = true;
  form.requestSubmit(event.submitter);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && document.querySelector("form[data-keep]")) renew().catch(() => {});
});
