import type { ServerResponse } from 'node:http';

/** Counts requests from their arrival until their answer is out, or their connection gone. */
export class RequestsUnderWay {
  #open = 0;
  #whenNone: (() => void) | undefined;

  add(response: ServerResponse): void {
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
      if (this.#open === 0) this.#whenNone?.();
    });
  }

  /** Resolves when there is none, and at the latest after so long. */
  async none(patienceMs: number): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, patienceMs);
      this.#whenNone = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}
