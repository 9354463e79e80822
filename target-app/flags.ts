import type { z } from 'zod';

/** Every problem of a command line at once. `message` is ready to print. */
export class FlagError extends Error {
  readonly problems: string[];

  constructor(command: string, problems: string[]) {
    super(`${command}: ${problems.join('; ')}`);
    this.name = 'FlagError';
    this.problems = problems;
  }
}

/**
 * Reads `--listen-port 80 --tether --mutants=a` into `{ listenPort: '80', tether: 'true', mutants: 'a' }` and parses that
 * with the schema, so a schema of a command line takes strings.
 * @throws FlagError with every problem found
 */
export function parseFlags<Schema extends z.ZodObject>(
  command: string,
  schema: Schema,
  argv: readonly string[],
): z.output<Schema> {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (!word.startsWith('--')) {
      problems.push(`expected an option like --name, got "${word}"`);
      continue;
    }
    const equals = word.indexOf('=');
    const name = camelCase(equals === -1 ? word.slice(2) : word.slice(2, equals));
    const next = argv[index + 1];
    if (equals !== -1) given[name] = word.slice(equals + 1);
    else if (next === undefined || next.startsWith('--')) given[name] = 'true';
    else {
      given[name] = next;
      index++;
    }
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) {
          problems.push(`unknown option --${kebabCase(key)}; known: ${knownOptions(schema)}`);
        }
      } else {
        problems.push(`--${kebabCase(issue.path.join('.'))}: ${issue.message}`);
      }
    }
  }
  if (!parsed.success || problems.length > 0) throw new FlagError(command, problems);
  return parsed.data;
}

function knownOptions(schema: z.ZodObject): string {
  return Object.keys(schema.shape)
    .map((key) => `--${kebabCase(key)}`)
    .join(', ');
}

function camelCase(kebab: string): string {
  return kebab.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function kebabCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
