import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, askRaw } from './ask.ts';
import { ATTRIBUTES } from './attributes.ts';
import { BODIES } from './bodies.ts';
import { type Contestant, ENTRANTS, freePort } from './contestant.ts';
import { DIFFERENCES, WITHOUT_CASE } from './differences.ts';
import { OBSERVATIONS } from './links.ts';
import { POPULATE } from './populate.ts';
import { PROGRAM_DIFFERENCES } from './program-differences.ts';
import { PROXIES } from './proxies.ts';
import { ROUTES, UNREACHABLE } from './routes.ts';
import type { Chapters, Expected, Ports, Step } from './step.ts';
import { TOXICS } from './toxics.ts';
import { WIRE } from './wire.ts';

/** Requests and the exact answers to them: a test a request, the same for the embedded server and the original. */

const SUBJECTS: Record<string, Chapters> = {
  bodies: BODIES,
  proxies: PROXIES,
  toxics: TOXICS,
  attributes: ATTRIBUTES,
  populate: POPULATE,
  routes: ROUTES,
  unreachable: UNREACHABLE,
};

const ports: Ports = { a: await freePort('requests'), b: await freePort('requests'), api: await freePort('requests') };
const named = (text: string) =>
  text.replaceAll(`${ports.a}`, 'A').replaceAll(`${ports.b}`, 'B').replaceAll(`${ports.api}`, 'API');

const STEPS = Object.values(SUBJECTS).flatMap((chapters) => Object.values(chapters).flatMap((make) => make(ports)));

it.each(['docs/toxiproxy.md', 'CHANGELOG.md'])('is as large as %s says', (file) => {
  const quoted = /more than (\d+) requests[^,]*, more than (\d+) observations/.exec(pageOf(file).replaceAll('\n', ' '));
  const [requests, observations] = (quoted?.slice(1) ?? []).map(Number);
  expect(STEPS.length + Object.keys(WIRE).length).toBeGreaterThan(requests ?? Number.NaN);
  expect(Object.keys(OBSERVATIONS).length).toBeGreaterThan(observations ?? Number.NaN);
});

it('has a case for every difference, but for those that say why not', () => {
  const cases = [...STEPS, ...Object.values(WIRE), ...Object.values(OBSERVATIONS)];
  const shown = new Set<string>(cases.flatMap(({ original }) => original?.difference ?? []));
  for (const difference of Object.keys(PROGRAM_DIFFERENCES)) shown.add(difference);
  expect(DIFFERENCES.filter((difference) => !shown.has(difference))).toEqual(Object.keys(WITHOUT_CASE));
});

it('has every difference from the original in docs/toxiproxy.md, and no other', () => {
  const section = pageOf('docs/toxiproxy.md').split('## Differences from the original')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| what '));
  expect(rows.map((row) => row.split(' | ')[0]?.slice(2))).toEqual([...DIFFERENCES]);
  for (const [difference, why] of Object.entries(WITHOUT_CASE)) {
    expect(rows.find((row) => row.startsWith(`| ${difference} |`))).toContain(`(no case: ${why}) |`);
  }
  expect(section.split('(no case: ')).toHaveLength(1 + Object.keys(WITHOUT_CASE).length);
});

for (const { name, start, original } of ENTRANTS) {
  describe(`${name} answers as Toxiproxy 2.12.0 does`, () => {
    let contestant: Contestant;
    beforeAll(async () => {
      contestant = await start(ports.api);
    });
    afterAll(() => contestant.close());

    describe('on the wire', () => {
      beforeAll(() => withoutProxies(contestant.url));
      it.each(Object.entries(WIRE))('%s', async (_title, request) => {
        const { lines, body = '' } = request;
        const { answers } = (original && request.original) || request;
        const text = `${lines.join('\r\n')}\r\n\r\n${body}`;
        expect(await askRaw(contestant.url, text, answers.length)).toEqual(answers);
      });
    });

    for (const [subject, chapters] of Object.entries(SUBJECTS)) {
      describe.each(Object.entries(chapters))(`${subject}: %s`, (_title, steps) => {
        beforeAll(() => withoutProxies(contestant.url));
        for (const step of steps(ports)) {
          const expected = answersOf(step, original);
          it.skipIf(expected === 'not asked')(
            named(`${step.send} ${step.body ?? ''}`)
              .slice(0, 160)
              .trim(),
            async () => {
              if (expected === 'not asked') return;
              const { requestId, foreign, ...seen } = await ask(contestant.url, step);
              expect(seen).toEqual({ nosniff: false, routed: true, ...expected });
              expect(foreign).toEqual([]);
              if (seen.routed) expect(requestId).toMatch(/^[0-9a-v]{20}$/);
            },
          );
        }
      });
    }
  });
}

function pageOf(file: string): string {
  return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
}

function answersOf(step: Step, original: boolean): Expected | 'not asked' {
  return original && step.original ? step.original.answers : step.answers;
}

async function withoutProxies(url: string): Promise<void> {
  const all = await ask(url, { send: 'GET /proxies' });
  for (const name of Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(all.body)))) {
    await ask(url, { send: `DELETE /proxies/${encodeURIComponent(name)}` });
  }
}
