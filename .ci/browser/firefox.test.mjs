// The page in a real Firefox, whose WebRTC is of other make than Chromium's and which never calls 127.0.0.1.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import { serve, spoken } from "./server.mjs";

const FIREFOX = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync);
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const WATCH = readFileSync(join(import.meta.dirname, "watch.js"), "utf8");
/** Of Ada's 1280x720 picture: the mouth, and as much of the forehead. */
const ADA = { mouth: [590, 345, 110, 75], still: [590, 175, 110, 30] };
const AUDIBLE = 0.004;
const PATIENCE = { timeout: 60_000 };

let server;
let browser;

before(async () => {
  server = await serve([]);
  browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    timeout: 180_000, // of its start, on a machine with other things to do
    extraPrefsFirefox: {
      "media.autoplay.default": 0,
      // A microphone, and nobody to ask for leave.
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      // Nothing is looked for beyond this machine, nor told there.
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "media.gmp-manager.updateEnabled": false,
      "app.update.enabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
    },
  });
});

after(async () => {
  await browser?.close();
  const code = await server?.stop();
  assert.equal(code, 0, `the server ends with 0 when it is told to stop\n${server?.log()}`);
});

/**
 * Ten times a second, how loud what was decoded since is: a Firefox without a sound card plays nothing that an
 * AudioContext could listen to, but counts the energy of what it decodes.
 */
const LISTEN = () => {
  const connections = [];
  window.heard = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...settings) {
      super(...settings);
      connections.push(this);
    }
  };
  let before = { totalAudioEnergy: 0, totalSamplesDuration: 0 };
  setInterval(async () => {
    const last = connections.at(-1);
    if (!last || last.connectionState === "closed") return;
    const now = [...(await last.getStats()).values()].find((s) => s.type === "inbound-rtp" && s.kind === "audio");
    if (!now) return;
    const seconds = now.totalSamplesDuration - before.totalSamplesDuration;
    const energy = now.totalAudioEnergy - before.totalAudioEnergy;
    window.heard.push({ rms: seconds > 0 ? Math.sqrt(energy / seconds) : 0, state: document.body.dataset.state });
    before = now;
  }, 100);
};
const state = (page, wanted) => page.waitForFunction((w) => document.body.dataset.state === w, PATIENCE, wanted);
const most = (values) => Math.max(0, ...values);

async function say(page, text) {
  await page.evaluate(() => document.querySelector('input[value="say"]').click());
  await page.type("#text", text);
  await page.keyboard.press("Enter");
  await state(page, "speaking");
}

/** What is seen and heard from now on for so long, or since it was last asked for. */
async function sampled(page, millis = 0) {
  const take = () => page.evaluate(() => ({ seen: window.samples.splice(0), heard: window.heard.splice(0) }));
  if (millis === 0) return take();
  await take();
  await new Promise((resolve) => setTimeout(resolve, millis));
  return take();
}
const loudest = (sampled) => most(sampled.heard.map((s) => s.rms));
const widest = (sampled) => most(sampled.seen.map((s) => s.dark));

/** A visitor whose page is live, and what the page complained of. */
async function visit() {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.setViewport({ width: 1280, height: 800 });
  await page.evaluateOnNewDocument(LISTEN);
  await page.goto(server.url);
  await page.waitForFunction(() => !document.getElementById("start").disabled, PATIENCE);
  await page.click("#start");
  await page.waitForFunction(() => document.body.dataset.phase === "live" && document.getElementById("video").videoWidth === 1280, PATIENCE);
  return { page, complaints };
}

async function leave(page) {
  await page.close();
  for (let i = 0; i < 300 && (await server.gauge("lipstream_sessions")) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await server.gauge("lipstream_sessions"), 0, "the session goes with its tab");
}

test("in Firefox the avatar is seen, heard, interrupted and left", async () => {
  const { page, complaints } = await visit();
  await page.evaluate(WATCH);
  await page.evaluate((rect) => window.watchAvatar(document.getElementById("video"), rect), ADA);

  await page.waitForFunction(() => window.samples.length > 5, PATIENCE);
  const idle = await sampled(page, 2000);
  assert.ok(idle.heard.length > 5 && loudest(idle) < AUDIBLE, `silent before: ${loudest(idle)}`);
  const closed = widest(idle);

  await say(page, "My mama moved away on Monday. How are you now? Oh, how wonderful.");
  await state(page, "idle");
  const speech = await sampled(page);
  const loud = speech.heard.filter((s) => s.state === "speaking" && s.rms > AUDIBLE);
  assert.ok(loud.length > 10, `heard in ${loud.length} samples of ${speech.heard.length}`);
  assert.ok(widest(speech) > closed + 0.02, `opens: ${widest(speech)} dark, ${closed} at rest`);

  await say(page, "This goes on and on. ".repeat(40));
  await page.waitForFunction((a) => window.heard.filter((s) => s.rms > a).length > 5, PATIENCE, AUDIBLE);
  await page.keyboard.press("Escape");
  await state(page, "idle");
  // What was on its way is heard and seen still, on a busy machine for a while, but not until all could have been said.
  await sampled(page);
  await page.waitForFunction(
    (audible, dark) => [window.heard.slice(-10), window.samples.slice(-10)].every((all) => all.length === 10 && all.every((s) => (s.rms ?? 0) < audible && (s.dark ?? 0) <= dark)),
    { timeout: 20_000 },
    AUDIBLE,
    closed + 0.02,
  );
  const rest = await sampled(page, 2000);
  assert.ok(rest.heard.length > 5 && loudest(rest) < AUDIBLE, `silent after the interruption: ${loudest(rest)}`);
  assert.ok(widest(rest) <= closed + 0.02, `closed after the interruption: ${widest(rest)} dark, ${closed} at rest`);
  assert.deepEqual(complaints, []);

  await leave(page);
});

/** What a microphone takes up: Firefox has one that hums, but none that says something. */
const SPEAK = (wav) => {
  navigator.mediaDevices.getUserMedia = async () => {
    const sound = new Audio(URL.createObjectURL(new Blob([Uint8Array.from(atob(wav), (c) => c.charCodeAt(0))], { type: "audio/wav" })));
    await sound.play();
    return sound.mozCaptureStream();
  };
};

test("in Firefox the microphone is heard and answered", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lipstream-firefox-"));
  const helper = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const wav = readFileSync(await spoken(await helper.newPage(), "Hello. What is your name?", folder));
  await helper.close();
  rmSync(folder, { recursive: true });

  const { page, complaints } = await visit();
  await page.evaluate(SPEAK, wav.toString("base64"));
  await page.click("#mic");
  await page.waitForFunction(() => document.querySelector("#turns li.you p")?.textContent.includes("name"), PATIENCE);
  await page.waitForFunction(() => document.querySelector("#turns li.avatar p")?.textContent.length > 3, PATIENCE);
  assert.deepEqual(complaints, []);
  await leave(page);
});
