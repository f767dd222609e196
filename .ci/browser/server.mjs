// Starts ./lipstream serve on free ports, and a second site for pages that are not ours.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const home = join(import.meta.dirname, "..", "..");

/** A site with a page and one script, as somebody else would put a player on theirs. */
export async function otherSite(page, script) {
  const server = createServer((request, response) => {
    const isScript = request.url.endsWith(".js");
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/**
 * A port that was free just now, below those that the system gives to connections, so that none takes it before it is used.
 */
export async function freePort() {
  for (let tried = 0; tried < 100; tried++) {
    const port = 20000 + Math.floor(10000 * Math.random());
    const socket = createSocketServer();
    const free = await new Promise((resolve) => socket.on("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
    await new Promise((resolve) => socket.close(resolve));
    if (free) return port;
  }
  throw new Error("no free port");
}

/** @param settings port: 0 for any; tls: a folder with cert.pem and key.pem; more: keys of server */
export async function serve(origins, { port = 0, tls = "", more = "" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "lipstream-page-"));
  const config = join(folder, "serve.yaml");
  writeFileSync(
    config,
    `api: {data_folder: data}\nserver: {port: ${port}, ${more}drain_timeout_seconds: 1, allowed_origins: ${JSON.stringify(origins)}}\n` +
      // However busy the browser keeps this machine, nobody is refused and the pictures are the same.
      "metrics: {port: 0}\nlive: {idle_timeout_seconds: 15, quality: {headroom_percent: 0, late_percent: 100}}\n" +
      (tls ? `tls: {certificate: ${tls}/cert.pem, private_key: ${tls}/key.pem}\n` : ""),
  );
  const child = spawn(join(home, "lipstream"), ["serve", "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
  let banner = "";
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => {
      banner += text;
      if (banner.includes("\nready")) resolve();
    });
    child.on("exit", (code) => reject(new Error(`lipstream serve ended with ${code}\n${banner}${log}`)));
  });
  child.removeAllListeners("exit");
  const find = (pattern) => banner.match(pattern)?.[1];
  return {
    url: find(/page +(https?:\S+)/),
    metrics: find(/watch +(http:\S+)\/metrics/),
    log: () => log,
    /** What programs send along; the page needs nothing. */
    key: { authorization: `Bearer ${readFileSync(join(folder, "data", "api-key"), "utf8").trim()}` },
    async gauge(name) {
      const text = await (await fetch(`${this.metrics}/metrics`)).text();
      return [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, "gm"))].reduce((sum, m) => sum + Number(m[1]), 0);
    },
    /** Resolves to the exit code. */
    stop() {
      return new Promise((resolve) => {
        child.on("exit", (code) => {
          rmSync(folder, { recursive: true });
          resolve(code);
        });
        child.kill("SIGTERM");
      });
    },
  };
}

/** What the program says as a WAV of 48 kHz, with silence around it, for Chromium's fake microphone. */
export async function spoken(page, text, folder) {
  const mp4 = join(folder, "said.mp4");
  await new Promise((resolve, reject) =>
    spawn(join(home, "lipstream"), ["render", "--avatar", "tiny", "--text", text, "--out", mp4, "--quiet"], { stdio: "inherit" }).on(
      "exit",
      (code) => (code === 0 ? resolve() : reject(new Error(`render ended with ${code}`))),
    ),
  );
  const samples = Buffer.from(
    await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes.buffer);
      const pcm = new Int16Array(sound.getChannelData(0).map((x) => 32767 * Math.max(-1, Math.min(1, x))));
      let text8 = "";
      for (const byte of new Uint8Array(pcm.buffer)) text8 += String.fromCharCode(byte);
      return btoa(text8);
    }, readFileSync(mp4).toString("base64")),
    "base64",
  );
  const data = Buffer.concat([Buffer.alloc(2 * 48000 * 2), samples, Buffer.alloc(2 * 48000 * 20)]);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(48000, 24);
  header.writeUInt32LE(96000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  const wav = join(folder, "said.wav");
  writeFileSync(wav, Buffer.concat([header, data]));
  return wav;
}
