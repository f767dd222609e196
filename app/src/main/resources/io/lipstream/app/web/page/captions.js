// Words as they are spoken. They roll: the last two lines are seen, a new sentence begins a new line.

const SENTENCES = 3;
const LINGER_MS = 1600;
const SENTENCE_END = /[.!?…]["'”’)]*$/;

export class Captions {
  #phrase = null;
  #sentence = "";
  #timer = 0;

  /**
   * @param element where they are seen
   * @param announce called with each whole sentence, for who listens to a screen reader
   */
  constructor(element, announce) {
    this.element = element;
    this.announce = announce;
  }

  /** A word begins to be heard. */
  word(text) {
    if (!this.#sentence) {
      this.#begin();
    }
    const span = document.createElement("span");
    span.textContent = text;
    this.#phrase.append(span, " ");
    this.element.classList.add("on");
    this.#sentence = this.#sentence ? `${this.#sentence} ${text}` : text;
    if (SENTENCE_END.test(text)) {
      this.#say();
    }
    clearTimeout(this.#timer);
  }

  #begin() {
    if (!this.#phrase) {
      this.element.replaceChildren();
    }
    this.#phrase = document.createElement("p");
    this.element.append(this.#phrase);
    while (this.element.childElementCount > SENTENCES) {
      this.element.firstElementChild.remove();
    }
  }

  /** What the user says, so far or as a whole. */
  heard(text) {
    const p = document.createElement("p");
    p.className = "you";
    p.textContent = `“${text}”`;
    this.#phrase = null;
    this.element.replaceChildren(p);
    this.element.classList.add("on");
    this.#fade(3000);
  }

  /** The avatar is silent now. */
  end() {
    this.#say();
    this.#fade(LINGER_MS);
  }

  /** Takes back at once what is seen. */
  clear() {
    this.#sentence = "";
    this.#fade(0);
  }

  #say() {
    if (this.#sentence) {
      this.announce(this.#sentence);
      this.#sentence = "";
    }
  }

  #fade(millis) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#phrase = null;
      this.element.classList.remove("on");
    }, millis);
  }
}
