// The user's microphone: open until it is closed, or open while a button is held.
// Held, it is silenced rather than stopped in between, so that the next press needs no new start.

const STOP_AFTER_MS = 30_000;

/** Events: "change" (open or not), "failed" (detail: message, hint). */
export class Microphone extends EventTarget {
  #track = null;
  #opening = null;
  #stopTimer = 0;
  open = false;
  deviceId = "";

  /** @param send called with the track to send, or null */
  constructor(send) {
    super();
    this.send = send;
  }

  /** The stream for a level meter; null while there is none. */
  get track() {
    return this.#track;
  }

  async setOpen(open) {
    this.open = open;
    this.dispatchEvent(new Event("change"));
    clearTimeout(this.#stopTimer);
    if (!open) {
      if (this.#track) {
        this.#track.enabled = false; // silence goes on, which ends the user's turn
        this.#stopTimer = setTimeout(() => this.stop(), STOP_AFTER_MS);
      }
      return;
    }
    try {
      const track = await (this.#opening ??= this.#start());
      track.enabled = this.open; // the button may have been let go meanwhile
    } catch (e) {
      this.open = false;
      this.dispatchEvent(new Event("change"));
      this.dispatchEvent(new CustomEvent("failed", { detail: explain(e) }));
    } finally {
      this.#opening = null;
    }
  }

  async #start() {
    if (this.#track?.readyState === "live") {
      return this.#track;
    }
    if (!navigator.mediaDevices) {
      throw new DOMException("", "SecurityError");
    }
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1,
        ...(this.deviceId ? { deviceId: { exact: this.deviceId } } : {}),
      },
    });
    this.#track = stream.getAudioTracks()[0];
    this.#track.addEventListener("ended", () => this.stop());
    await this.send(this.#track);
    this.dispatchEvent(new Event("change"));
    return this.#track;
  }

  /** Lets go of the device; the browser's sign of a recording goes out. */
  stop() {
    clearTimeout(this.#stopTimer);
    this.#track?.stop();
    this.#track = null;
    this.open = false;
    this.send(null);
    this.dispatchEvent(new Event("change"));
  }
}

function explain(e) {
  switch (e.name) {
    case "NotAllowedError":
      return { message: "The browser does not let this page use the microphone.", hint: "Allow it beside the address, then try again." };
    case "NotFoundError":
    case "OverconstrainedError":
      return { message: "There is no microphone.", hint: "Connect one, or choose another in the settings." };
    case "SecurityError":
      return { message: "Browsers allow the microphone only on localhost and over https.", hint: "Open this page through one of them." };
    default:
      return { message: "The microphone cannot be opened.", hint: e.message };
  }
}
