// A front end as people wrote them for LiveTalking, served from where its calls go, in a real Chromium.
// LIVETALKING_WEB=FOLDER drives LiveTalking's own page instead: the folder web/ of its repository.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { otherSite, serve } from "./server.mjs";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const WATCH = readFileSync(join(import.meta.dirname, "watch.js"), "utf8");
const THEIRS = process.env.LIVETALKING_WEB;
const ADA = { mouth: [590, 345, 110, 75], still: [590, 175, 110, 30] };
const AUDIBLE = 0.004;
const PATIENCE = 60_000;
const TEXT = "My mama moved away on Monday. How are you now? Oh, how wonderful.";

let server;
let site;
let browser;

before(async () => {
  site = await otherSite("<!doctype html><title>Front end elsewhere</title>", "");
  server = await serve([site.origin], { more: "livetalking_api: true, " });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
});

after(async () => {
  await browser?.close();
  site?.close();
  assert.equal(await server?.stop(), 0, server?.log());
});

/** The front end, connected, with its first picture. */
async function open(t) {
  const page = await browser.newPage();
  t.after(() => page.close());
  const url = server.url.replace(/\/$/, "");
  await page.route("**/*", async (route) => {
    const asked = new URL(route.request().url());
    const file = THEIRS ? join(THEIRS, asked.pathname) : join(import.meta.dirname, "front-end.html");
    if (asked.origin !== url) await route.abort();
    else if (route.request().method() === "GET" && asked.pathname.endsWith(".html") && statSync(file, { throwIfNoEntry: false })?.isFile())
      await route.fulfill({ body: readFileSync(file), contentType: "text/html; charset=utf-8" });
    else await route.continue();
  });
  await page.goto(`${url}/index.html`, { waitUntil: "domcontentloaded" });
  await page.evaluate(() => void start());
  await page.waitForFunction(() => document.getElementById("video").videoWidth > 0, null, { timeout: PATIENCE });
  await page.evaluate(WATCH);
  await page.evaluate((rect) => {
    window.watchAvatar(document.getElementById("video"), rect);
    window.told = [];
    const events = new EventSource(`/sse?sessionid=${sessionid}`);
    events.onmessage = (event) => window.told.push(JSON.parse(event.data));
    return new Promise((resolve) => (events.onopen = resolve)).then(() => undefined);
  }, ADA);
  return page;
}

/** Does something in the page and returns what its call was answered. */
async function answered(page, path, act) {
  const [response] = await Promise.all([page.waitForResponse((r) => new URL(r.url()).pathname === path), page.evaluate(act)]);
  return response.json();
}

async function say(page, type, text) {
  await page.fill("#txtMessage", text);
  await page.selectOption("#txtType", type);
  assert.deepEqual(await answered(page, "/human", () => void sendText()), { code: 0, msg: "ok" });
}

/** Waits until the avatar speaks, or does not. */
async function speaking(page, wanted) {
  for (const end = Date.now() + PATIENCE; ; await page.waitForTimeout(50)) {
    const answer = await page.evaluate(async () => {
      const body = JSON.stringify({ sessionid: String(sessionid) });
      return (await fetch("/is_speaking", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
    });
    if (answer.data === wanted) return;
    assert.ok(Date.now() < end, `is_speaking is ${JSON.stringify(answer)}`);
  }
}

/** Waits until the avatar has begun and ended to speak, as it tells, since the events were looked at last. */
async function spoken(page) {
  await page.waitForFunction(() => window.told.slice(window.toldAt ?? 0).some((each) => each.status === "end"), null, { timeout: 2 * PATIENCE });
  await page.evaluate(() => (window.toldAt = window.told.length));
}

/** Waits until what was on its way was heard: nothing is for a second. */
async function silent(page) {
  await samples(page);
  await page.waitForFunction((audible) => window.samples.length >= 10 && window.samples.slice(-10).every((s) => s.rms < audible), AUDIBLE, { timeout: PATIENCE / 3 });
  await samples(page);
}

const samples = (page) => page.evaluate(() => window.samples.splice(0));
const most = (values) => Math.max(0, ...values);

test("a text is heard and seen spoken, and told from its start to its end", async (t) => {
  const page = await open(t);
  assert.equal(await page.evaluate(() => document.getElementById("video").videoWidth), 1280);
  await page.waitForTimeout(2000);
  const idle = await samples(page);
  await say(page, "echo", TEXT);
  await speaking(page, true);
  await speaking(page, false);
  const loud = (await samples(page)).filter((s) => s.rms > AUDIBLE);
  assert.ok(most(idle.map((s) => s.rms)) < AUDIBLE, "silent before");
  assert.ok(loud.length > 10, `heard in ${loud.length} samples`);
  t.diagnostic(`dark: ${most(idle.map((s) => s.dark))} at rest, ${most(loud.map((s) => s.dark))} while heard`);
  const closed = most(idle.map((s) => s.dark));
  assert.ok(most(loud.map((s) => s.dark)) > closed + 0.02, `opens: ${most(loud.map((s) => s.dark))} dark, ${closed} at rest`);
  await page.waitForFunction(() => window.told.length > 1, null, { timeout: PATIENCE });
  assert.deepEqual(await page.evaluate(() => window.told), [
    { status: "start", text: "" },
    { status: "end", text: TEXT },
  ]);
  // Older front ends send the id as a number.
  const old = await page.evaluate(async () => {
    const body = JSON.stringify({ sessionid: parseInt(sessionid), audiotype: 2, reinit: false });
    return (await fetch("/set_audiotype", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
  });
  assert.deepEqual(old, { code: 0, msg: "ok" });
});

test("a chat is answered, and an interruption stops it", async (t) => {
  const page = await open(t);
  await say(page, "chat", "Hello, who are you?");
  await page.waitForFunction(() => window.told.some((each) => each.status === "start"), null, { timeout: PATIENCE });
  await page.waitForFunction((audible) => window.samples.some((s) => s.rms > audible), AUDIBLE, { timeout: PATIENCE });
  assert.deepEqual(await answered(page, "/interrupt_talk", () => void interrupt()), { code: 0, msg: "ok" });
  await speaking(page, false);
  await silent(page);
  await page.waitForTimeout(1000);
  assert.ok(most((await samples(page)).map((s) => s.rms)) < AUDIBLE, "silent afterwards");
});

test("a sound that is uploaded is heard", async (t) => {
  const page = await open(t);
  await page.setInputFiles("#audioFile", { name: "tone.wav", mimeType: "audio/wav", buffer: tone(2) });
  assert.deepEqual(await answered(page, "/humanaudio", () => void uploadAudio()), { code: 0, msg: "ok" });
  await page.waitForFunction((audible) => window.samples.some((s) => s.rms > audible), AUDIBLE, { timeout: PATIENCE });
});

test("what is seen and heard is recorded", async (t) => {
  const page = await open(t);
  assert.deepEqual(await answered(page, "/record", () => void toggleRecord()), { code: 0, msg: "ok" });
  await say(page, "echo", "This is being recorded.");
  await spoken(page);
  assert.deepEqual(await answered(page, "/record", () => void toggleRecord()), { code: 0, msg: "ok" });
  const seen = await page.evaluate(async () => {
    const answer = await fetch(`/record/${sessionid}`);
    const bytes = await answer.arrayBuffer();
    const video = document.createElement("video");
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    await new Promise((done, failed) => {
      video.onloadeddata = done;
      video.onerror = () => failed(new Error(video.error.message));
    });
    const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes);
    return { type: answer.headers.get("content-type"), width: video.videoWidth, seconds: video.duration, loudest: sound.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0) };
  });
  assert.equal(seen.type, "video/mp4");
  assert.equal(seen.width, 1280);
  assert.ok(seen.seconds > 1 && seen.seconds < 60, `${seen.seconds} s`);
  assert.ok(seen.loudest > 0.05, `loudest ${seen.loudest}`);
});

test("an avatar that is not there is refused, and another one comes", async (t) => {
  const page = await open(t);
  const refused = await page.evaluate(async () => {
    const body = JSON.stringify({ sdp: pc.localDescription.sdp, type: "offer", avatar: "nobody" });
    return (await fetch("/offer", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
  });
  assert.equal(refused.code, -1);
  assert.match(refused.msg, /nobody/);
  await page.evaluate(() => stop());
  await page.fill("#offerAvatar", "tiny");
  await page.evaluate(() => void start());
  await page.waitForFunction(() => document.getElementById("video").videoWidth === 256, null, { timeout: PATIENCE });
});

test("a front end of another origin is answered where that is allowed, and nowhere else", async (t) => {
  const page = await browser.newPage();
  t.after(() => page.close());
  const call = () =>
    page.evaluate(
      (url) =>
        fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"sessionid": "1"}' }).then(
          async (answer) => (await answer.json()).code,
          () => "refused",
        ),
      `${server.url.replace(/\/$/, "")}/is_speaking`,
    );
  await page.goto(site.origin);
  assert.equal(await call(), -1);
  await page.goto("data:text/html,<title>Elsewhere</title>");
  assert.equal(await call(), "refused");
});

/** A WAV of 16 kHz. */
function tone(seconds) {
  const samples = 16000 * seconds;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(16000, 24);
  wav.writeUInt32LE(32000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 220 * i) / 16000)), 44 + 2 * i);
  return wav;
}
