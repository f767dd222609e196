// The pages for those who run the server and for those who make avatars, in a real Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const PATIENCE = 60_000;
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

const folder = mkdtempSync(join(tmpdir(), "lipstream-boards-"));
let server;
let browser;

before(async () => {
  server = await serve([]);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
  assert.equal(await server?.stop(), 0, server?.log());
});

async function visit(t, path, options = {}) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.goto(server.url + path);
  return { page, complaints };
}

/** Somebody on the talk page, whose avatar begins to speak. */
async function talk(t, text = "This is said so that there is something to see. ".repeat(4)) {
  const { page } = await visit(t, "/");
  await page.waitForFunction(() => !document.getElementById("start").disabled);
  await page.click("#start");
  await page.waitForFunction(() => document.body.dataset.phase === "live", null, { timeout: PATIENCE });
  const say = async () => {
    await page.check('input[value="say"]', { force: true });
    await page.fill("#text", text);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.body.dataset.state === "speaking", null, { timeout: PATIENCE });
  };
  await say();
  return { page, say };
}

const live = (page) => page.waitForFunction(() => document.getElementById("health").dataset.health === "live", null, { timeout: PATIENCE });
const faults = async (page) => {
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id} ${v.help}: ${v.nodes.map((n) => n.html).join(" ")}`);
};
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

test("the page of operations shows sessions, speakers and how long things take", async (t) => {
  const { page, complaints } = await visit(t, "/ops");
  await live(page);
  assert.match(await page.textContent("#sessions-empty"), /Nobody is here/);
  const visitor = await talk(t);
  await page.waitForFunction(() => document.querySelector("#sessions td:nth-child(3)")?.textContent === "speaking", null, { timeout: PATIENCE });
  const tile = (n) => page.textContent(`.tile:nth-child(${n}) .value`);
  assert.equal(await tile(1), "1");
  assert.equal(await tile(2), "1");
  await page.waitForFunction(() => [...document.querySelectorAll("#steps svg")].every((svg) => /95 percent (below|over) \S+/.test(svg.getAttribute("aria-label"))), null, { timeout: PATIENCE });
  const names = await page.locator("#steps h3").allTextContents();
  assert.deepEqual(names, ["Features", "Inference, with waiting", "Paste", "Encode"]);
  assert.match(await page.getAttribute("#felt figure:first-child svg", "aria-label"), /First picture: half (below|over) \d/);
  const gauge = await page.evaluate(() => [...document.querySelectorAll("#machine .gauge")].map((all) => all.firstChild.offsetWidth / all.offsetWidth));
  assert.equal(gauge.length, 2, "one device: how busy it is, and its memory");
  assert.ok(gauge[1] > 0 && gauge[1] < 0.9, `models take ${gauge[1]} of the memory`);

  await visitor.say(); // Else the words may be over by now.
  await visitor.page.keyboard.press("Escape");
  await page.waitForFunction(() => /Barge-in: half (below|over)/.test(document.querySelector("#felt figure:nth-child(2) svg").getAttribute("aria-label")), null, { timeout: PATIENCE });
  await page.hover("#time svg", { position: { x: 300, y: 60 } });
  await visitor.page.close();
  await page.waitForFunction(() => document.querySelectorAll("#sessions tr").length === 0, null, { timeout: PATIENCE });
  assert.deepEqual(complaints, []);
});

test("the page of operations says when the server drains and when it is gone", async (t) => {
  const own = await serve([], { more: "drain_sessions_seconds: 120, " });
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${own.url}/ops`);
  await live(page);
  const created = await fetch(`${own.url}/v1/sessions`, { method: "POST", headers: { "content-type": "application/json", ...own.key }, body: '{"avatar": "tiny"}' });
  const { id } = await created.json();
  const stopped = own.stop();
  await page.waitForFunction(() => document.getElementById("health").dataset.health === "draining", null, { timeout: PATIENCE });
  await fetch(`${own.url}/v1/sessions/${id}`, { method: "DELETE", headers: own.key });
  assert.equal(await stopped, 0);
  await page.waitForFunction(() => document.getElementById("health").dataset.health === "lost", null, { timeout: PATIENCE });
});

test("the studio shows avatars, renders a clip and plays it", async (t) => {
  const { page, complaints } = await visit(t, "/studio");
  await page.waitForFunction(() => document.querySelectorAll("#avatars li").length > 1);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0), null, { timeout: PATIENCE });
  await page.click('#avatars li:nth-child(2) button');
  assert.notEqual(await page.inputValue("#avatar"), await page.evaluate(() => document.querySelector("#avatar option").value));
  await page.selectOption("#avatar", "ada");
  await page.fill("#text", "Hello there.");
  await page.click("#render");
  await page.waitForFunction(() => !document.getElementById("video").hidden || !document.getElementById("clip-wrong").hidden, null, { timeout: 2 * PATIENCE });
  assert.equal(await page.isVisible("#clip-wrong"), false, await page.textContent("#clip-wrong"));
  await page.waitForFunction(() => document.getElementById("video").getVideoPlaybackQuality().totalVideoFrames > 10, null, { timeout: PATIENCE });
  assert.match(await page.textContent("#clip-note"), /^\d+\.\d s, \d+ pictures/);
  const link = page.waitForEvent("download");
  await page.click("#download");
  assert.equal((await link).suggestedFilename(), "ada.mp4");
  assert.deepEqual(complaints, []);
});

test("an avatar is brought in with its progress, and one that is none is refused with the reason", async (t) => {
  const zip = join(folder, "Tiny Two.zip");
  const two = join(folder, "tiny-two");
  cpSync(join(import.meta.dirname, "..", "..", "avatars", "tiny"), two, { recursive: true });
  writeFileSync(join(two, "avatar.yaml"), readFileSync(join(two, "avatar.yaml"), "utf8").replace(/^name: tiny$/m, "name: tiny-two").replace("title: Tiny", "title: Tiny two"));
  execFileSync("python3", ["-m", "zipfile", "-c", zip, `${two}/.`]);
  const none = join(folder, "none.zip");
  writeFileSync(none, "this is no archive");
  const { page } = await visit(t, "/studio");
  await page.waitForFunction(() => document.querySelectorAll("#avatars li").length > 1);
  await page.setInputFiles("#file", none);
  assert.equal(await page.inputValue("#name"), "none");
  await page.click("#import-go");
  await page.waitForFunction(() => !document.getElementById("import-wrong").hidden, null, { timeout: PATIENCE });
  assert.ok((await page.textContent("#import-wrong")).length > 20);

  await page.fill("#name", "");
  await page.setInputFiles("#file", zip);
  assert.equal(await page.inputValue("#name"), "tiny-two");
  await page.click("#import-go");
  await page.waitForFunction(() => /tiny-two is here/.test(document.getElementById("import-text").textContent) || !document.getElementById("import-wrong").hidden, null, { timeout: PATIENCE });
  assert.equal(await page.isVisible("#import-wrong"), false, await page.textContent("#import-wrong"));
  assert.equal(await page.inputValue("#avatar"), "tiny-two");

  await page.fill("#text", "Here I am.");
  await page.click("#render");
  await page.waitForFunction(() => !document.getElementById("video").hidden || !document.getElementById("clip-wrong").hidden, null, { timeout: 2 * PATIENCE });
  assert.equal(await page.isVisible("#clip-wrong"), false, await page.textContent("#clip-wrong"));
});

test("the keyboard alone is enough for the studio", async (t) => {
  const { page } = await visit(t, "/studio");
  await page.waitForFunction(() => document.querySelectorAll("#avatars li").length > 1);
  const seen = new Set();
  for (let i = 0; i < 40 && !seen.has("render"); i++) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement?.id));
  }
  for (const id of ["file", "name", "import-go", "avatar", "voice", "text", "render"]) assert.ok(seen.has(id), id);
});

for (const colorScheme of ["light", "dark"]) {
  for (const [path, ready] of [["/ops", live], ["/studio", (page) => page.waitForFunction(() => document.querySelectorAll("#avatars li").length > 1)]]) {
    test(`axe finds no serious fault on ${path}, ${colorScheme}, and it fits a phone`, async (t) => {
      const { page } = await visit(t, path, { colorScheme, bypassCSP: true, reducedMotion: "reduce" });
      await ready(page);
      assert.deepEqual(await faults(page), []);
      assert.ok(await fits(page), "as wide as a desk");
      await page.setViewportSize(PHONE);
      assert.ok(await fits(page), "as wide as a phone");
      assert.deepEqual(await faults(page), []);
    });
  }
}

// Make the pictures of docs/; they check nothing.
const LOOKS = [["", DESK, "light"], ["-dark", DESK, "dark"], ["-phone", PHONE, "light"]];
const look = async (page, viewport, colorScheme) => {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
};
const shot = (page, name, viewport, fullPage) =>
  page.screenshot({ path: join(process.env.LIPSTREAM_PICTURES, `${name}.jpg`), type: "jpeg", quality: 80, fullPage, scale: viewport === PHONE ? "device" : "css" });

if (process.env.LIPSTREAM_PICTURES) test("screenshots of operations", async (t) => {
  const { page } = await visit(t, "/ops", { deviceScaleFactor: 2 });
  await live(page);
  const key = join(folder, "key");
  writeFileSync(key, server.key.authorization.replace("Bearer ", ""));
  const load = spawn(join(import.meta.dirname, "..", "..", "lipstream"), ["load", "--url", server.url, "--key-file", key, "--sessions", "4", "--duty", "0.2", "--warm-up", "5s", "--duration", "115s", "--quiet"], { stdio: "inherit" });
  const loaded = new Promise((resolve) => load.on("exit", resolve));
  const visitor = await talk(t);
  for (let i = 0; i < 3; i++) {
    await visitor.page.waitForTimeout(5000);
    await visitor.page.keyboard.press("Escape");
    await visitor.page.waitForTimeout(4000);
    await visitor.say();
  }
  await visitor.page.close();
  await page.waitForTimeout(65000);
  for (const [suffix, viewport, colorScheme] of LOOKS) {
    await look(page, viewport, colorScheme);
    await page.waitForTimeout(2500);
    await shot(page, `ops${suffix}`, viewport, viewport === DESK);
  }
  assert.equal(await loaded, 0, "lipstream load");
});

if (process.env.LIPSTREAM_PICTURES) test("screenshots of the studio", async (t) => {
  const { page } = await visit(t, "/studio", { deviceScaleFactor: 2 });
  for (const [suffix, viewport, colorScheme] of LOOKS) {
    await look(page, viewport, colorScheme);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll("#avatars li").length > 1 && [...document.images].every((image) => image.complete && image.naturalWidth > 0));
    if (viewport === DESK) {
      await page.selectOption("#avatar", "ada");
      await page.click("#render");
      await page.mouse.move(0, 0);
      await page.waitForFunction(() => document.getElementById("video").currentTime > 2.6, null, { timeout: 2 * PATIENCE });
    }
    await shot(page, `studio${suffix}`, viewport, true);
  }
});
