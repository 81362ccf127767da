"use strict";

// The theme, the search key, copying, the menu, and forms that keep what was typed.

const root = document.documentElement;

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-toggle]");
  if (theme) {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.bsTheme);
    return;
  }
  const copy = event.target.closest("[data-copy]");
  if (copy && navigator.clipboard) {
    navigator.clipboard.writeText(copy.dataset.copy).then(() => {
      copy.classList.add("copied");
      setTimeout(() => copy.classList.remove("copied"), 1200);
    });
    return;
  }
  const menu = event.target.closest("[data-menu-toggle]");
  if (menu) {
    const open = document.body.classList.toggle("menu-open");
    menu.setAttribute("aria-expanded", String(open));
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const field = document.getElementById("q");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});

// What was typed outlives a lost session: drafts are kept for this tab until the form is accepted.
const draftKey = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
const draftable = (field) => field.name && !["password", "file", "hidden", "submit"].includes(field.type);

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = draftKey(form);
  if (form.dataset.fresh !== undefined) {
    const kept = JSON.parse(sessionStorage.getItem(key) || "{}");
    for (const field of form.elements) {
      if (draftable(field) && kept[field.name] !== undefined && !field.value) {
        field.value = kept[field.name];
      }
    }
  }
  form.addEventListener("input", () => {
    const values = {};
    for (const field of form.elements) {
      if (draftable(field) && !["checkbox", "radio"].includes(field.type)) values[field.name] = field.value;
    }
    sessionStorage.setItem(key, JSON.stringify(values));
  });
}
for (const box of document.querySelectorAll(".graph")) {
  const focus = box.querySelector("[aria-current] rect");
  if (!focus) continue;
  const at = (name) => Number(focus.getAttribute(name));
  box.scrollTo(at("x") + at("width") / 2 - box.clientWidth / 2, at("y") + at("height") / 2 - box.clientHeight / 2);
}
if (document.querySelector("[data-accepted]")) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("draft:")) sessionStorage.removeItem(key);
  }
}
