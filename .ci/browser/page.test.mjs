// The page in a real Chromium against the real server, with Ada: nothing is faked but the microphone's device.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { freePort, otherSite, serve, spoken } from "./server.mjs";

const require = createRequire(import.meta.url);
const AXE = require.resolve("axe-core/axe.min.js");
const WHEP = readFileSync(require.resolve("whip-whep/whep.js"), "utf8");
const WATCH = readFileSync(join(import.meta.dirname, "watch.js"), "utf8");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
/** Of Ada's 1280x720 picture: the mouth, and as much of the forehead. */
const ADA = { mouth: [590, 345, 110, 75], still: [590, 175, 110, 30] };
const AUDIBLE = 0.004;
const PATIENCE = 60_000;

let server;
let site;
let browser;
const folder = mkdtempSync(join(tmpdir(), "lipstream-page-"));

function launch(...flags) {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", ...flags],
  });
}

before(async () => {
  site = await otherSite('<!doctype html><title>Player</title><video autoplay muted playsinline></video><script type="module" src="/whep.js"></script>', `${WHEP}\nwindow.WHEPClient = WHEPClient;`);
  server = await serve([site.origin]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.close();
  const code = await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  assert.equal(code, 0, `the server ends with 0 when it is told to stop\n${server?.log()}`);
});

/** A fresh visitor on the page, who leaves with the test. */
async function visit(t, options = {}, from = browser, where = server) {
  const context = await from.newContext({ viewport: { width: 1280, height: 800 }, permissions: ["microphone"], ...options });
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.addInitScript(noteStates);
  const complaints = [];
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  const sessions = [];
  page.on("response", async (r) => {
    if (r.request().method() === "POST" && r.url().endsWith("/v1/sessions") && r.ok()) sessions.push((await r.json()).id);
  });
  await page.goto(where.url);
  await page.waitForFunction(() => !document.getElementById("start").disabled);
  return { context, page, complaints, sessions };
}

async function start(page) {
  await page.click("#start");
  await live(page);
}
const live = (page) => page.waitForFunction(() => document.body.dataset.phase === "live" && document.getElementById("video").videoWidth > 0, null, { timeout: PATIENCE });
/** Runs in the page: keeps all states and phases it was in, for a short one is over before a busy machine looks. */
function noteStates() {
  window.states = [];
  window.phases = [];
  window.stateAt = 0;
  new MutationObserver(() => {
    const { state, phase } = document.body?.dataset ?? {};
    if (state && state !== window.states.at(-1)) window.states.push(state);
    if (phase && phase !== window.phases.at(-1)) window.phases.push(phase);
  }).observe(document, { attributes: true, childList: true, subtree: true, attributeFilter: ["data-state", "data-phase"] });
}
/** Waits until the page was in a state, after the one that was waited for before. */
const state = (page, ...wanted) =>
  page.waitForFunction(
    (w) => {
      const at = window.states.findIndex((each, i) => i >= window.stateAt && w.includes(each));
      if (at >= 0) window.stateAt = at;
      return at >= 0;
    },
    wanted,
    { timeout: PATIENCE },
  );
const watch = async (page) => {
  await page.evaluate(WATCH);
  await page.evaluate((rect) => watchAvatar(document.getElementById("video"), rect), ADA);
};
const samples = (page) => page.evaluate(() => window.samples.splice(0));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
/** How much the opening of the mouth varies. */
const deviation = (of) => {
  const mean = of.reduce((sum, s) => sum + s.dark, 0) / of.length;
  return Math.sqrt(of.reduce((sum, s) => sum + (s.dark - mean) ** 2, 0) / of.length);
};
const most = (values) => Math.max(0, ...values);
/** Waits until what was on its way to the page was heard and seen: nothing is heard and the mouth rests for a second. */
const quiet = async (page, closed) => {
  await samples(page);
  await page.waitForFunction(
    ([audible, dark]) => window.samples.length >= 10 && window.samples.slice(-10).every((s) => s.rms < audible && s.dark <= dark),
    [AUDIBLE, closed + 0.02],
    { timeout: PATIENCE / 3 },
  );
  await samples(page);
};
/** Waits until something that is told to this program is there. */
async function until(what, reached) {
  for (const end = Date.now() + PATIENCE; !(await reached()); await new Promise((resolve) => setTimeout(resolve, 50))) assert.ok(Date.now() < end, `no ${what}`);
}

test("the mouth moves while the avatar is heard, and is closed before and after", async (t) => {
  const { page, complaints } = await visit(t);
  await start(page);
  await watch(page);
  await page.waitForTimeout(2500);
  const idle = await samples(page);

  await page.check('input[value="say"]', { force: true });
  await page.fill("#text", "My mama moved away on Monday. How are you now? Oh, how wonderful.");
  await page.keyboard.press("Enter");
  await state(page, "speaking");
  await state(page, "idle");
  const speech = (await samples(page)).filter((s) => s.state === "speaking");
  const closed = most(idle.map((s) => s.dark));
  await quiet(page, closed);
  await page.waitForTimeout(2500);
  const rest = await samples(page);

  const loud = speech.filter((s) => s.rms > AUDIBLE);
  assert.ok(most(idle.map((s) => s.rms)) < AUDIBLE, "silent before");
  assert.ok(loud.length > 10, `heard in ${loud.length} samples of ${speech.length}`);
  assert.ok(most(rest.map((s) => s.rms)) < AUDIBLE, "silent after");
  assert.ok(most(loud.map((s) => s.dark)) > closed + 0.02, `opens: ${most(loud.map((s) => s.dark))} dark, ${closed} at rest`);
  assert.ok(most(rest.map((s) => s.dark)) <= closed + 0.02, "closed after");
  // The head moves a little all the time; what speech adds is in the mouth.
  // Where a busy machine showed no new picture nothing moved at all.
  const moves = (all, part) => median(all.filter((s) => s.moved + s.still > 0).map((s) => s[part]));
  const gain = (part) => moves(loud, part) / moves(idle, part);
  assert.ok(gain("moved") > gain("still"), `the mouth's region moves ${gain("moved")} times as much as at rest, the forehead ${gain("still")}`);
  assert.ok(deviation(loud) > 3 * deviation(idle), `opens and closes: ${deviation(loud)}, at rest ${deviation(idle)}`);
  assert.match(await page.textContent("#turns"), /My mama moved away on Monday\./);
  assert.deepEqual(complaints, []);
});

test("an interruption stops voice and mouth, and what was heard is kept", async (t) => {
  const { page, complaints } = await visit(t);
  await start(page);
  await watch(page);
  await page.waitForTimeout(1500);
  const closed = most((await samples(page)).map((s) => s.dark));
  await page.check('input[value="say"]', { force: true });
  await page.fill("#text", "This goes on and on. ".repeat(40));
  await page.keyboard.press("Enter");
  await state(page, "speaking");
  await page.waitForFunction((a) => window.samples.filter((s) => s.rms > a).length > 5, AUDIBLE, { timeout: PATIENCE });

  await page.keyboard.press("Escape");
  await state(page, "idle");
  await quiet(page, closed); // long before all of it could have been said
  await page.waitForTimeout(2000);
  const rest = await samples(page);

  assert.ok(most(rest.map((s) => s.rms)) < AUDIBLE, "silent");
  assert.ok(most(rest.map((s) => s.dark)) <= closed + 0.02, "closed");
  await page.waitForFunction(() => document.querySelector("#turns em")?.textContent === "interrupted");
  const turns = await page.locator("#turns li.avatar p").last().textContent();
  assert.ok(turns.length < "This goes on and on. ".length * 39, `only what was heard is kept: ${turns}`);
  assert.deepEqual(complaints, []);
});

test("the microphone is heard and answered", async (t) => {
  const helper = await browser.newPage();
  const wav = await spoken(helper, "Hello. What is your name?", folder);
  await helper.close();
  const speaking = await launch(`--use-file-for-fake-audio-capture=${wav}`);
  try {
    const { page } = await visit(t, {}, speaking);
    await start(page);
    await page.click("#mic");
    await state(page, "listening");
    await page.waitForFunction(() => document.querySelector("#turns li.you"), null, { timeout: PATIENCE });
    await state(page, "speaking");
    await page.waitForFunction(() => document.querySelector("#turns li.avatar p")?.textContent.length > 3, null, { timeout: PATIENCE });
    assert.equal(await page.getAttribute("#mic", "aria-pressed"), "true");
  } finally {
    await speaking.close();
  }
});

test("who holds the microphone's button is heard while it is held", async (t) => {
  const helper = await browser.newPage();
  const wav = await spoken(helper, "Hello. What is your name?", folder);
  await helper.close();
  const speaking = await launch(`--use-file-for-fake-audio-capture=${wav}`);
  try {
    const { page } = await visit(t, {}, speaking);
    await start(page);
    const mic = (open) => page.waitForFunction((o) => document.body.dataset.mic === o, open ? "open" : "closed", { timeout: PATIENCE });
    await page.hover("#mic");
    await page.mouse.down();
    await mic(true);
    await state(page, "listening");
    await page.waitForTimeout(2000); // the sentence is said
    assert.equal(await page.getAttribute("body", "data-mic"), "open", "open as long as it is held");
    await page.mouse.up();
    await mic(false);
    await page.waitForFunction(() => document.querySelector("#turns li.you p")?.textContent.length > 1, null, { timeout: PATIENCE });
    await state(page, "speaking");
    await page.keyboard.press("Escape");
    await state(page, "idle");

    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.down("Space");
    await mic(true);
    await page.keyboard.up("Space");
    await mic(false);
  } finally {
    await speaking.close();
  }
});

test("a connection that breaks is made again in the same session", async (t) => {
  const { page, sessions } = await visit(t);
  const resources = [];
  page.on("response", (r) => r.request().method() === "POST" && r.url().endsWith("/whep") && resources.push(r.headers().location));
  await start(page);
  await until("connection", () => resources.length > 0);
  assert.equal((await fetch(server.url + resources[0], { method: "DELETE", headers: server.key })).status, 200);
  await page.waitForFunction(() => window.phases.includes("reconnecting"), null, { timeout: PATIENCE });
  await live(page);
  await until("second connection", () => resources.length >= 2);
  assert.equal(resources.length, 2);
  assert.equal(sessions.length, 1);
  const shown = await page.evaluate(() => document.getElementById("video").getVideoPlaybackQuality().totalVideoFrames);
  await page.waitForFunction((n) => document.getElementById("video").getVideoPlaybackQuality().totalVideoFrames > n + 25, shown, { timeout: PATIENCE });
});

test("a server that is started again is found again", async (t) => {
  const first = await serve([], { port: await freePort() });
  let second;
  try {
    const { page } = await visit(t, {}, browser, first);
    await start(page);
    assert.equal(await first.stop(), 0);
    await page.waitForFunction(() => window.phases.includes("reconnecting") || document.body.dataset.phase === "start", null, { timeout: PATIENCE });
    second = await serve([], { port: new URL(first.url).port });
    // The session ended with the server; the page says so and offers another.
    await page.waitForFunction(() => document.body.dataset.phase === "start" && !document.getElementById("notice").hidden, null, { timeout: 2 * PATIENCE });
    assert.match(await page.textContent("#notice"), /ended|no session/);
    await start(page);
    assert.ok(await page.isHidden("#notice"));
  } finally {
    await second?.stop();
  }
});

test("over https, page, picture, sound and events come as well", async (t) => {
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
    "-addext", "subjectAltName=DNS:localhost", "-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")], { stdio: "pipe" });
  const secure = await serve([], { tls: folder });
  try {
    assert.match(secure.url, /^https:/);
    const { page, complaints } = await visit(t, { ignoreHTTPSErrors: true }, browser, secure);
    await start(page);
    await watch(page);
    await page.check('input[value="say"]', { force: true });
    await page.fill("#text", "Nobody else can read this.");
    await page.keyboard.press("Enter");
    await state(page, "speaking");
    await state(page, "idle");
    assert.ok(most((await samples(page)).map((s) => s.rms)) > AUDIBLE, "heard");
    assert.match(await page.textContent("#turns li.avatar p"), /Nobody else can read this\./);
    assert.deepEqual(complaints, []);
  } finally {
    await secure.stop();
  }
});

test("a browser restarts ICE and goes on with its connection", async (t) => {
  const { page } = await visit(t);
  const outcome = await page.evaluate(async () => {
    const ask = (method, path, type, body, more = {}) => fetch(path, { method, body, headers: { "content-type": type, ...more } });
    const { whep } = await (await ask("POST", "/v1/sessions", "application/json", "{}")).json();
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    const video = Object.assign(document.createElement("video"), { muted: true });
    peer.ontrack = (e) => {
      video.srcObject ??= new MediaStream();
      video.srcObject.addTrack(e.track);
      video.play().catch(() => {});
    };
    const until = async (done) => {
      while (!done()) await new Promise((r) => setTimeout(r, 50));
    };
    const frames = () => video.getVideoPlaybackQuality().totalVideoFrames;
    const line = (sdp, name) => sdp.match(new RegExp(`^a=${name}:(.*?)\\r?$`, "m"))[1];
    await peer.setLocalDescription();
    const created = await ask("POST", whep, "application/sdp", peer.localDescription.sdp);
    const answer = await created.text();
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
    await until(() => frames() > 10);

    peer.restartIce();
    await peer.setLocalDescription();
    const offer = peer.localDescription.sdp;
    const fragment = `a=ice-ufrag:${line(offer, "ice-ufrag")}\r\na=ice-pwd:${line(offer, "ice-pwd")}\r\n`;
    const resource = created.headers.get("location");
    const stale = await ask("PATCH", resource, "application/trickle-ice-sdpfrag", fragment, { "if-match": '"older"' });
    const restarted = await ask("PATCH", resource, "application/trickle-ice-sdpfrag", fragment, { "if-match": "*" });
    const theirs = await restarted.text();
    let merged = answer;
    for (const name of ["ice-ufrag", "ice-pwd"]) merged = merged.replaceAll(line(answer, name), line(theirs, name));
    await peer.setRemoteDescription({ type: "answer", sdp: merged });
    const states = [];
    peer.oniceconnectionstatechange = () => states.push(peer.iceConnectionState);
    const selected = () => peer.getReceivers()[0].transport.iceTransport.getSelectedCandidatePair();
    await until(() => selected()?.local.usernameFragment === line(offer, "ice-ufrag"));
    const shown = frames();
    await until(() => frames() > shown + 50);
    peer.close();
    return { stale: stale.status, restarted: restarted.status, tags: [created.headers.get("etag"), restarted.headers.get("etag")], states, end: peer.iceConnectionState };
  });
  assert.equal(outcome.stale, 412);
  assert.equal(outcome.restarted, 200);
  assert.notEqual(outcome.tags[0], outcome.tags[1]);
  assert.ok(!outcome.states.includes("failed"), `${outcome.states}`);
});

test("a reload leaves no session behind", async (t) => {
  const { page, sessions } = await visit(t);
  await start(page);
  await until("session", () => sessions.length > 0);
  assert.equal(sessions.length, 1);
  await page.reload();
  await assertGone(sessions[0]);
  assert.equal(await page.getAttribute("body", "data-phase"), "start");
});

test("a closed tab leaves no session behind", async (t) => {
  const { page, sessions } = await visit(t);
  await start(page);
  await until("session", () => sessions.length > 0);
  await page.close({ runBeforeUnload: false });
  await assertGone(sessions[0]);
});

async function assertGone(id) {
  const until = async (done) => {
    for (let i = 0; i < PATIENCE / 100 && !(await done()); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    return done();
  };
  assert.ok(await until(async () => (await fetch(`${server.url}/v1/sessions/${id}`, { headers: server.key })).status === 404), "the session is gone");
  assert.ok(await until(async () => (await server.gauge("lipstream_sessions")) === 0), "no other is left over");
  assert.ok(await until(async () => (await server.gauge("lipstream_viewers")) === 0), "no connection is left over");
}

test("the keyboard alone is enough", async (t) => {
  const { page } = await visit(t);
  const focused = () => page.evaluate(() => document.activeElement?.id);
  for (let i = 0; i < 12 && (await focused()) !== "start"; i++) await page.keyboard.press("Tab");
  assert.equal(await focused(), "start");
  await page.keyboard.press("Enter");
  await live(page);
  assert.equal(await focused(), "text", "after the start the text box waits");
  await page.keyboard.type("Hello, who are you?");
  await page.keyboard.press("Enter");
  await state(page, "thinking", "speaking");
  await state(page, "speaking");
  await page.keyboard.press("Escape");
  await state(page, "idle");
  for (let i = 0; i < 4 && (await focused()) !== "mic"; i++) await page.keyboard.press("Tab");
  assert.equal(await focused(), "mic");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("mic").getAttribute("aria-pressed") === "true");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("mic").getAttribute("aria-pressed") === "false");
  for (let i = 0; i < 14 && (await focused()) !== "settings-open"; i++) await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(), "settings-open");
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("dialog"));
  await page.keyboard.press("Escape");
  assert.ok(await page.isHidden("dialog"));
  assert.equal(await focused(), "settings-open", "the focus returns to where it was");
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds no serious fault, ${colorScheme}`, async (t) => {
    // The page's policy lets no foreign script in.
    const { page } = await visit(t, { colorScheme, bypassCSP: true, reducedMotion: "reduce" });
    await page.addScriptTag({ path: AXE });
    const faults = async (where) => {
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      return found.violations
        .filter((v) => v.impact === "serious" || v.impact === "critical")
        .map((v) => `${where}: ${v.id} ${v.help}: ${v.nodes.map((n) => n.html).join(" ")}`);
    };
    assert.deepEqual(await faults("start"), []);
    await start(page);
    await page.click("#conversation-toggle");
    await page.click("#numbers-toggle");
    assert.deepEqual(await faults("live"), []);
    await page.click("#settings-open");
    assert.deepEqual(await faults("settings"), []);
    });
}

test("a player of somebody else's, on somebody else's site, plays a session", async () => {
  const created = await fetch(`${server.url}/v1/sessions`, { method: "POST", headers: { "content-type": "application/json", ...server.key }, body: "{}" });
  assert.equal(created.status, 201);
  const { id, whep, token } = await created.json();
  const page = await browser.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => window.WHEPClient);
  await page.evaluate(async ([url, token]) => {
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.addTransceiver("video", { direction: "recvonly" });
    const stream = new MediaStream();
    peer.ontrack = (e) => {
      stream.addTrack(e.track);
      document.querySelector("video").srcObject = stream;
    };
    window.player = new WHEPClient();
    await window.player.view(peer, url, token);
  }, [server.url + whep, token]);
  await page.waitForFunction(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 25, null, { timeout: PATIENCE });
  assert.equal(await page.evaluate(() => document.querySelector("video").videoWidth), 1280);
  await page.evaluate(() => window.player.stop());
  await page.close();
  assert.equal((await fetch(`${server.url}/v1/sessions/${id}`, { method: "DELETE", headers: server.key })).status, 204);
});

test("pages of other sites cannot drive the server", async () => {
  const page = await browser.newPage();
  await page.goto(`data:text/html,<title>Elsewhere</title>`);
  // Sessions of visitors who left may still be on their way out.
  await until("empty server", async () => (await server.gauge("lipstream_sessions")) === 0);
  const outcome = await page.evaluate(
    (url) => fetch(url, { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" }).then(() => "answered", () => "refused"),
    `${server.url}/v1/sessions`,
  );
  assert.equal(outcome, "refused");
  assert.equal(await server.gauge("lipstream_sessions"), 0);
  await page.close();
});

// Makes the pictures of docs/; it checks nothing.
if (process.env.LIPSTREAM_PICTURES) test("screenshots", async (t) => {
  const shots = [
    ["page", { width: 1440, height: 900 }, "light"],
    ["page-dark", { width: 1440, height: 900 }, "dark"],
    ["page-phone", { width: 390, height: 844 }, "light"],
    ["page-phone-dark", { width: 390, height: 844 }, "dark"],
  ];
  for (const [name, viewport, colorScheme] of shots) {
    const { page } = await visit(t, { viewport, colorScheme, deviceScaleFactor: name.includes("phone") ? 2 : 1 });
    const shot = (suffix) => page.screenshot({ path: join(process.env.LIPSTREAM_PICTURES, `${name}${suffix}.jpg`), type: "jpeg", quality: 84 });
    await page.waitForFunction(() => [...document.images].every((image) => image.hidden || (image.complete && image.naturalWidth > 0)));
    if (colorScheme === "light") await shot("-start");
    await start(page);
    if (viewport.width > 1000) await page.click("#numbers-toggle");
    await page.fill("#text", "Hello, who are you?");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("#caption span").length > 7, null, { timeout: PATIENCE });
    await shot("");
    }
});
