/** What a command gives back; only `cli.ts` prints it and exits. */
export interface CommandResult {
  exitCode: number;
  /** For people, on standard output. */
  text: string;
  /** For programs, as the one document on standard output with `--json`. */
  json: unknown;
}

/** Options that every command takes. */
export interface CommonOptions {
  json: boolean;
  quiet: boolean;
  plain: boolean;
}
