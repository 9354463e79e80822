import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the fake says when it is asked for something, by the words it is asked with. `*` fits anything. */
export interface FakeAnswer {
  when: string;
  code?: number;
  stdout?: string;
  stderr?: string;
  /** Only after it was asked for something with these words in it, and until it is asked for something with those. */
  from?: string;
  to?: string;
}

/**
 * A program called docker in a folder of its own, for PATH: says what Docker said when it was in that trouble, and writes
 * down what it was asked. It stands for Compose as well.
 */
export class FakeDocker {
  readonly directory: string;
  readonly #log: string;

  constructor(directory: string, answers: readonly FakeAnswer[]) {
    this.directory = directory;
    this.#log = join(directory, 'asked');
    mkdirSync(directory, { recursive: true });
    const cases = [...answers, ...WELL].map(({ when, code = 0, stdout = '', stderr = '', from, to }) => {
      const pattern = when.split('*').map(quoted).join('*');
      const log = quoted(this.#log);
      const since = from === undefined ? '' : `grep -q ${quoted(from)} ${log} || exit 0; `;
      const until = to === undefined ? '' : `grep -q ${quoted(to)} ${log} && exit 0; `;
      return `  ${pattern}) ${since}${until}printf '%s' ${quoted(stdout)}; printf '%s' ${quoted(stderr)} >&2; exit ${code};;`;
    });
    const script = [
      '#!/bin/sh',
      'PATH=/usr/bin:/bin',
      `echo "$*" >> ${quoted(this.#log)}`,
      'case "$*" in',
      ...cases,
      'esac',
      'exit 0',
      '',
    ];
    const path = join(directory, 'docker');
    writeFileSync(path, script.join('\n'));
    chmodSync(path, 0o755);
  }

  get asked(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n') : [];
  }
}

/** An engine with Compose and enough of everything. */
const WELL: FakeAnswer[] = [
  { when: 'version *', stdout: '28.2.2\n' },
  { when: 'compose version *', stdout: '2.40.0\n' },
  { when: 'info *', stdout: '{"MemTotal":25769803776}\n' },
  { when: 'network inspect bridge *', stdout: '172.17.0.1 \n' },
];

function quoted(text: string): string {
  return text === '' ? "''" : `'${text.replaceAll("'", "'\\''")}'`;
}
