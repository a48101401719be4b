// Leave quickly: cover the page at once, then put the neutral site in its place. A click, or Esc three times within two seconds.
const link = document.querySelector("a[data-leave]");

function leave() {
  document.documentElement.classList.add("is-leaving");
  document.title = "\u200b";
  location.replace(link.href);
}

if (link) {
  let presses = [];
  link.addEventListener("click", (event) => { event.preventDefault(); leave(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    presses = [...presses.filter((time) => event.timeStamp - time < 2000), event.timeStamp];
    if (presses.length >= 3) leave();
  }, true);
  // coming back by the browser's own memory shows nothing until the server has been asked
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  addEventListener("pagehide", () => { document.documentElement.classList.add("is-leaving"); });
}
