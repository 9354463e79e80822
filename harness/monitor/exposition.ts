import {
  type Describe,
  ExpositionError,
  type ExpositionFormat,
  type ExpositionSample,
  LineScanner,
} from './exposition-line.ts';

export { ExpositionError, type ExpositionFormat, type ExpositionSample } from './exposition-line.ts';

/**
 * Reads expositions of one target again and again. The text before the value is the key to a cache, because only values
 * change from one scrape to the next: labels are parsed, and `resolve` called, only for a series not seen before.
 */
export class ExpositionReader<Handle> {
  readonly #resolve: (labels: Record<string, string>) => Handle;
  readonly #describe: Describe;
  /** Comments read before: they say the same each time. */
  readonly #comments = new Set<string>();
  #cache = new Map<string, Handle>();
  /** What the last complete text used; the rest of the cache goes when it outweighs that. */
  #used = 0;

  constructor(resolve: (labels: Record<string, string>) => Handle, describe: Describe = () => {}) {
    this.#resolve = resolve;
    this.#describe = describe;
  }

  /** All samples of a whole text, in order. Throws ExpositionError. */
  read(text: string, format: ExpositionFormat): ExpositionSample<Handle>[] {
    const samples: ExpositionSample<Handle>[] = [];
    if (this.#cache.size > 2 * this.#used + 1_000) this.#cache = new Map();
    const { ended, nextLine } = this.readLines(text, format, 1, (sample) => samples.push(sample));
    if (format === 'openmetrics' && !ended) {
      throw new ExpositionError(nextLine, 1, 'the text ends without # EOF, it may be cut off');
    }
    this.#used = samples.length;
    return samples;
  }

  /** Reads complete lines, the first of which has the number `line`. `ended` says whether `# EOF` was among them. */
  readLines(
    text: string,
    format: ExpositionFormat,
    line: number,
    visit: (sample: ExpositionSample<Handle>) => void,
  ): { ended: boolean; nextLine: number } {
    let start = 0;
    let number = line;
    for (; start < text.length; number++) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      const scanner = new LineScanner(text, start, text.charCodeAt(end - 1) === 13 ? end - 1 : end, number);
      start = end + 1;
      if (scanner.isBlank()) {
        if (format === 'openmetrics') throw scanner.error('empty line, OpenMetrics allows none');
        continue;
      }
      if (scanner.isComment()) {
        const comment = scanner.rest();
        if (this.#comments.has(comment)) continue;
        const said = scanner.comment(format);
        if (said !== 'EOF') {
          if (said !== undefined) this.#describe(said.name, said.field, said.text);
          this.#comments.add(comment);
          continue;
        }
        if (start < text.length) throw new ExpositionError(number + 1, 1, 'text after # EOF');
        return { ended: true, nextLine: number + 1 };
      }
      const key = scanner.seriesText();
      let handle = this.#cache.get(key);
      if (handle === undefined) {
        handle = this.#resolve(scanner.labels());
        this.#cache.set(key, handle);
      }
      visit(scanner.sample(handle, format));
    }
    return { ended: false, nextLine: number };
  }
}
