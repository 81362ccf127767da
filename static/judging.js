"use strict";

// Keys judge: each presses the button, or goes to the field, that names it.

const judgingTarget = (key) => document.querySelector(`#judging [data-key="${CSS.escape(key)}"]`);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.matches("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const target = event.key.length === 1 ? judgingTarget(event.key.toLowerCase()) : null;
  if (!target || document.querySelector("#judging .htmx-request")) return;
  event.preventDefault();
  if (target.matches("textarea")) target.focus();
  else target.click();
});

document.addEventListener("htmx:after:swap", () => {
  document.querySelector("#judging h2")?.focus({ preventScroll: true });
});
