import type { WireResponse } from './driver.ts';
import type { Response } from './user.ts';

/** A response as a flow sees it. */
export class Answer implements Response {
  readonly status: number;
  readonly ok: boolean;
  readonly #answer: WireResponse;

  constructor(answer: WireResponse, ok: boolean) {
    this.status = answer.status;
    this.ok = ok;
    this.#answer = answer;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#answer.headers;
  }

  get body(): string {
    return this.#answer.body;
  }

  json<Value>(): Value {
    return JSON.parse(this.body);
  }

  at<Value>(path: string): Value {
    let value: unknown = this.json();
    let walked = '';
    for (const [part, dotted, index] of path.matchAll(/\.?([^.[\]]+)|\[(\d+)\]/g)) {
      const key = dotted ?? index ?? '';
      walked += walked === '' ? part.replace(/^\./, '') : part;
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
        throw new TypeError(`the answer has no '${walked}': ${shortened(JSON.stringify(value))}`);
      value = Reflect.get(value, key);
    }
    // As with json(): what it is, the flow's author knows.
    return value as Value;
  }

  match(pattern: RegExp): string {
    const found = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(this.body);
    if (!found) throw new TypeError(`the answer does not match ${pattern}: ${shortened(this.body)}`);
    return found[1] ?? found[0];
  }
}

function shortened(text: string | undefined): string {
  const whole = text ?? 'nothing';
  return whole.length > 100 ? `${whole.slice(0, 100)}...` : whole;
}
