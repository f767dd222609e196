// A front end as people wrote them for LiveTalking: a plain RTCPeerConnection and fetch, in a real Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { otherSite, serve } from "./server.mjs";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
let site;
let server;
let browser;

before(async () => {
  site = await otherSite("<!doctype html><title>Front end</title><video autoplay muted playsinline></video>", "");
  server = await serve([site.origin], { more: "livetalking_api: true, " });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  site?.close();
  assert.equal(await server?.stop(), 0, server?.log());
});

test("an offer is answered, text is spoken with a moving mouth, and an interruption stops it", async () => {
  const page = await browser.newPage();
  await page.goto(site.origin);
  const seen = await page.evaluate(async (url) => {
    const call = async (path, body) =>
      (await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
    const wait = (millis) => new Promise((done) => setTimeout(done, millis));
    const pc = new RTCPeerConnection({ sdpSemantics: "unified-plan" });
    pc.addTransceiver("video", { direction: "recvonly" });
    pc.addTransceiver("audio", { direction: "recvonly" });
    const stream = new MediaStream();
    pc.ontrack = (event) => stream.addTrack(event.track);
    await pc.setLocalDescription(await pc.createOffer());
    while (pc.iceGatheringState !== "complete") await wait(20);
    const answer = await call("/offer", { sdp: pc.localDescription.sdp, type: pc.localDescription.type });
    await pc.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
    const video = document.querySelector("video");
    video.srcObject = stream;
    const until = async (what, reached, patience = 60000) => {
      for (const end = performance.now() + patience; !(await reached()); await wait(50)) {
        if (performance.now() > end) throw new Error(`no ${what} in ${patience} ms`);
      }
    };
    await until("picture", () => video.videoWidth > 0);
    const sessionid = answer.sessionid;
    const said = await call("/human", { sessionid, text: "How are you now? Oh, how wonderful that you came.", type: "echo", interrupt: true });
    const speaking = async () => (await call("/is_speaking", { sessionid })).data;
    await until("speech", speaking);
    const levels = [];
    await until("sound", async () => {
      for (const report of (await pc.getStats()).values()) if (report.type === "inbound-rtp" && report.kind === "audio") levels.push(report.audioLevel ?? 0);
      return levels.some((level) => level > 0.004);
    });
    const interrupted = await call("/interrupt_talk", { sessionid });
    await until("silence", async () => !(await speaking()), 3000);
    const acted = await call("/set_audiotype", { sessionid, audiotype: 2 });
    const unknown = await call("/human", { sessionid: "0", text: "Hello.", type: "echo" });
    pc.close();
    return { type: answer.type, width: video.videoWidth, said, interrupted, acted, unknown };
  }, server.url.replace(/\/$/, ""));
  assert.equal(seen.type, "answer");
  assert.equal(seen.width, 1280);
  assert.deepEqual(seen.said, { code: 0, msg: "ok" });
  assert.deepEqual(seen.interrupted, { code: 0, msg: "ok" });
  assert.deepEqual(seen.acted, { code: 0, msg: "ok" });
  assert.equal(seen.unknown.code, -1);
});
