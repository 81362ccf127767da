"use strict";

// Send chosen files in pieces with progress; an upload that breaks off goes on where it stopped.

const PIECE = 8 * 1024 * 1024;
const form = document.querySelector("form[data-upload]");
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;

const call = async (method, url, body, headers = {}) => {
  const answer = await fetch(url, { method, body, headers: { "X-CSRFToken": token, ...headers } });
  const data = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, data };
};

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const send = async (file, line) => {
  const bar = line.querySelector("progress");
  const say = line.querySelector("[data-say]");
  const started = await call(
    "POST",
    "/api/v1/uploads/",
    JSON.stringify({ dataset: form.dataset.upload, name: file.name, size: file.size }),
    { "Content-Type": "application/json" },
  );
  if (!started.ok) throw new Error(started.data.detail || form.dataset.broken);
  const url = `/api/v1/uploads/${started.data.id}/`;
  let upload = started.data;
  let failures = 0;
  while (upload.state === "receiving") {
    const piece = file.slice(upload.received, upload.received + PIECE);
    const answer = await call("PATCH", url, piece, {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(upload.received),
    }).catch(() => ({ ok: false, status: 0, data: {} }));
    if (answer.ok) {
      upload = answer.data;
      failures = 0;
    } else if (answer.data.offset !== undefined) {
      upload.received = answer.data.offset;
    } else if ((answer.status === 0 || answer.status === 409 || answer.status >= 500) && failures < 8) {
      failures += 1;
      say.textContent = "…";
      await wait(500 * 2 ** failures);
    } else {
      throw new Error(answer.data.detail || form.dataset.broken);
    }
    bar.value = Math.round((100 * upload.received) / file.size);
    say.textContent = `${bar.value} %`;
  }
  while (upload.state === "checking") {
    const job = await call("GET", `/api/v1/jobs/${upload.job_id}/`).catch(() => ({ data: {} }));
    bar.value = job.data.percent || 0;
    say.textContent = form.dataset.checking;
    await wait(1000);
    upload = (await call("GET", url).catch(() => ({ data: upload }))).data;
  }
  if (upload.state !== "ready") throw new Error(upload.error || form.dataset.broken);
  return upload.id;
};

const show = (zone) => {
  const list = zone.querySelector("[data-files]");
  list.replaceChildren();
  for (const file of zone.querySelector("input[type=file]").files) {
    const line = document.createElement("li");
    line.className = "prog";
    const name = document.createElement("span");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const say = document.createElement("span");
    say.dataset.say = "";
    line.append(name, bar, say);
    list.append(line);
  }
};

for (const zone of form.querySelectorAll("[data-zone]")) {
  const input = zone.querySelector("input[type=file]");
  input.addEventListener("change", () => show(zone));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    input.files = event.dataTransfer.files;
    show(zone);
  });
  show(zone); // a browser keeps what was chosen before this script ran
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  const problem = form.querySelector("[data-problem]");
  button.disabled = true;
  problem.hidden = true;
  try {
    for (const zone of form.querySelectorAll("[data-zone]")) {
      const input = zone.querySelector("input[type=file]");
      const kept = form.elements[`${zone.dataset.zone}_uploads`];
      const lines = zone.querySelectorAll("li");
      const ids = kept.value ? kept.value.split(" ") : [];
      for (const [index, file] of [...input.files].entries()) {
        ids.push(await send(file, lines[index]));
        kept.value = ids.join(" ");
      }
      input.value = "";
    }
    form.submit();
  } catch (error) {
    problem.hidden = false;
    problem.querySelector("span").textContent = error.message;
    problem.focus();
    button.disabled = false;
  }
});
