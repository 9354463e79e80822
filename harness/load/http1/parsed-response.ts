import type { WireResponse } from '../driver.ts';

/** An answer as it came over the wire, one byte a character. Headers and text are only made when a flow looks at them. */
export class ParsedResponse implements WireResponse {
  readonly status: number;
  readonly #head: string;
  readonly #bytes: string;
  #headers: Record<string, string> | undefined;
  #body: string | undefined;

  constructor(status: number, head: string, bytes: string) {
    this.status = status;
    this.#head = head;
    this.#bytes = bytes;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= headersOf(this.#head);
    return this.#headers;
  }

  get setCookies(): readonly string[] {
    const head = this.#head;
    if (head === withoutCookies) return NONE;
    if (SET_COOKIE.test(head)) return fieldsOf(head).flatMap(([name, value]) => (name === 'set-cookie' ? [value] : []));
    withoutCookies = head;
    return NONE;
  }

  get body(): string {
    this.#body ??= Buffer.from(this.#bytes, 'latin1').toString();
    return this.#body;
  }
}

function fieldsOf(head: string): [name: string, value: string][] {
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
}

function headersOf(head: string): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of fieldsOf(head)) {
    if (name !== 'set-cookie') headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

const SET_COOKIE = /^set-cookie:/im;
const NONE: readonly string[] = [];

/** The last head without cookies: most are like the one before, and a comparison is cheaper than a search. */
let withoutCookies = '';
