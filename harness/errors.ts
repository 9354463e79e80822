/** The exit codes are API: scripts and CI jobs branch on them. */
export const EXIT = {
  passed: 0,
  failed: 1,
  usage: 2,
  inconclusive: 3,
  environment: 4,
  stopped: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One thing wrong with an input. `path` says where in the input; `at` is `file:line:column` when known. */
export interface Problem {
  path: string;
  message: string;
  at?: string;
}

interface Details {
  exitCode: ExitCode;
  /** What to do about it, as a command where there is one. */
  hint?: string;
  /** Facts that prove it, a line each: `by: toxiproxy-server (pid 4211)`. */
  facts?: string[];
  problems?: Problem[];
  cause?: unknown;
}

/**
 * The one error class that reaches a person. `code` is a stable `area/what` string, `message` one sentence in the
 * user's words. Only `cli.ts` prints it and exits.
 */
export class StampedeError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly facts: string[];
  readonly problems: Problem[];

  constructor(code: string, message: string, details: Details) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'StampedeError';
    this.code = code;
    this.exitCode = details.exitCode;
    this.hint = details.hint;
    this.facts = details.facts ?? [];
    this.problems = details.problems ?? [];
  }
}

/** The text of anything thrown, for a message that quotes it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
