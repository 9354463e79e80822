import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Semantics } from '../semantics.ts';
import type { GivenSeries } from '../series-list.ts';
import type { Question } from './oracle.ts';
import type { Outcome } from './same-answer.ts';

/** Our own series, and what a real Prometheus answered about them. */
export interface Golden {
  /** The version of the server. */
  server: string;
  semantics: Semantics;
  data: GivenSeries[];
  cases: { question: Question; outcome: Outcome }[];
}

export function goldenPath(semantics: Semantics): string {
  return join(import.meta.dirname, `../golden/${semantics}.json`);
}

export function readGolden(semantics: Semantics): Golden {
  return JSON.parse(readFileSync(goldenPath(semantics), 'utf8'), (_key, value) => unpacked(value));
}

/** A series or a case a line, so that a new recording can be compared. */
export function goldenText({ server, semantics, data, cases }: Golden): string {
  const lines = (list: readonly unknown[]) => list.map((item) => `  ${JSON.stringify(item, packed)}`).join(',\n');
  return `{"server": ${JSON.stringify(server)}, "semantics": "${semantics}", "data": [\n${lines(data)}\n], "cases": [\n${lines(cases)}\n]}\n`;
}

type Point = { tMs: number; value: number | string };

/** Samples as flat lists, and what JSON has no number for as text. */
function packed(key: string, value: unknown): unknown {
  if (key === 'samples' && Array.isArray(value)) return value.flatMap(({ tMs, value: sample }: Point) => [tMs, sample]);
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { number: Object.is(value, -0) ? '-0' : String(value) };
}

function unpacked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('number' in value && typeof value.number === 'string') return Number(value.number);
  if (!('samples' in value) || !Array.isArray(value.samples)) return value;
  const flat: (number | string)[] = value.samples;
  const samples = [];
  for (let i = 0; i < flat.length; i += 2) samples.push({ tMs: flat[i], value: flat[i + 1] });
  return { ...value, samples };
}
