// Two small charts, drawn as SVG in their own pixels: lines over time, and a histogram.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 40;
const BOTTOM = 20;
const TOP = 8;

function svg(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A round number at or above. */
function ceiling(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * unit).find((step) => step >= value * 0.999) ?? 10 * unit;
}

class Chart {
  constructor(parent, title, heightPx) {
    this.heightPx = heightPx;
    this.note = html("p");
    this.picture = svg("svg", { role: "img", height: heightPx });
    this.none = html("p", { class: "none" });
    this.title = title;
    this.figure = html("figure", { class: "card" }, html("figcaption", {}, html("h3", {}, title), this.note), this.picture, this.none);
    parent.append(this.figure);
    new ResizeObserver(() => this.draw()).observe(this.figure);
  }

  get widthPx() {
    return Math.max(120, this.picture.clientWidth);
  }

  /** Says in words what the picture shows. */
  describe(text) {
    this.picture.setAttribute("aria-label", `${this.title}: ${text}`);
  }

  /** Lines across, with what they mean; returns the height of a value. */
  scale(most, form) {
    const bottom = this.heightPx - BOTTOM;
    const at = (value) => bottom - ((bottom - TOP) * value) / most;
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(at(share * most)) + 0.5;
      this.picture.append(
        svg("line", { class: "rule", x1: LEFT, x2: this.widthPx, y1: y, y2: y }),
        svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, form(share * most)),
      );
    }
    return at;
  }
}

/** Lines over the last so many seconds, or over those that are known. */
export class TimeChart extends Chart {
  #points = [];
  #pointed = null;

  /**
   * @param lines each with a name
   * @param form a value as text
   * @param least the top of the scale is at least there
   */
  constructor(parent, title, { lines, form = String, seconds = 300, least = 1 }) {
    super(parent, title, 170);
    Object.assign(this, { lines, form, seconds, least });
    this.note.className = "legend";
    this.values = lines.map((line, i) => {
      const value = html("b", {}, "–");
      this.note.append(html("span", { class: `k${i + 1}` }, line.name, " ", value));
      return value;
    });
    this.picture.addEventListener("pointermove", (e) => this.#point(e.offsetX));
    this.picture.addEventListener("pointerleave", () => this.#point(null));
  }

  /** @param points each with `at` in milliseconds and `values`, one a line, null where unknown */
  show(points) {
    this.#points = points;
    this.draw();
  }

  /** So many whole minutes as are known, one at least. */
  get #span() {
    const known = ((this.#points.at(-1)?.at ?? 0) - (this.#points[0]?.at ?? 0)) / 1000;
    return Math.min(this.seconds, 60 * Math.max(1, Math.ceil(known / 60)));
  }

  #x(at) {
    const now = this.#points.at(-1)?.at ?? 0;
    return this.widthPx - ((this.widthPx - LEFT) * (now - at)) / (1000 * this.#span);
  }

  #point(x) {
    this.#pointed = x;
    this.draw();
  }

  draw() {
    this.picture.replaceChildren();
    const points = this.#points;
    const most = ceiling(Math.max(this.least, ...points.flatMap((p) => p.values.map((v) => v ?? 0))));
    const y = this.scale(most, this.form);
    const bottom = this.heightPx - BOTTOM;
    const span = this.#span;
    for (const [x, ago, anchor] of [[LEFT, span, "start"], [(LEFT + this.widthPx) / 2, span / 2, "middle"]]) {
      const text = ago % 60 === 0 || ago > 60 ? `${ago / 60} min ago` : `${ago} s ago`;
      this.picture.append(svg("text", { x, y: this.heightPx - 4, "text-anchor": anchor }, text));
    }
    this.picture.append(svg("text", { x: this.widthPx, y: this.heightPx - 4, "text-anchor": "end" }, "now"));
    this.lines.forEach((line, i) => {
      let stretch = [];
      const flush = () => {
        if (stretch.length > 1) {
          const d = stretch.map(([px, py], k) => `${k ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
          const group = svg("g", { class: `k${i + 1}` });
          group.append(svg("path", { class: "area", d: `${d}L${stretch.at(-1)[0].toFixed(1)} ${bottom}L${stretch[0][0].toFixed(1)} ${bottom}Z` }), svg("path", { class: "line", d }));
          this.picture.append(group);
        }
        stretch = [];
      };
      for (const point of points) {
        if (point.values[i] === null || point.values[i] === undefined) flush();
        else stretch.push([this.#x(point.at), y(point.values[i])]);
      }
      flush();
    });
    let shown = points.at(-1);
    if (this.#pointed !== null && points.length > 0) {
      shown = points.reduce((best, p) => (Math.abs(this.#x(p.at) - this.#pointed) < Math.abs(this.#x(best.at) - this.#pointed) ? p : best));
      const x = Math.round(this.#x(shown.at)) + 0.5;
      this.picture.append(svg("line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: bottom }));
    }
    const words = this.lines.map((line, i) => {
      const value = shown?.values[i];
      this.values[i].textContent = value === null || value === undefined ? "–" : this.form(value);
      return `${line.name} ${this.values[i].textContent}`;
    });
    this.describe(words.join(", "));
  }
}

/** How often values fell between bounds. */
export class Histogram extends Chart {
  #buckets = [];

  /**
   * @param form a bound as text
   * @param limit values above it are not good; null without one
   * @param whole whether values are whole numbers, between which there is nothing
   */
  constructor(parent, title, { form, limit = null, whole = false, nothing = "Nothing yet" }) {
    super(parent, title, 150);
    Object.assign(this, { form, limit, whole });
    this.none.textContent = nothing;
  }

  /** @param buckets in order, each with `upTo` (Infinity at the end) and `count` */
  show(buckets) {
    this.#buckets = buckets;
    this.draw();
  }

  /** The value that a share of all stays below, in words; between two bounds as if spread evenly. */
  #quantile(share) {
    const total = this.#buckets.reduce((sum, b) => sum + b.count, 0);
    let below = 0;
    let from = 0;
    for (const bucket of this.#buckets) {
      if (bucket.count > 0 && below + bucket.count >= share * total) {
        if (!Number.isFinite(bucket.upTo)) return `over ${this.form(from)}`;
        const value = this.whole ? bucket.upTo : from + ((bucket.upTo - from) * (share * total - below)) / bucket.count;
        return `${this.whole ? "up to" : "below"} ${this.form(value)}`;
      }
      below += bucket.count;
      from = Number.isFinite(bucket.upTo) ? bucket.upTo : from;
    }
    return "–";
  }

  draw() {
    this.picture.replaceChildren();
    const total = this.#buckets.reduce((sum, b) => sum + b.count, 0);
    this.none.hidden = total > 0;
    const y = this.scale(total > 0 ? ceiling(Math.max(...this.#buckets.map((b) => b.count)) / total) : 1, (v) => `${Math.round(100 * v)} %`);
    const bottom = this.heightPx - BOTTOM;
    const step = (this.widthPx - LEFT) / Math.max(1, this.#buckets.length);
    const every = Math.ceil(34 / step);
    this.#buckets.forEach((bucket, i) => {
      const share = total > 0 ? bucket.count / total : 0;
      const from = i === 0 ? 0 : this.#buckets[i - 1].upTo;
      const over = this.limit !== null && from >= this.limit;
      const x = LEFT + i * step;
      if (share > 0) {
        const top = Math.min(y(share), bottom - 2);
        const bar = svg("rect", { class: over ? "over" : "bar-of", x: x + 1.5, y: top, width: Math.max(2, step - 3), height: bottom - top, rx: 2 });
        bar.append(svg("title", {}, `${this.form(from)} to ${Number.isFinite(bucket.upTo) ? this.form(bucket.upTo) : "more"}: ${bucket.count}`));
        const group = svg("g", { class: "k1" });
        group.append(bar);
        this.picture.append(group);
      }
      if (Number.isFinite(bucket.upTo) && (i + 1) % every === 0 && i < this.#buckets.length - 1) {
        this.picture.append(svg("text", { x: x + step, y: this.heightPx - 4, "text-anchor": "middle" }, this.form(bucket.upTo, true)));
      }
      if (this.limit !== null && bucket.upTo === this.limit) {
        const at = Math.round(x + step) + 0.5;
        this.picture.append(svg("line", { class: "limit", x1: at, x2: at, y1: TOP, y2: bottom }));
      }
    });
    const [half, most] = [0.5, 0.95].map((share) => this.#quantile(share));
    const part = (name, value) => html("span", { class: "part" }, `${name} `, html("b", {}, value));
    this.note.replaceChildren(...(total > 0 ? [part("half", half), " · ", part("95 %", most)] : []));
    this.describe(total > 0 ? `half ${half}, 95 percent ${most}, of ${total}` : this.none.textContent);
  }
}
