// The page for those who run the server: what /v1/ops tells each second, as charts.

import { entered } from "/api.js";
import { Histogram, TimeChart, html } from "/charts.js";

const KEPT = 305;
const LOST_AFTER_MS = 4000;

const $ = (id) => document.getElementById(id);
const history = [];
let window_ = "start";

// ---- readings

const parsed = new Map();

/** A sample's name and labels, from how Prometheus writes them. */
function parse(key) {
  let known = parsed.get(key);
  if (!known) {
    const brace = key.indexOf("{");
    const labels = {};
    if (brace > 0) for (const [, name, value] of key.slice(brace).matchAll(/(\w+)="([^"]*)"/g)) labels[name] = value;
    known = { name: brace > 0 ? key.slice(0, brace) : key, labels };
    parsed.set(key, known);
  }
  return known;
}

const samples = (reading, name, wanted = {}) =>
  Object.entries(reading.metrics)
    .map(([key, value]) => ({ ...parse(key), value }))
    .filter((each) => each.name === name && Object.entries(wanted).every(([label, value]) => each.labels[label] === value));

const sum = (reading, name, wanted) => samples(reading, name, wanted).reduce((total, each) => total + each.value, 0);

/** The reading of that many seconds ago, or the oldest. */
const before = (reading, seconds) => history.find((each) => each.at >= reading.at - 1000 * seconds - 500) ?? reading;

/** How much a counter grew a second. */
function rate(reading, name, wanted, seconds = 10) {
  const then = before(reading, seconds);
  const past = (reading.at - then.at) / 1000;
  return past > 0 ? Math.max(0, sum(reading, name, wanted) - sum(then, name, wanted)) / past : null;
}

/** A histogram's buckets, each with its own count, within the time that was chosen. */
function buckets(name, wanted = {}) {
  const now = history.at(-1);
  const then = window_ === "minute" ? before(now, 60) : null;
  const counts = new Map();
  for (const [reading, sign] of [[now, 1], [then, -1]]) {
    if (reading) {
      for (const { labels, value } of samples(reading, `${name}_bucket`, wanted)) {
        const upTo = labels.le === "+Inf" ? Infinity : Number(labels.le);
        counts.set(upTo, (counts.get(upTo) ?? 0) + sign * value);
      }
    }
  }
  let below = 0;
  return [...counts].toSorted(([a], [b]) => a - b).map(([upTo, count]) => {
    const own = Math.max(0, count - below);
    below = count;
    return { upTo, count: own };
  });
}

// ---- texts

const millis = (seconds, short = false) =>
  seconds >= 1 ? `${+(seconds).toFixed(2)}${short ? "s" : " s"}` : `${+(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)}${short ? "" : " ms"}`;
const bits = (bps) => (bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1e3)} kbit/s`);
const bytes = (count) => (count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : count > 0 ? `${Math.round(count / 1e6)} MB` : "0");
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
const small = (value) => String(+value.toFixed(value < 10 ? 1 : 0));

// ---- what is on the page

const tiles = Object.fromEntries(
  [["sessions", "Watched sessions"], ["speakers", "Speaking"], ["quality", "Quality"], ["late", "Late pictures"], ["underruns", "Underruns"], ["cpu", "Processor"]].map(([id, name]) => {
    const value = html("p", { class: "value" }, "–");
    const note = html("p", { class: "note" });
    const tile = html("div", { class: "tile card" }, html("p", { class: "name" }, name), value, note);
    $("tiles").append(tile);
    return [id, { tile, value, note }];
  }),
);

function tile(id, value, unit, note, mood = "") {
  const { tile: element, value: v, note: n } = tiles[id];
  v.replaceChildren(value, ...(unit ? [html("small", {}, unit)] : []));
  n.textContent = note;
  element.dataset.mood = mood;
}

const REFUSALS = ["full", "busy", "draining", "rate", "key"];
const QUIET = "Nobody spoke in this time";
const time = {
  sessions: new TimeChart($("time"), "Sessions", { lines: [{ name: "watched" }, { name: "speaking" }], form: small, least: 4 }),
  losses: new TimeChart($("time"), "Lost each second", { lines: [{ name: "late mouths" }, { name: "dropped" }, { name: "voice late" }, { name: "underruns" }], form: small, least: 4 }),
  quality: new TimeChart($("time"), "Quality", { lines: [{ name: "of 100" }], form: small, least: 100 }),
  refusals: new TimeChart($("time"), "Turned away each minute", { lines: REFUSALS.map((name) => ({ name })), form: small, least: 4 }),
  machine: new TimeChart($("time"), "Processor", { lines: [{ name: "Lipstream" }, { name: "the machine" }], form: (v) => `${Math.round(100 * v)} %`, least: 1 }),
  memory: new TimeChart($("time"), "Memory", { lines: [{ name: "process" }, { name: "Java heap" }, { name: "models" }], form: bytes, least: 1e9 }),
};
const form = millis;
const steps = Object.fromEntries(
  [["features", "Features", null], ["inference", "Inference, with waiting", null], ["paste", "Paste", 0.04], ["encode", "Encode", 0.04]].map(([stage, title, limit]) => [stage, new Histogram($("steps"), title, { form, limit, nothing: QUIET })]),
);
const felt = {
  lipstream_first_picture_latency_seconds: new Histogram($("felt"), "First picture", { form, limit: 0.3, nothing: QUIET }),
  lipstream_barge_in_latency_seconds: new Histogram($("felt"), "Barge-in", { form, limit: 0.2, nothing: "Nobody interrupted in this time" }),
  lipstream_connection_seconds: new Histogram($("felt"), "Connection", { form, limit: 1, nothing: "Nobody came in this time" }),
  lipstream_av_skew_seconds: new Histogram($("felt"), "Skew of picture and sound", { form, limit: 0.04, nothing: QUIET }),
};
const batches = new Histogram($("machine"), "Frames of one call", { form: String, whole: true, nothing: "Nothing was computed in this time" });
const queue = new Histogram($("machine"), "Waiting for a device", { form, nothing: "Nothing was computed in this time" });
const devices = html("div", { class: "grid" });
$("machine").append(devices);

function draw() {
  const now = history.at(-1);
  const speakers = sum(now, "active_speakers");
  tile("sessions", String(sum(now, "concurrent_streams")), "", `${count(sum(now, "lipstream_viewers"), "viewer")}, room for ${now.maxSessions}`);
  tile("speakers", String(speakers), "", `${bits(sum(now, "lipstream_encoder_bitrate_bps"))} of ${count(sum(now, "lipstream_encoders"), "encoder")}`);
  const quality = sum(now, "video_quality_score");
  tile("quality", small(quality), "", quality >= 100 ? "the best there is" : "lowered for the load", quality < 60 ? "bad" : quality < 90 ? "warn" : "");
  const drawn = rate(now, "frame_processing_latency_seconds_count", { stage: "encode" }, 60);
  const late = drawn > 0 ? rate(now, "lipstream_late_frames_total", {}, 60) / drawn : 0;
  tile("late", percent(late), "", "of speech, last minute", late > 0.05 ? "bad" : late > 0.01 ? "warn" : "");
  const underruns = 60 * (rate(now, "audio_buffer_underruns_total", {}, 60) ?? 0);
  tile("underruns", small(underruns), "", "of live sound, last minute", underruns > 30 ? "bad" : underruns > 3 ? "warn" : "");
  tile("cpu", percent(sum(now, "process_cpu_usage")), "", `machine ${percent(sum(now, "system_cpu_usage"))}, ${sum(now, "system_cpu_count")} cores`);

  const over = (values) => history.map((reading) => ({ at: reading.at, values: (reading.drawn ??= {})[values.name] ??= values(reading) }));
  time.sessions.show(over(function sessions(r) { return [sum(r, "concurrent_streams"), sum(r, "active_speakers")]; }));
  time.losses.show(over(function losses(r) {
    return ["lipstream_late_frames_total", "lipstream_dropped_frames_total", "lipstream_missing_sounds_total", "audio_buffer_underruns_total"].map((name) => rate(r, name, {}, 3));
  }));
  time.quality.show(over(function score(r) { return [sum(r, "video_quality_score")]; }));
  time.refusals.show(over(function refusals(r) {
    return REFUSALS.map((reason) => {
      const each = rate(r, "lipstream_refusals_total", { reason }, 60);
      return each === null ? null : 60 * each;
    });
  }));
  time.machine.show(over(function machine(r) { return [sum(r, "process_cpu_usage"), sum(r, "system_cpu_usage")]; }));
  time.memory.show(over(function memory(r) { return [sum(r, "process_resident_memory_bytes"), sum(r, "jvm_memory_used_bytes", { area: "heap" }), sum(r, "lipstream_model_bytes")]; }));
  drawHistograms();
  drawDevices(now);
  drawSessions(now);
}

function drawHistograms() {
  for (const [stage, chart] of Object.entries(steps)) chart.show(buckets("frame_processing_latency_seconds", { stage }));
  for (const [name, chart] of Object.entries(felt)) chart.show(buckets(name));
  batches.show(buckets("lipstream_batch_frames"));
  queue.show(buckets("lipstream_queue_seconds"));
}

function drawDevices(now) {
  const names = samples(now, "lipstream_busy_ratio").map((each) => each.labels.device);
  devices.replaceChildren(...names.map((device) => {
    const of = (name) => sum(now, name, { device });
    const row = (name, ...content) => [html("dt", {}, name), html("dd", {}, ...content)];
    const gauge = (share) => {
      const filled = html("i");
      filled.style.width = `${100 * Math.min(1, share)}%`;
      return html("dd", { class: "gauge", "aria-hidden": "true" }, filled);
    };
    const used = of("lipstream_model_bytes");
    const budget = of("lipstream_budget_bytes");
    return html("figure", { class: "card device" }, html("figcaption", {}, html("h3", {}, device)),
      html("dl", {},
        ...row("Busy", percent(of("lipstream_busy_ratio"))), gauge(of("lipstream_busy_ratio")),
        ...row(count(of("lipstream_loaded_models"), "model"), `${bytes(used)} of ${bytes(budget)}`), gauge(budget > 0 ? used / budget : 0),
        ...row("Frames waiting", String(of("lipstream_queued_frames")))));
  }));
}

function drawSessions(now) {
  $("sessions-empty").hidden = now.sessions.length > 0;
  const known = (value, text) => (value > 0 ? text(value) : "–");
  $("sessions").replaceChildren(...now.sessions.map((s) => {
    const number = (text) => html("td", { class: "n" }, text);
    return html("tr", {}, html("td", {}, html("code", {}, s.name)), html("td", {}, s.avatar), html("td", {}, s.state), number(String(s.viewers)),
      number(known(s.bitrateBps, bits)), number(known(s.roundTripMillis, (v) => `${Math.round(v)} ms`)), number(percent(s.lostShare)),
      number(String(s.picturesShown)), number(String(s.mouthsLate)), number(known(s.firstPictureMillis, (v) => millis(v / 1000))));
  }));
}

// ---- the server's word

let lost = 0;

function health(state, text) {
  if ($("health").dataset.health !== state || $("health-text").textContent !== text) {
    $("health").dataset.health = state;
    $("health-text").textContent = text;
  }
}

function listen() {
  const events = new EventSource("/v1/ops");
  events.addEventListener("reading", (e) => {
    clearTimeout(lost);
    lost = setTimeout(() => health("lost", "The server does not answer"), LOST_AFTER_MS);
    history.push(JSON.parse(e.data));
    history.splice(0, history.length - KEPT);
    health(...(history.at(-1).draining ? ["draining", "Draining: no new sessions"] : ["live", "Taking sessions"]));
    if (!document.hidden) draw();
  });
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) {
      health("lost", "The server does not let this page in");
      setTimeout(listen, 5000);
    }
  };
}

for (const input of document.querySelectorAll('input[name="window"]')) {
  input.addEventListener("change", () => {
    window_ = input.value;
    if (history.length > 0) drawHistograms();
  });
}
document.addEventListener("visibilitychange", () => !document.hidden && history.length > 0 && draw());
await entered;
listen();
