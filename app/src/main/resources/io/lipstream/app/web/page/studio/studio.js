// The page for avatars: those there are, new ones, and clips of what they say.

import { avatars, call, Refusal, Unreachable, voices } from "/api.js";
import { html } from "/charts.js";

const LOOK_AGAIN_MS = 400;

const $ = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function wrong(id, problem) {
  $(id).hidden = !problem;
  if (problem) {
    $(id).replaceChildren(html("strong", {}, problem.message), problem.hint ?? "");
  }
}

/** How far something is; a share that nobody knows moves without end. */
function stand(id, text, share) {
  $(`${id}-stand`).hidden = text === null;
  if (text !== null) {
    $(`${id}-text`).textContent = text;
    $(`${id}-share`).textContent = share === null ? "" : `${Math.round(100 * share)} %`;
    if (share === null) $(`${id}-bar`).removeAttribute("value");
    else $(`${id}-bar`).value = share;
  }
}

// ---- avatars

async function showAvatars() {
  try {
    const known = await avatars();
    $("avatars").replaceChildren(...known.map((avatar) => {
      const render = html("button", { class: "button small", type: "button", "aria-label": `Make a clip of ${avatar.title}` }, "Make a clip");
      render.addEventListener("click", () => {
        $("avatar").value = avatar.name;
        $("text").focus();
      });
      return html("li", { class: "card" },
        html("img", { src: avatar.picture, alt: avatar.title }),
        html("div", {}, html("p", {}, html("strong", {}, avatar.title), html("small", {}, `${avatar.widthPx}×${avatar.heightPx}`)), render));
    }));
    const chosen = $("avatar").value;
    $("avatar").replaceChildren(...known.map((a) => new Option(a.title, a.name, a.default)));
    if (known.some((a) => a.name === chosen)) $("avatar").value = chosen;
    wrong("avatars-wrong", null);
  } catch (e) {
    wrong("avatars-wrong", e);
  }
}

async function showVoices() {
  try {
    $("voice").replaceChildren(...(await voices()).map((v) => new Option(v.title, v.name, v.default)));
  } catch {
    $("voice").replaceChildren(new Option("Its own", ""));
  }
}

// ---- a new one

/** As fetch cannot, tells how much was sent. */
function upload(path, file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/zip");
    request.upload.addEventListener("progress", (e) => told(e.loaded / e.total));
    request.addEventListener("error", () => reject(new Unreachable()));
    request.addEventListener("load", () => {
      if (request.status < 300) {
        resolve();
        return;
      }
      let problem = {};
      try {
        problem = JSON.parse(request.responseText);
      } catch {
        // What lies between us and the server answered.
      }
      reject(new Refusal(request.status, problem.detail ?? `The server answered ${request.status}.`, problem.hint ?? ""));
    });
    request.send(file);
  });
}

const STEPS = { waiting: "Waiting for its turn", unpacking: "Unpacking", importing: "Looking at its pictures" };

async function bringIn(file, name) {
  wrong("import-wrong", null);
  $("import-go").disabled = true;
  try {
    const path = `/v1/avatars/${encodeURIComponent(name)}/import`;
    stand("import", "Sending", 0);
    await upload(path, file, (share) => stand("import", "Sending", share));
    for (;;) {
      const now = await (await call("GET", path)).json();
      if (now.state === "failed") {
        throw new Refusal(0, now.message, now.hint);
      }
      if (now.state === "ready") {
        break;
      }
      stand("import", STEPS[now.state] ?? now.state, now.progress > 0 ? now.progress : null);
      await pause(LOOK_AGAIN_MS);
    }
    await showAvatars();
    $("avatar").value = name;
    $("import").reset();
    stand("import", `${name} is here`, 1);
  } catch (e) {
    stand("import", null);
    wrong("import-wrong", e);
  } finally {
    $("import-go").disabled = false;
  }
}

/** A file's name, made fit for an avatar. */
const nameOf = (file) => file.name.replace(/\.zip$/i, "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 40);

function chosen() {
  const file = $("file").files[0];
  if (file && !$("name").value) {
    $("name").value = nameOf(file);
  }
}

$("file").addEventListener("change", chosen);
$("import").addEventListener("submit", (e) => {
  e.preventDefault();
  bringIn($("file").files[0], $("name").value.trim());
});
for (const type of ["dragenter", "dragover"]) {
  $("import").addEventListener(type, (e) => {
    e.preventDefault();
    $("import").classList.add("over");
  });
}
for (const type of ["dragleave", "drop"]) {
  $("import").addEventListener(type, () => $("import").classList.remove("over"));
}
$("import").addEventListener("drop", (e) => {
  e.preventDefault();
  if (e.dataTransfer.files.length > 0) {
    $("file").files = e.dataTransfer.files;
    $("name").value = "";
    chosen();
  }
});

// ---- a clip

let made = null;

async function render(order) {
  wrong("clip-wrong", null);
  $("render").disabled = true;
  for (const id of ["video", "clip-note", "download"]) $(id).hidden = true;
  try {
    if (made) {
      call("DELETE", `/v1/clips/${made}`).catch(() => {});
    }
    stand("clip", "Waiting for its turn", null);
    let clip = await (await call("POST", "/v1/clips", { body: JSON.stringify(order) })).json();
    made = clip.id;
    while (clip.state === "waiting" || clip.state === "rendering") {
      await pause(LOOK_AGAIN_MS);
      clip = await (await call("GET", `/v1/clips/${clip.id}`)).json();
      const text = clip.state === "waiting" ? "Waiting for its turn" : clip.framesDone > 0 ? `${clip.framesDone} pictures` : "Getting ready";
      stand("clip", text, clip.frameCount > 0 ? Math.min(1, clip.framesDone / clip.frameCount) : null);
    }
    if (clip.state === "failed") {
      throw new Refusal(0, clip.message, clip.hint);
    }
    stand("clip", null);
    $("video").src = clip.video;
    $("download").href = clip.video;
    $("download").download = `${clip.avatar}.mp4`;
    $("clip-note").textContent = `${clip.seconds.toFixed(1)} s, ${clip.framesDone} pictures. The server keeps it for a while.`;
    for (const id of ["video", "clip-note", "download"]) $(id).hidden = false;
    $("video").play().catch(() => {});
  } catch (e) {
    stand("clip", null);
    wrong("clip-wrong", e);
  } finally {
    $("render").disabled = false;
  }
}

$("clip").addEventListener("submit", (e) => {
  e.preventDefault();
  render({ avatar: $("avatar").value, voice: $("voice").value, text: $("text").value.trim() });
});

await Promise.all([showAvatars(), showVoices()]);
