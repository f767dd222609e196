// The page: what the user does becomes calls of a LiveSession, what the session tells becomes what is seen.

import * as api from "./api.js";
import { Captions } from "./captions.js";
import { Levels } from "./levels.js";
import { LiveSession } from "./live.js";
import { Microphone } from "./microphone.js";
import { Numbers } from "./numbers.js";

const PROMPTS = [
  { way: "chat", text: "Hello, who are you?" },
  { way: "chat", text: "Tell me a joke." },
  { way: "chat", text: "What can you do?" },
  { way: "say", text: "Peter Piper picked a peck of pickled peppers." },
];
const LABELS = {
  idle: "Ready", listening: "Listening", thinking: "Thinking", speaking: "Speaking",
  connecting: "Connecting", reconnecting: "Reconnecting",
};
const HOLD_MS = 280;
/** Events arrive before the sound they tell of, which waits in the browser's buffer. */
const BUFFER_MS = 60;

const $ = (id) => document.getElementById(id);
const stored = (key, otherwise) => localStorage.getItem(`lipstream.${key}`) ?? otherwise;
const store = (key, value) => localStorage.setItem(`lipstream.${key}`, value);

let known = [];
let session = null;
let opening = null;
let state = "idle";
let askedAt = 0;

const captions = new Captions($("caption"), (sentence) => {
  $("spoken").textContent = stored("captions", "large") === "off" ? "" : sentence;
});
const levels = new Levels();
const numbers = new Numbers($("numbers"), () => session?.statistics() ?? null);
const microphone = new Microphone(async (track) => {
  await session?.setMicrophone(track);
  levels.watch("level", track);
});

// ---- what is seen

function phase(name) {
  document.body.dataset.phase = name;
  $("leave").hidden = name === "start";
  $("who").hidden = name === "start";
}

function show(next) {
  state = next;
  document.body.dataset.state = next === "connecting" ? "thinking" : next;
  $("state-label").textContent = LABELS[next] ?? next;
  buttons();
}

/** While the avatar is busy and nothing is typed, the button to send interrupts instead. */
function buttons() {
  const text = $("text").value.trim() !== "";
  const busy = session !== null && (state === "speaking" || state === "thinking");
  const stop = busy && !text;
  const focused = document.activeElement;
  $("send").hidden = stop;
  $("interrupt").hidden = !stop;
  $("send").disabled = !text;
  if (focused?.hidden) {
    $("text").focus();
  }
}

function notice(message, hint = "") {
  $("notice-text").textContent = message;
  $("notice-hint").textContent = hint;
  $("notice").hidden = message === "";
}

const complain = (e) => notice(e.message ?? String(e), e.hint ?? "");

function turn(who, text) {
  const name = who === "you" ? "You" : chosen().title;
  const last = $("turns").lastElementChild;
  if (last && last.dataset.who === who && who === "avatar" && !last.dataset.over) {
    last.querySelector("p").textContent += ` ${text}`;
  } else {
    const item = document.createElement("li");
    item.className = who;
    item.dataset.who = who;
    const b = document.createElement("b");
    b.textContent = name;
    const p = document.createElement("p");
    p.textContent = text;
    item.append(b, p);
    $("turns").append(item);
  }
  $("turns-empty").hidden = true;
  $("turns").scrollTop = $("turns").scrollHeight;
}

/** The last answer is over; interrupted, it keeps only what was really heard. */
function turnOver(heard) {
  const last = $("turns").lastElementChild;
  if (last?.dataset.who !== "avatar" || last.dataset.over) {
    return;
  }
  last.dataset.over = "yes";
  if (heard !== undefined) {
    last.querySelector("p").textContent = heard || "…";
    const em = document.createElement("em");
    em.textContent = "interrupted";
    last.append(em);
  }
}

// ---- avatars and voices

const chosen = () => known.find((a) => a.name === stored("avatar", "")) ?? known.find((a) => a.default) ?? known[0];

function drawAvatar() {
  const avatar = chosen();
  $("welcome-title").textContent = `Hi, I’m ${avatar.title}.`;
  $("poster").src = $("who-picture").src = avatar.picture;
  $("poster").hidden = false;
  $("who-name").textContent = avatar.title;
  $("start").textContent = `Talk with ${avatar.title}`;
  for (const input of document.querySelectorAll('input[name="face"], input[name="card"]')) {
    input.checked = input.value === avatar.name;
  }
}

function choice(group, avatar, caption) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value: avatar.name });
  const img = Object.assign(document.createElement("img"), { src: avatar.picture, alt: caption ? "" : avatar.title, title: avatar.title });
  input.addEventListener("change", () => choose("avatar", avatar.name));
  label.append(input, img);
  if (caption) {
    label.append(Object.assign(document.createElement("span"), { textContent: avatar.title }));
  }
  return label;
}

async function choose(key, value) {
  store(key, value);
  drawAvatar();
  if (session) {
    await leave();
    begin();
  }
}

async function load() {
  try {
    const [avatars, voices] = await Promise.all([api.avatars(), api.voices()]);
    known = avatars;
    if (known.length === 0) {
      throw new api.Refusal(0, "This server has no avatar.", "lipstream avatars tells why.");
    }
    $("faces").replaceChildren(...(known.length > 1 ? known.map((a) => choice("face", a, false)) : []));
    $("cards").replaceChildren(...known.map((a) => choice("card", a, true)));
    $("voice").replaceChildren(...voices.map((v) => new Option(v.title, v.name, v.default)));
    if (voices.some((v) => v.name === stored("voice", ""))) {
      $("voice").value = stored("voice", "");
    }
    drawAvatar();
    $("start").disabled = false;
  } catch (e) {
    complain(e);
    $("start").textContent = "Try again";
    $("start").disabled = false;
  }
}

// ---- the session

/** Opens a session; what is typed or said meanwhile waits for it. */
async function begin() {
  if (known.length === 0) {
    await load();
  }
  opening ??= open().finally(() => (opening = null));
  return opening;
}

async function open() {
  notice("");
  phase("connecting");
  show("connecting");
  levels.start();
  const name = chosen().name;
  try {
    const made = await LiveSession.open(name, $("voice").value);
    session = made;
    listenTo(made);
    $("video").srcObject = made.stream;
    levels.watch("voice", made.stream.getAudioTracks()[0] ?? null);
    await play();
    await made.setMicrophone(microphone.track);
    phase("live");
    if (state === "connecting") {
      show("idle");
    }
    return made;
  } catch (e) {
    phase("start");
    show("idle");
    complain(e);
    throw e;
  }
}

async function play() {
  const video = $("video");
  video.muted = false;
  video.volume = Number($("volume").value) / 100;
  try {
    await video.play();
  } catch (e) {
    if (e.name !== "NotAllowedError") {
      return; // a newer source took over
    }
    video.muted = true;
    $("sound").hidden = false;
    await video.play().catch(() => {});
  }
}

function listenTo(made) {
  const on = (type, action) => made.addEventListener(type, (e) => made === session && action(e.detail));
  on("state", ({ state: next }) => {
    if (next === "speaking" && askedAt > 0) {
      numbers.answered(performance.now() - askedAt);
      askedAt = 0;
    }
    if (next !== "speaking" && state === "speaking") {
      captions.end();
      turnOver();
    }
    show(next);
  });
  on("heard", ({ text, last }) => {
    captions.heard(text);
    if (last) {
      askedAt = performance.now();
      turn("you", text);
    }
  });
  on("caption", ({ text }) => {
    turn("avatar", text);
    setTimeout(() => made === session && state === "speaking" && captions.word(text), BUFFER_MS);
  });
  on("interrupted", ({ heard }) => {
    captions.clear();
    turnOver(heard);
  });
  on("failed", ({ message, hint }) => notice(message, hint));
  on("track", (track) => track.kind === "audio" && levels.watch("voice", track));
  on("reconnecting", () => {
    phase("reconnecting");
    show("reconnecting");
  });
  on("connected", () => {
    phase("live");
    show("idle");
    play();
  });
  on("gone", (why) => {
    end();
    complain(why);
  });
}

function end() {
  session = null;
  captions.clear();
  microphone.stop();
  levels.watch("voice", null);
  $("sound").hidden = true;
  phase("start");
  show("idle");
}

async function leave() {
  session?.close();
  end();
}

async function send(way, text) {
  try {
    const current = session ?? (await begin());
    captions.clear();
    turnOver();
    if (state === "speaking" && way === "say") {
      await current.interrupt(); // chat does so by itself
    }
    turn("you", text);
    askedAt = performance.now();
    await current[way](text);
    store("visited", "yes");
    $("prompts").replaceChildren();
  } catch (e) {
    complain(e);
  }
}

async function interrupt() {
  captions.clear();
  try {
    await session?.interrupt();
  } catch (e) {
    complain(e);
  }
}

// ---- what the user does

const way = () => document.querySelector('input[name="way"]:checked').value;

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(132, text.scrollHeight)}px`;
  buttons();
}

$("composer").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (text) {
    $("text").value = "";
    grow();
    send(way(), text);
  }
});
$("text").addEventListener("input", grow);
$("text").addEventListener("keydown", (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    $("composer").requestSubmit();
  }
});
for (const input of document.querySelectorAll('input[name="way"]')) {
  input.addEventListener("change", () => {
    $("text").placeholder = way() === "chat" ? "Ask something" : "Write what is to be said";
  });
}
$("interrupt").addEventListener("click", interrupt);
$("start").addEventListener("click", () => begin().then(() => $("text").focus({ preventScroll: true })).catch(() => {}));
$("leave").addEventListener("click", () => {
  $("settings").close();
  leave();
});
$("sound").addEventListener("click", () => {
  $("sound").hidden = true;
  levels.start();
  play();
});
$("notice-close").addEventListener("click", () => notice(""));

const PANELS = { "conversation-toggle": (open) => ($("conversation").hidden = !open), "numbers-toggle": (open) => numbers.setOpen(open) };

function unfold(button, open) {
  $(button).setAttribute("aria-expanded", String(open));
  PANELS[button](open);
}
for (const button of Object.keys(PANELS)) {
  $(button).addEventListener("click", () => {
    const open = $(button).getAttribute("aria-expanded") !== "true";
    if (open && matchMedia("(max-width: 760px)").matches) { // no room for both
      Object.keys(PANELS).forEach((other) => unfold(other, false));
    }
    unfold(button, open);
  });
}

// The microphone: a tap leaves it open, a longer press talks while it is held. So does the space bar.

let pressedAt = 0;
let held = false;
let ignoreClick = false;

/** A microphone that opens opens the session as well. */
async function talk(open) {
  if (open) {
    levels.start();
    if (!session) {
      begin().catch(() => {});
    }
  }
  await microphone.setOpen(open);
}

function hold(on) {
  if (on !== held) {
    held = on;
    $("mic").classList.toggle("held", on);
    talk(on);
    if (!on) {
      session?.endTurn().catch(complain);
    }
  }
}

$("mic").addEventListener("pointerdown", (e) => {
  ignoreClick = false; // the click after a long press may never have come
  if (e.button !== 0 || microphone.open) {
    return;
  }
  $("mic").setPointerCapture(e.pointerId);
  pressedAt = performance.now();
  hold(true);
});
$("mic").addEventListener("pointerup", () => {
  if (held && performance.now() - pressedAt > HOLD_MS) {
    hold(false);
    ignoreClick = true;
  }
});
$("mic").addEventListener("pointercancel", () => hold(false));
$("mic").addEventListener("contextmenu", (e) => e.preventDefault());
$("mic").addEventListener("click", () => {
  if (ignoreClick) {
    ignoreClick = false;
  } else if (held) { // a short press began it; it stays open
    held = false;
    $("mic").classList.remove("held");
  } else {
    talk(!microphone.open);
  }
});
microphone.addEventListener("change", () => {
  $("mic").setAttribute("aria-pressed", String(microphone.open));
  document.body.dataset.mic = microphone.open ? "open" : "closed";
});
microphone.addEventListener("failed", (e) => {
  held = false;
  $("mic").classList.remove("held");
  complain(e.detail);
});

const typing = (e) => e.target.closest("textarea, input, select, button, dialog, [tabindex='0']") !== null;
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && !$("settings").open && (state === "speaking" || state === "thinking")) {
    e.preventDefault();
    interrupt();
  } else if (e.code === "Space" && !typing(e) && !e.repeat && !microphone.open) {
    e.preventDefault();
    hold(true);
  } else if (e.key.length === 1 && !typing(e) && !e.ctrlKey && !e.metaKey && !e.altKey && e.code !== "Space") {
    $("text").focus(); // whoever types wants the box
  }
});
document.addEventListener("keyup", (e) => e.code === "Space" && hold(false));
window.addEventListener("blur", () => hold(false));

// Settings

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const inputs = devices.filter((d) => d.kind === "audioinput" && d.deviceId && d.label && d.deviceId !== "default");
  $("device").replaceChildren(new Option("The system’s", ""), ...inputs.map((d) => new Option(d.label, d.deviceId)));
  $("device").value = inputs.some((d) => d.deviceId === microphone.deviceId) ? microphone.deviceId : "";
}
const openSettings = () => {
  listDevices();
  $("settings").showModal();
};
$("settings-open").addEventListener("click", openSettings);
$("who").addEventListener("click", openSettings);
$("settings").addEventListener("click", (e) => e.target === $("settings") && $("settings").close());
$("voice").addEventListener("change", () => choose("voice", $("voice").value));
$("device").addEventListener("change", () => {
  microphone.deviceId = $("device").value;
  if (microphone.track) {
    const open = microphone.open;
    microphone.stop();
    if (open) microphone.setOpen(true);
  }
});
$("volume").addEventListener("input", () => {
  $("video").volume = Number($("volume").value) / 100;
  store("volume", $("volume").value);
});
$("captions").addEventListener("change", () => {
  document.body.dataset.captions = $("captions").value;
  store("captions", $("captions").value);
});

// A page that goes leaves no session behind; one that comes back from the browser's cache begins anew.
window.addEventListener("pagehide", () => leave());

// ---- start

$("volume").value = stored("volume", "100");
document.body.dataset.captions = $("captions").value = stored("captions", "large");
for (const prompt of PROMPTS) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: prompt.text });
  button.addEventListener("click", () => send(prompt.way, prompt.text));
  item.append(button);
  $("prompts").append(item);
}
buttons();
load();
