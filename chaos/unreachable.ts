/** Nothing listens at an address any more: the process, and all it held in memory, is gone. */
export class Unreachable extends Error {
  readonly what: string;

  constructor(what: string, cause: unknown) {
    super(`${what} does not answer`, { cause });
    this.name = 'Unreachable';
    this.what = what;
  }
}
