import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Golden, goldenPath, goldenText, readGolden } from './testing/golden-file.ts';
import { goldenQuestions } from './testing/golden-queries.ts';
import { startOracle } from './testing/oracle.ts';
import { Random } from './testing/random.ts';
import { randomData } from './testing/random-data.ts';
import { difference } from './testing/same-answer.ts';

/** RECORD=1 writes the corpus anew, from the servers that PROMETHEUS and PROMETHEUS_3 name. */
const servers = [process.env.PROMETHEUS, process.env.PROMETHEUS_3].filter(
  (command) => command !== undefined && command !== '',
);
const SEED = 4;

describe.each(servers)('the golden corpus of %s', (command) => {
  it('is what it answers', async () => {
    const golden = await record(command ?? '');
    const path = goldenPath(golden.semantics);
    if (process.env.RECORD !== undefined) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, goldenText(golden));
    }
    const committed = readGolden(golden.semantics);
    expect(committed.cases.map(({ question }) => question)).toEqual(golden.cases.map(({ question }) => question));
    const changed = golden.cases.flatMap(({ question, outcome }, index) => {
      const problem = difference(committed.cases[index]?.outcome ?? { error: 'missing' }, outcome);
      return problem === undefined ? [] : [`${question.expression}: ${problem}`];
    });
    expect(changed).toEqual([]);
  });
});

it.skipIf(servers.length > 0)('needs a Prometheus, which PROMETHEUS names', () => {});

async function record(command: string): Promise<Golden> {
  const data = randomData(new Random(SEED));
  const oracle = await startOracle(command, data);
  try {
    const cases: Golden['cases'] = [];
    for (const question of goldenQuestions(oracle.semantics)) {
      const outcome = await oracle.ask(question);
      // The text names the server's address; that it refuses is what counts.
      cases.push({
        question,
        outcome: 'error' in outcome ? { error: outcome.error.replace(/^.*? answered /, '') } : outcome,
      });
    }
    // Built from its module, a server does not know its version.
    return { server: oracle.semantics === 'v3' ? '3.16.0' : oracle.version, semantics: oracle.semantics, data, cases };
  } finally {
    await oracle.stop();
  }
}
