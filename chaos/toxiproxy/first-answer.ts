/**
 * Tells when an answer has begun. Interim answers of HTTP/1 (100 Continue, 103 Early Hints; RFC 9110, 15.2) are none: the
 * request goes on after them. 101 is one, and so is anything that is no HTTP.
 */
export class FirstAnswer {
  #begun = false;
  /** The last bytes of an interim head, or the first of what may become one. */
  #kept = '';
  #inInterim = false;

  get begun(): boolean {
    return this.#begun;
  }

  receive(chunk: Buffer): void {
    if (this.#begun) return;
    let text = this.#kept + chunk.toString('latin1');
    for (;;) {
      if (this.#inInterim) {
        const end = text.indexOf(END_OF_HEAD);
        if (end === -1) {
          this.#kept = text.slice(1 - END_OF_HEAD.length);
          return;
        }
        text = text.slice(end + END_OF_HEAD.length);
        this.#inInterim = false;
      }
      this.#kept = text;
      if (!INTERIM.test(text)) {
        this.#begun = !START_OF_INTERIM.test(text);
        return;
      }
      this.#inInterim = true;
    }
  }
}

const END_OF_HEAD = '\r\n\r\n';
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d/;
const START_OF_INTERIM = /^(?:H(?:T(?:T(?:P(?:\/(?:1(?:\.(?:[01](?: (?:1\d?)?)?)?)?)?)?)?)?)?)?$/;
