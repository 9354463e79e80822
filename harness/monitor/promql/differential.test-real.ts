import { describe, expect, it } from 'vitest';
import type { Semantics } from './semantics.ts';
import { ourAnswer, type Question, startOracle } from './testing/oracle.ts';
import { Random } from './testing/random.ts';
import { DATA, randomData } from './testing/random-data.ts';
import { randomQuery } from './testing/random-query.ts';
import { difference } from './testing/same-answer.ts';

/** Real servers, which PROMETHEUS (2.x of Debian) and PROMETHEUS_3 name. SEED makes a run again. */
const servers = [process.env.PROMETHEUS, process.env.PROMETHEUS_3].filter(
  (command) => command !== undefined && command !== '',
);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const QUERIES = Number(process.env.QUERIES ?? 5_000);
const DATA_SETS = 5;

describe.each(servers)('the embedded monitor and %s', (command) => {
  it(`agree on ${QUERIES} random queries (SEED=${seed})`, { timeout: 110_000 }, async () => {
    const disagreements: string[] = [];
    let asked = 0;
    let empty = 0;
    let refused = 0;
    let version = '';
    for (let set = 0; set < DATA_SETS; set++) {
      const random = new Random(seed + set);
      const data = randomData(random);
      const oracle = await startOracle(command ?? '', data);
      version = oracle.version;
      try {
        const questions = Array.from({ length: QUERIES / DATA_SETS }, () => randomQuestion(random, oracle.semantics));
        const ask = async (question: Question) => {
          const theirs = await oracle.ask(question);
          const ours = ourAnswer(question, data, { semantics: oracle.semantics });
          asked++;
          if ('error' in theirs) refused++;
          else if ('series' in theirs.answer && theirs.answer.series.length === 0) empty++;
          const problem = difference(ours, theirs);
          if (problem !== undefined) disagreements.push(`${JSON.stringify(question)}\n    ${problem}`);
        };
        for (let at = 0; at < questions.length; at += 8) await Promise.all(questions.slice(at, at + 8).map(ask));
      } finally {
        await oracle.stop();
      }
    }
    const share = 1 - disagreements.length / asked;
    process.stdout.write(
      `Prometheus ${version}, SEED=${seed}: ${asked} queries, ${(share * 100).toFixed(3)} % agree, ${refused} refused by it, ${empty} empty\n${disagreements.map((text) => `  ${text}\n`).join('')}`,
    );
    expect(asked).toBe(QUERIES);
    expect(share, disagreements.join('\n')).toBeGreaterThanOrEqual(0.999);
  });
});

it.skipIf(servers.length > 0)('needs a Prometheus, which PROMETHEUS names', () => {});

function randomQuestion(random: Random, semantics: Semantics): Question {
  const expression = randomQuery(random, semantics);
  const lengthMs = DATA.steps * DATA.stepMs;
  // Whole seconds now and then, so that samples lie exactly on the ends of ranges.
  const atMs = DATA.fromMs + random.whole(lengthMs / 5_000) * 5_000 + (random.next() < 0.5 ? 0 : random.whole(5_000));
  if (random.next() < 0.5) return { expression, atMs };
  const stepMs = random.pick([5_000, 10_000, 15_000, 60_000, 7_300]);
  return { expression, fromMs: atMs, toMs: atMs + stepMs * (1 + random.whole(20)), stepMs };
}
