// The panel with what getStats tells, once a second while it is open.

const SECONDS = 60;

export class Numbers {
  #history = [];
  #timer = 0;

  /** @param statistics asks for the current ones, null while there are none */
  constructor(panel, statistics) {
    this.panel = panel;
    this.statistics = statistics;
    this.canvas = panel.querySelector("canvas");
  }

  setOpen(open) {
    this.panel.hidden = !open;
    clearInterval(this.#timer);
    if (open) {
      this.#read();
      this.#timer = setInterval(() => this.#read(), 1000);
    }
  }

  /** How long an answer took to begin. */
  answered(millis) {
    this.#set("answer", `${Math.round(millis)} ms`);
  }

  async #read() {
    const s = await this.statistics();
    const say = (value, text) => (value === null || value === undefined ? "–" : text(value));
    this.#set("picture", s ? `${s.widthPx}×${s.heightPx} ${s.codec}` : "–");
    this.#set("fps", say(s?.fps, (x) => x.toFixed(0)));
    this.#set("bitrate", say(s?.bitsPerSecond, (x) => (x < 1e6 ? `${(x / 1e3).toFixed(0)} kbit/s` : `${(x / 1e6).toFixed(2)} Mbit/s`)));
    this.#set("latency", say(s?.latencyMillis, (x) => `${x.toFixed(0)} ms`));
    this.#set("lost", say(s?.lostShare, (x) => `${(100 * x).toFixed(1)} %`));
    this.#history.push(s?.bitsPerSecond ?? 0);
    this.#history.splice(0, this.#history.length - SECONDS);
    this.#draw();
  }

  #set(name, text) {
    this.panel.querySelector(`#n-${name}`).textContent = text;
  }

  #draw() {
    const { width, height } = this.canvas;
    const g = this.canvas.getContext("2d");
    const most = Math.max(...this.#history, 1e5);
    g.clearRect(0, 0, width, height);
    g.beginPath();
    this.#history.forEach((value, i) => {
      const x = width - ((this.#history.length - 1 - i) * width) / (SECONDS - 1);
      g.lineTo(x, height - 3 - ((height - 8) * value) / most);
    });
    g.lineWidth = 3;
    g.strokeStyle = "#74e3a1";
    g.stroke();
    g.lineTo(width, height);
    g.lineTo(width - ((this.#history.length - 1) * width) / (SECONDS - 1), height);
    g.fillStyle = "rgb(116 227 161 / 18%)";
    g.fill();
  }
}
