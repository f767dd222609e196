// What watches Lipstream finds what it looks for: a real Prometheus scrapes a real session.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, serve } from "../browser/server.mjs";

const home = join(import.meta.dirname, "..", "..");
const { chromium } = createRequire(join(home, ".ci/browser/server.mjs"))("playwright-core");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const PATIENCE = 60_000;
const folder = mkdtempSync(join(tmpdir(), "lipstream-operations-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, done) {
  for (let i = 0; i < PATIENCE / 200; i++) {
    const found = await done().catch(() => undefined);
    if (found) return found;
    await pause(200);
  }
  assert.fail(`not in time: ${what}`);
}

/** Prometheus on loopback, looking at that server every second. */
async function prometheus(target) {
  const config = join(folder, "prometheus.yaml");
  writeFileSync(
    config,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [${home}/deploy/prometheus/rules.yaml]\n` +
      `scrape_configs: [{job_name: lipstream, static_configs: [{targets: ["${target}"]}]}]\n`,
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn("prometheus", [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${url.slice(7)}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const ask = async (path, more = {}) => {
    const answer = await (await fetch(`${url}/api/v1/${path}?${new URLSearchParams(more)}`)).json();
    assert.equal(answer.status, "success", `${path} ${JSON.stringify(more)}: ${answer.error}\n`);
    return answer.data;
  };
  await until(`Prometheus is ready\n${log}`, async () => (await fetch(`${url}/-/ready`)).ok);
  return {
    ask,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Every expression of the rules and of the dashboard, its variables filled in. */
async function expressions(ask) {
  const rules = (await ask("rules")).groups.flatMap((group) => group.rules.map((rule) => rule.query));
  const dashboard = JSON.parse(readFileSync(join(home, "deploy/grafana/lipstream.json"), "utf8"));
  const panels = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr));
  const variables = dashboard.templating.list.map((each) => each.definition?.match(/label_values\((.*), \w+\)/)?.[1]).filter(Boolean);
  return [...rules, ...panels, ...variables].map((each) =>
    each.replaceAll("$__rate_interval", "1m").replaceAll(/\$(job|instance)/g, ".*"),
  );
}

/** The series that an expression asks for: words that are neither functions, keywords nor labels. */
function metricsOf(expression) {
  const bare = expression
    .replaceAll(/\{[^}]*\}/g, " ")
    .replaceAll(/\[[^\]]*\]/g, " ")
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  return [...bare.matchAll(/\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g)].map((m) => m[0]).filter((word) => !["and", "or", "unless", "bool", "by"].includes(word) && !/^\d/.test(word));
}

/** What operators are promised under these names, beside what rules and dashboard use. */
const NAMED = [
  "concurrent_streams",
  "active_speakers",
  "frame_processing_latency_seconds_bucket",
  "audio_buffer_underruns_total",
  "video_quality_score",
  "lipstream_first_picture_latency_seconds_bucket",
  "lipstream_barge_in_latency_seconds_bucket",
  "lipstream_av_skew_seconds_bucket",
  "lipstream_connection_seconds_bucket",
  "lipstream_encoder_bitrate_bps",
  "lipstream_dropped_frames_total",
  "lipstream_late_frames_total",
  "lipstream_refusals_total",
];

/** A sender of live sound that stops for two seconds in its middle. */
const halting = (page, path) =>
  page.evaluate(async (where) => {
    const socket = new WebSocket(where);
    const told = (type) =>
      new Promise((resolve, reject) => {
        socket.addEventListener("message", (e) => JSON.parse(e.data).type === type && resolve());
        socket.addEventListener("close", (e) => reject(new Error(`closed before ${type}: ${e.code} ${e.reason}`)));
      });
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const ready = told("ready");
    socket.send(JSON.stringify({ type: "start" }));
    await ready;
    const underrun = told("underrun");
    const tone = Int16Array.from({ length: 320 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 200 * i) / 16000));
    for (let i = 0; i < 50; i++) {
      socket.send(tone);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (let i = 0; i < 25; i++) socket.send(tone);
    await underrun;
    socket.close();
  }, new URL(path, page.url()).href.replace("http", "ws"));

test("Prometheus finds all that the rules and the dashboard ask for", async () => {
  const server = await serve([]);
  const watcher = await prometheus(server.metrics.slice(7));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  let running = true;
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => !document.getElementById("start").disabled);
    await page.click("#start");
    const state = (...wanted) => page.waitForFunction((w) => w.includes(document.body.dataset.state), wanted, { timeout: PATIENCE });
    await page.waitForFunction(() => document.body.dataset.phase === "live", null, { timeout: PATIENCE });
    await page.check('input[value="say"]', { force: true });
    for (let i = 0; i < 2; i++) {
      await page.fill("#text", "This sentence is long enough to be interrupted in its middle, before it comes to an end. ".repeat(8));
      await page.keyboard.press("Enter");
      await state("speaking");
      await pause(2500);
      await page.keyboard.press("Escape");
      await state("idle");
    }
    const value = async (query) => Number((await watcher.ask("query", { query })).result[0]?.value[1] ?? NaN);
    await until("the session is scraped", async () => (await value("concurrent_streams")) === 1);
    await until("both interruptions are scraped", async () => (await value("lipstream_barge_in_latency_seconds_count")) === 2);
    assert.ok((await value("lipstream_first_picture_latency_seconds_count")) === 2, "two first pictures");
    assert.ok((await value("lipstream_connection_seconds_count")) === 1, "one connection");
    for (const stage of ["features", "inference", "paste", "encode"]) {
      assert.ok((await value(`frame_processing_latency_seconds_count{stage="${stage}"}`)) > 0, stage);
    }
    assert.ok((await value("lipstream_encoder_bitrate_bps")) > 0, "an encoder at work");
    assert.ok((await value("video_quality_score")) > 0, "pictures have some quality");

    const post = (more) => fetch(`${server.url}/v1/sessions`, { method: "POST", headers: { "content-type": "application/json", ...more }, body: '{"avatar": "tiny"}' });
    assert.equal((await post({})).status, 401);
    await until("who has no key is counted", async () => (await value('lipstream_refusals_total{reason="key"}')) === 1);
    const { id } = await (await post(server.key)).json();
    await halting(page, `/v1/sessions/${id}/audio`);
    await until("its underrun is scraped", async () => (await value("audio_buffer_underruns_total")) >= 1);

    // Rates need two scrapes, and recording rules one round after that.
    await until("the rules have their series", async () => (await value("lipstream:av_skew_seconds:p99")) > 0);

    const asked = await expressions(watcher.ask);
    const names = async () => new Set((await watcher.ask("label/__name__/values")).filter((name) => !name.startsWith("ALERTS")));
    let known = await names();
    // One round of rules writes them one after the other.
    for (let i = 0; i < 60 && asked.flatMap(metricsOf).some((name) => !known.has(name)); i++) {
      await pause(500);
      known = await names();
    }
    assert.ok(asked.length > 40, `${asked.length} expressions`);
    for (const query of asked) {
      await watcher.ask("query", { query });
      const names = metricsOf(query);
      assert.ok(names.length > 0, query);
      for (const name of names) assert.ok(known.has(name), `${name} of ${query}`);
    }
    const labels = new Set(await watcher.ask("labels", { "match[]": '{__name__=~"lipstream.*|frame_.*|concurrent.*|active.*|video.*"}' }));
    for (const label of ["session", "avatar", "viewer", "model"]) assert.ok(!labels.has(label), `no label ${label}`);
    for (const name of NAMED) assert.ok(known.has(name), name);
    const scraped = await (await fetch(`${server.metrics}/metrics`)).text();
    const said = spawnSync("promtool", ["check", "metrics"], { input: scraped, encoding: "utf8" });
    assert.equal(said.error, undefined);
    const ours = `${said.stdout}${said.stderr}`.split("\n").filter((line) => /^(lipstream|concurrent|active_speakers|frame|audio|video)/.test(line));
    assert.deepEqual(ours, [], "promtool finds our metrics well made");

    const stopped = server.stop();
    await browser.close();
    assert.equal(await stopped, 0);
    running = false;
    await until("the server is missed", async () => (await watcher.ask("alerts")).alerts.some((alert) => alert.labels.alertname === "LipstreamDown"));
  } finally {
    await browser.close();
    await watcher.stop();
    if (running) await server.stop();
  }
});

test("a server that is told to stop lets sessions finish and takes no new ones", async () => {
  const server = await serve([], { more: "drain_sessions_seconds: 120, " });
  const create = () => fetch(`${server.url}/v1/sessions`, { method: "POST", headers: { "content-type": "application/json", ...server.key }, body: '{"avatar": "tiny"}' });
  const status = async (path) => (await fetch(server.metrics + path)).status;
  const { id } = await (await create()).json();
  const session = `${server.url}/v1/sessions/${id}`;
  assert.deepEqual([await status("/livez"), await status("/readyz")], [200, 200]);

  const stopped = server.stop();
  await until("not ready any more", async () => (await status("/readyz")) === 503);
  assert.equal(await status("/livez"), 200);
  const refused = await create();
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after"), /^\d+$/);
  assert.match((await refused.json()).detail, /stopping/);
  const said = await fetch(`${session}/say`, { method: "POST", headers: { "content-type": "application/json", ...server.key }, body: JSON.stringify({ text: "I may still speak. ".repeat(12) }) });
  assert.equal(said.status, 204);
  await until("it speaks", async () => (await (await fetch(session, { headers: server.key })).json()).state === "speaking");
  assert.equal(await server.gauge('lipstream_refusals_total'), 1);
  assert.equal((await fetch(session, { method: "DELETE", headers: server.key })).status, 204);
  assert.equal(await stopped, 0, "it ends once the last session did");
});
