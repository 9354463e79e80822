import { messageOf, StampedeError } from '../errors.ts';

/** Measurements of tools, any of which may fail: one that did is told of, and left out from then on. */
export class Attempts {
  readonly #say: (line: string) => void;
  readonly #broken = new Map<string, string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** What was measured; undefined when it failed now or before. */
  async measure<Value>(tool: string, how: () => Promise<Value>): Promise<Value | undefined> {
    if (this.#broken.has(tool)) return undefined;
    try {
      return await how();
    } catch (error) {
      this.#broken.set(tool, messageOf(error));
      this.#say(`  ${tool} failed: ${messageOf(error)}`);
      for (const fact of error instanceof StampedeError ? error.facts : []) this.#say(`    ${fact}`);
      return undefined;
    }
  }

  /** For the line of the tool: nothing unless it failed. */
  reason(tool: string): { skipped?: string } {
    const why = this.#broken.get(tool);
    return why === undefined ? {} : { skipped: why };
  }
}
