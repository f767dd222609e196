// One session with its connection: picture and sound by WHEP, what happens by server-sent events.
// Keeps both alive: a lost connection is made again, a session that is gone is reported.

import * as api from "./api.js";

const RECONNECT_DELAYS_MS = [0, 400, 1000, 2000, 3000, 5000];
const RECONNECT_FOR_MS = 60_000;
const LOST_AFTER_MS = 2500;

/**
 * Events: "connected", "reconnecting", "gone" (detail: message, hint), and each of the server's by its type
 * (detail: its content).
 */
export class LiveSession extends EventTarget {
  #peer = null;
  #resource = null;
  #events = null;
  #microphone = null;
  #track = null;
  #closed = false;
  #joining = false;
  #lostTimer = 0;
  #before = null;

  static async open(avatar, voice) {
    const described = await api.create(avatar, voice);
    const session = new LiveSession(described);
    try {
      session.#listen();
      await session.#join();
    } catch (e) {
      session.close();
      throw e;
    }
    return session;
  }

  constructor(described) {
    super();
    this.id = described.id;
    this.path = `/v1/sessions/${described.id}`;
    this.iceServers = described.iceServers ?? [];
    this.stream = new MediaStream();
  }

  say(text) {
    return api.say(this.path, text);
  }

  chat(text) {
    return api.chat(this.path, text);
  }

  interrupt() {
    return api.interrupt(this.path);
  }

  /** The user has said all, whatever the microphone still hears. */
  endTurn() {
    return api.endTurn(this.path);
  }

  /** Sends this track as what the user says; null for nothing. */
  async setMicrophone(track) {
    this.#track = track;
    await this.#microphone?.replaceTrack(track);
  }

  close() {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    clearTimeout(this.#lostTimer);
    this.#events?.close();
    this.#peer?.close();
    api.remove(this.path);
  }

  /** What the connection does; null while there is none. */
  async statistics() {
    const peer = this.#peer;
    if (!peer || peer.connectionState !== "connected") {
      return null;
    }
    const report = await peer.getStats();
    let video = null, pair = null, bytes = 0, lost = 0, packets = 0;
    const codecs = new Map();
    for (const each of report.values()) {
      if (each.type === "inbound-rtp") {
        bytes += each.bytesReceived ?? 0;
        lost += each.packetsLost ?? 0;
        packets += each.packetsReceived ?? 0;
        if (each.kind === "video") video = each;
      } else if (each.type === "candidate-pair" && each.state === "succeeded" && (each.nominated || !pair)) {
        pair = each;
      } else if (each.type === "codec") {
        codecs.set(each.id, each.mimeType.split("/")[1]);
      }
    }
    if (!video) {
      return null;
    }
    const now = {
      at: performance.now(), bytes, lost, packets, frames: video.framesDecoded,
      buffered: video.jitterBufferDelay, emitted: video.jitterBufferEmittedCount,
    };
    const then = this.#before ?? now;
    this.#before = now;
    const seconds = (now.at - then.at) / 1000;
    const emitted = now.emitted - then.emitted;
    return {
      widthPx: video.frameWidth,
      heightPx: video.frameHeight,
      codec: codecs.get(video.codecId) ?? "",
      fps: seconds > 0 ? (now.frames - then.frames) / seconds : null,
      bitsPerSecond: seconds > 0 ? (8 * (now.bytes - then.bytes)) / seconds : null,
      lostShare: Math.max(0, now.lost - then.lost) / Math.max(1, now.packets - then.packets + now.lost - then.lost),
      latencyMillis:
        emitted > 0 ? 500 * (pair?.currentRoundTripTime ?? 0) + (1000 * (now.buffered - then.buffered)) / emitted : null,
    };
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #listen() {
    const events = new EventSource(api.events(this.path));
    this.#events = events;
    for (const type of ["state", "heard", "caption", "interrupted", "failed", "ended"]) {
      events.addEventListener(type, (e) => {
        this.#tell(type, JSON.parse(e.data));
        if (type === "ended") {
          this.#leave("The session has ended.", "Nobody spoke for a while.");
        }
      });
    }
    // Closed, unlike interrupted, means that the server knows no such session.
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED && !this.#closed) {
        this.#reconnect();
      }
    };
  }

  async #join() {
    const peer = new RTCPeerConnection({ iceServers: this.iceServers, bundlePolicy: "max-bundle" });
    const old = this.#peer;
    this.#peer = peer;
    this.#before = null;
    old?.close();
    // Both ways from the start, so that the microphone needs no further round.
    this.#microphone = peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    peer.addTransceiver("video", { direction: "recvonly" });
    await this.#microphone.replaceTrack(this.#track);
    peer.ontrack = (e) => {
      for (const stale of this.stream.getTracks()) {
        if (stale.kind === e.track.kind) this.stream.removeTrack(stale);
      }
      this.stream.addTrack(e.track);
      this.#tell("track", e.track);
    };
    const connected = new Promise((resolve, reject) => {
      peer.onconnectionstatechange = () => this.#changed(peer, resolve, reject);
      setTimeout(() => reject(new api.Refusal(0, "No connection for picture and sound came about.",
        "A firewall may hold back UDP; webrtc.tcp in the configuration is the way around it.")), 15_000);
    });
    connected.catch(() => {});
    await peer.setLocalDescription();
    const answer = await api.watch(this.path, peer.localDescription.sdp);
    this.#resource = answer.resource;
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await connected;
    this.#tell("connected");
  }

  #changed(peer, resolve, reject) {
    if (peer !== this.#peer || this.#closed) {
      return;
    }
    clearTimeout(this.#lostTimer);
    switch (peer.connectionState) {
      case "connected":
        resolve();
        break;
      case "disconnected": // often mends itself
        this.#lostTimer = setTimeout(() => this.#reconnect(), LOST_AFTER_MS);
        break;
      case "failed":
        reject(new api.Refusal(0, "The connection for picture and sound broke.", ""));
        this.#reconnect();
        break;
      default:
    }
  }

  async #reconnect() {
    if (this.#joining || this.#closed) {
      return;
    }
    this.#joining = true;
    this.#tell("reconnecting");
    const until = performance.now() + RECONNECT_FOR_MS;
    let last = new api.Unreachable();
    for (let attempt = 0; performance.now() < until && !this.#closed; attempt++) {
      await new Promise((r) => setTimeout(r, RECONNECT_DELAYS_MS[Math.min(attempt, RECONNECT_DELAYS_MS.length - 1)]));
      try {
        await api.describe(this.path);
        if (this.#events.readyState === EventSource.CLOSED) {
          this.#listen();
        }
        await this.#join();
        this.#joining = false;
        return;
      } catch (e) {
        last = e;
        if ([401, 404, 410].includes(e.status)) break;
      }
    }
    this.#joining = false;
    this.#leave(last.message, last.hint);
  }

  #leave(message, hint) {
    if (!this.#closed) {
      this.close();
      this.#tell("gone", { message, hint });
    }
  }
}
