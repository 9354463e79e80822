import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseFlags } from './flags.ts';

const schema = z.strictObject({
  name: z.string(),
  listenPort: z.coerce.number().int().max(65_535),
  tether: z.stringbool().default(false),
});

test('flags are read in both spellings, and one without a value is true', () => {
  expect(parseFlags('x', schema, ['--name', 'a', '--listen-port=80', '--tether'])).toEqual({
    name: 'a',
    listenPort: 80,
    tether: true,
  });
});

test('every problem of a command line is named at once', () => {
  expect(() => parseFlags('x', schema, ['stray', '--listen-port', '99999', '--nmae', 'a'])).toThrow(
    /expected an option like --name, got "stray".*--name: .*--listen-port: .*unknown option --nmae; known: --name, --listen-port, --tether/,
  );
});
