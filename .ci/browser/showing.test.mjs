// What is shown may change, and the avatar may stand on somebody's page: looked at in a real Chromium, pixel by pixel.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { otherSite, serve } from "./server.mjs";

const WHEP = readFileSync(createRequire(import.meta.url).resolve("whip-whep/whep.js"), "utf8");
const LIPSTREAM = join(import.meta.dirname, "..", "..", "lipstream");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const PICTURES = process.env.LIPSTREAM_PICTURES;
const PATIENCE = 60_000;
const NAVY = [0x1d, 0x35, 0x57];

/** Of Ada's 1280x720: a corner, the face, and the forehead with the eyes, which a nod moves. */
const CORNER = [8, 8, 60, 60];
const RIGHT_CORNER = [1212, 8, 60, 60];
const FACE = [590, 200, 100, 100];

let server;
let site;
let browser;
const folder = mkdtempSync(join(tmpdir(), "lipstream-showing-"));

before(async () => {
  site = await otherSite('<!doctype html><title>Player</title><video autoplay muted playsinline></video><script type="module" src="/whep.js"></script>', `${WHEP}\nwindow.WHEPClient = WHEPClient;`);
  server = await serve([site.origin]);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
});

after(async () => {
  await browser?.close();
  site?.close();
  const code = await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  assert.equal(code, 0, server?.log());
});

/** A session of Ada's, and a page that plays it. */
async function play(t) {
  const post = (path, body, type = "application/json") =>
    fetch(server.url + path, { method: "POST", headers: { "content-type": type, ...server.key }, body: type.endsWith("json") ? JSON.stringify(body) : body });
  const created = await (await post("/v1/sessions", { avatar: "ada" })).json();
  const page = await browser.newPage();
  t.after(async () => {
    await page.close();
    await fetch(`${server.url}/v1/sessions/${created.id}`, { method: "DELETE", headers: server.key });
  });
  await page.goto(site.origin);
  await page.waitForFunction(() => window.WHEPClient);
  await page.evaluate(async ([url, token]) => {
    window.peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.addTransceiver("video", { direction: "recvonly" });
    const stream = new MediaStream();
    peer.ontrack = (e) => {
      stream.addTrack(e.track);
      document.querySelector("video").srcObject = stream;
    };
    await new WHEPClient().view(peer, url, token);
    const video = document.querySelector("video");
    const canvas = new OffscreenCanvas(1280, 720);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    /** The mean colour of a rectangle of what is shown, at 1280x720. */
    window.colour = ([x, y, width, height]) => {
      pen.drawImage(video, 0, 0, 1280, 720);
      const { data } = pen.getImageData(x, y, width, height);
      const sum = [0, 0, 0];
      for (let i = 0; i < data.length; i++) if (i % 4 < 3) sum[i % 4] += data[i];
      return sum.map((s) => (4 * s) / data.length);
    };
    /** What is shown or a picture, at 64x36. */
    window.small = (what = video) => {
      const tiny = new OffscreenCanvas(64, 36).getContext("2d");
      tiny.drawImage(what, 0, 0, 64, 36);
      return [...tiny.getImageData(0, 0, 64, 36).data];
    };
  }, [server.url + created.whep, created.token]);
  await page.waitForFunction(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 25, null, { timeout: PATIENCE });
  const at = `/v1/sessions/${created.id}`;
  return { page, post: async (path, body, type) => assert.equal((await post(at + path, body, type)).status, 204), at };
}

const near = (seen, wanted, levels) => seen.every((value, i) => Math.abs(value - wanted[i]) <= levels);
const difference = (one, other) => one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;

async function until(page, what, reached) {
  for (const end = Date.now() + PATIENCE; !(await reached()); await page.waitForTimeout(50)) assert.ok(Date.now() < end, `no ${what}`);
}

test("another background comes behind the avatar, a colour or a picture, and goes again", async (t) => {
  const { page, post, at } = await play(t);
  const colour = (rect) => page.evaluate((rect) => window.colour(rect), rect);
  const wall = await colour(CORNER);
  const face = await colour(FACE);
  await post("/background", { colour: "#1d3557" });
  await until(page, "navy blue", async () => near(await colour(CORNER), NAVY, 8));
  assert.ok(near(await colour(FACE), face, 10), `the face was ${face} and is ${await colour(FACE)}`);

  const halves = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1600, 900);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#20a040";
    pen.fillRect(0, 0, 800, 900);
    pen.fillStyle = "#c02020";
    pen.fillRect(800, 0, 800, 900);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())];
  });
  await post("/background", Buffer.from(halves), "image/png");
  await until(page, "green on the left", async () => near(await colour(CORNER), [0x20, 0xa0, 0x40], 10));
  assert.ok(near(await colour(RIGHT_CORNER), [0xc0, 0x20, 0x20], 14), `red on the right, not ${await colour(RIGHT_CORNER)}`);
  assert.ok(near(await colour(FACE), face, 12), `the face was ${face} and is ${await colour(FACE)}`);

  assert.equal((await fetch(`${server.url}${at}/background`, { method: "DELETE", headers: server.key })).status, 204);
  await until(page, "the wall", async () => near(await colour(CORNER), wall, 6));
});

test("another avatar comes over the same connection", async (t) => {
  const { page, post } = await play(t);
  const still = (name) =>
    page.evaluate(async (url) => window.small(await createImageBitmap(await (await fetch(url)).blob())), `data:image/jpeg;base64,${name}`);
  const stills = {};
  for (const name of ["ada", "sam"]) {
    const picture = await fetch(`${server.url}/v1/avatars/${name}/picture`, { headers: server.key });
    stills[name] = await still(Buffer.from(await picture.arrayBuffer()).toString("base64"));
  }
  const shows = async (name) => difference(await page.evaluate(() => window.small()), stills[name]);
  assert.ok((await shows("ada")) < 6 && (await shows("sam")) > 8, `Ada first: ${await shows("ada")}, ${await shows("sam")}`);
  await post("/avatar", { avatar: "sam" });
  await until(page, "Sam", async () => (await shows("sam")) < 6);
  assert.ok((await shows("ada")) > 8, `Ada is gone: ${await shows("ada")}`);
  assert.equal(await page.evaluate(() => peer.connectionState), "connected");
});

test("a gesture is seen, and then the avatar rests as before", async (t) => {
  const { page, post } = await play(t);
  /** Where the eyes and brows are: how much they move in a while, from one picture to the next. */
  const movement = (seconds) =>
    page.evaluate(async (seconds) => {
      const video = document.querySelector("video");
      const pen = new OffscreenCanvas(240, 120).getContext("2d", { willReadFrequently: true });
      const moves = [];
      let before = null;
      let last = 0;
      for (const end = performance.now() + 1000 * seconds; performance.now() < end || moves.length < 12 * seconds; ) {
        const ticks = await new Promise((done) => video.requestVideoFrameCallback((now, picture) => done(picture.rtpTimestamp)));
        pen.drawImage(video, 520, 170, 240, 120, 0, 0, 240, 120);
        const { data } = pen.getImageData(0, 0, 240, 120);
        // Where a busy machine left pictures out, the next one is further away: only neighbours count, 40 ms of 90 kHz apart.
        const neighbours = ticks === undefined || ticks - last <= 1.5 * 3600;
        if (before && neighbours) moves.push(data.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0) / data.length);
        before = data;
        last = ticks ?? 0;
      }
      return moves.reduce((sum, move) => sum + move, 0) / moves.length;
    }, seconds);
  const rest = await movement(4);
  await post("/action", { name: "head-shake", times: "3" });
  const gesture = await movement(3);
  await page.waitForTimeout(5000);
  let again = await movement(4);
  for (let i = 0; i < 4 && again >= 1.3 * rest; i++) again = await movement(4); // What is on its way to a busy machine comes later.
  t.diagnostic(`movement: ${rest.toFixed(2)} at rest, ${gesture.toFixed(2)} in the gesture, ${again.toFixed(2)} afterwards`);
  assert.ok(gesture > 1.6 * rest, `the head moves ${gesture}, at rest ${rest}`);
  assert.ok(again < 1.3 * rest, `it rests again: ${again}, before ${rest}`);
});

/**
 * Two screenshots of the same picture before black and before white tell of each pixel how much of it is the avatar and in
 * which colour.
 */
function cutOut(page, black, white) {
  return page.evaluate(
    async (shots) => {
      const [dark, light] = await Promise.all(
        shots.map(async (base64) => {
          const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
          const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
          pen.drawImage(image, 0, 0);
          return pen.getImageData(0, 0, image.width, image.height);
        }),
      );
      const { width, height } = dark;
      const alpha = new Float32Array(width * height);
      const luma = new Float32Array(width * height);
      for (let i = 0; i < alpha.length; i++) {
        const weigh = (data) => 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
        alpha[i] = 1 - (weigh(light.data) - weigh(dark.data)) / 255;
        luma[i] = alpha[i] > 0.05 ? weigh(dark.data) / alpha[i] : 0;
      }
      // How much lighter or darker the soft rim is than the nearest of the avatar that is wholly there.
      const rim = [];
      let seam = 0;
      let shownThrough = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const i = y * width + x;
          if ((x < 3 || x >= width - 3 || y < 3) && y < height / 2 && alpha[i] > 0.02) seam++;
          if (Math.abs(x - 640) < 60 && Math.abs(y - 280) < 60 && alpha[i] < 0.98) shownThrough++;
          if (alpha[i] < 0.35 || alpha[i] > 0.85) continue;
          let sum = 0;
          let count = 0;
          for (let dy = -4; dy <= 4; dy++) {
            for (let dx = -4; dx <= 4; dx++) {
              const j = i + dy * width + dx;
              if (x + dx >= 0 && x + dx < width && alpha[j] > 0.97) {
                sum += luma[j];
                count++;
              }
            }
          }
          if (count > 0) rim.push(luma[i] - sum / count);
        }
      }
      rim.sort((a, b) => a - b);
      const part = (share) => rim[Math.floor(share * (rim.length - 1))];
      const clear = alpha.filter((a) => a < 0.02).length / alpha.length;
      const opaque = alpha.filter((a) => a > 0.98).length / alpha.length;
      return { width, height, seam, shownThrough, rim: rim.length, low: part(0.1), middle: part(0.5), high: part(0.9), clear, opaque };
    },
    [black, white].map((png) => png.toString("base64")),
  );
}

/** On a page of its own: the picture before one colour after another. */
async function overColours(t, element, ready) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  t.after(() => page.close());
  await page.setContent(`<!doctype html><style>html, body { margin: 0; overflow: hidden } #it { display: block }</style>${element}`);
  await ready(page);
  const shots = {};
  for (const colour of ["#000000", "#ffffff"]) {
    await page.evaluate((colour) => (document.documentElement.style.background = colour), colour);
    shots[colour] = await page.screenshot();
  }
  const seen = await cutOut(page, shots["#000000"], shots["#ffffff"]);
  t.diagnostic(JSON.stringify(seen));
  return { page, seen };
}

function assertStandsFree(seen) {
  assert.equal(seen.seam, 0, "pixels at the picture's edges that are not clear");
  assert.equal(seen.shownThrough, 0, "pixels of the face that the page shows through");
  assert.ok(seen.clear > 0.3 && seen.opaque > 0.2, `clear ${seen.clear}, opaque ${seen.opaque}`);
  assert.ok(seen.rim > 500, `${seen.rim} pixels of rim`);
  assert.ok(Math.abs(seen.middle) < 12, `the rim is by ${seen.middle} lighter than what it belongs to`);
  assert.ok(seen.low > -30 && seen.high < 30, `a tenth of the rim is darker than by ${seen.low} or lighter than by ${seen.high}`);
}

test("a video cut out stands on a page of any colour, without seam or fringe, and is heard", async (t) => {
  const file = join(folder, "ada.webm");
  execFileSync(LIPSTREAM, ["render", "--avatar", "ada", "--text", "Hello, I stand on your page.", "--transparent", "--out", file, "--quiet"]);
  const bytes = readFileSync(file).toString("base64");
  const { page, seen } = await overColours(t, '<video id="it" muted playsinline></video>', (page) =>
    page.evaluate(async (base64) => {
      const video = document.getElementById("it");
      video.src = URL.createObjectURL(await (await fetch(`data:video/webm;base64,${base64}`)).blob());
      video.currentTime = 0.8;
      await new Promise((done) => video.requestVideoFrameCallback(done));
    }, bytes),
  );
  assertStandsFree(seen);
  const heard = await page.evaluate(async (base64) => {
    const data = await (await fetch(`data:video/webm;base64,${base64}`)).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(data);
    return { loudest: sound.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0), apart: Math.abs(sound.duration - document.getElementById("it").duration) };
  }, bytes);
  assert.ok(heard.loudest > 0.05, `loudest ${heard.loudest}`);
  assert.ok(heard.apart < 0.1, `sound and pictures end ${heard.apart} s apart`);
  if (PICTURES) {
    await page.evaluate(() => {
      document.documentElement.style.background = "linear-gradient(120deg, #ff8a3d, #d6246e 45%, #3a1c71)";
      const words = Object.assign(document.createElement("h1"), { textContent: "Any page of yours" });
      words.style = "position: absolute; z-index: -1; left: 60px; top: 250px; margin: 0; font: 800 110px/1.05 system-ui; color: #fff";
      document.body.append(words);
    });
    await page.screenshot({ path: join(PICTURES, "transparent.jpg"), type: "jpeg", quality: 88 });
  }
});

test("a picture of the avatar alone stands on a page of any colour, without seam or fringe", async (t) => {
  const picture = await fetch(`${server.url}/v1/avatars/ada/picture?transparent`, { headers: server.key });
  assert.equal(picture.headers.get("content-type"), "image/png");
  const png = Buffer.from(await picture.arrayBuffer()).toString("base64");
  const { seen } = await overColours(t, `<img id="it" src="data:image/png;base64,${png}">`, (page) => page.waitForFunction(() => document.getElementById("it").complete));
  assertStandsFree(seen);
});
