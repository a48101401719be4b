// "/" goes to the search; j and k walk the triage list. <body data-keys="off"> switches them off (a person's setting).
document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape" && event.target.matches("[data-search]")) event.target.blur();
    return;
  }
  if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll(".row-name")];
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement);
    const to = now < 0 ? (event.key === "j" ? 0 : rows.length - 1) : now + (event.key === "j" ? 1 : -1);
    rows[Math.max(0, Math.min(rows.length - 1, to))].focus();
  }
});
