// How loud the avatar and the user are, as two numbers for the style sheet: --voice and --level.

const FLOOR_DB = -55;

export class Levels {
  #context = null;
  #meters = new Map();
  #running = false;

  /** Needs a click of the user's before it, like all sound of a page. */
  start() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    if (!this.#running) {
      this.#running = true;
      this.#measure();
    }
  }

  /** Measures a track under a name; null ends it. */
  watch(name, track) {
    this.#meters.get(name)?.source.disconnect();
    this.#meters.delete(name);
    if (track && this.#context) {
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      const analyser = new AnalyserNode(this.#context, { fftSize: 1024, smoothingTimeConstant: 0.4 });
      source.connect(analyser);
      this.#meters.set(name, { source, analyser, samples: new Float32Array(1024) });
    }
  }

  #measure() {
    for (const name of ["voice", "level"]) {
      const meter = this.#meters.get(name);
      let value = 0;
      if (meter) {
        meter.analyser.getFloatTimeDomainData(meter.samples);
        const power = meter.samples.reduce((sum, x) => sum + x * x, 0) / meter.samples.length;
        value = Math.min(1, Math.max(0, 1 - (10 * Math.log10(power + 1e-9)) / FLOOR_DB));
      }
      document.body.style.setProperty(`--${name}`, value.toFixed(2));
    }
    setTimeout(() => requestAnimationFrame(() => this.#measure()), 60);
  }
}
