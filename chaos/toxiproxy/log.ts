/** As the original's, the noisiest first. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic', 'disabled'] as const;
export type Level = (typeof LEVELS)[number];

/** Fields of a line, in their order. An undefined one is left out. */
export type LogFields = Record<string, string | number | undefined>;

/** Lines of JSON with the names and messages of the original's, without its lines of source code. */
export class Log {
  readonly #least: number;
  readonly #write: (line: string) => void;

  constructor(level: Level, write: (line: string) => void) {
    this.#least = LEVELS.indexOf(level);
    this.#write = write;
  }

  /** Whether a line of that level would be written: making its fields may cost more than writing it. */
  has(level: Exclude<Level, 'disabled'>): boolean {
    return LEVELS.indexOf(level) >= this.#least;
  }

  debug(message: string | undefined, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  #add(level: Exclude<Level, 'disabled'>, message: string | undefined, fields: LogFields): void {
    if (!this.has(level)) return;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    this.#write(`${JSON.stringify({ level, ...fields, time, message })}\n`);
  }
}

export const NO_LOG = new Log('disabled', () => {});

/** The level of a LOG_LEVEL, in any case; undefined when there is none of that name. */
export function parseLevel(text: string): Level | undefined {
  return LEVELS.find((level) => level === text.toLowerCase());
}
