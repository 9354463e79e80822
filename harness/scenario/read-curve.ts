import { messageOf } from '../errors.ts';
import type { CurvePoint } from '../load/schedule.ts';
import { parseDuration } from '../units.ts';
import { show } from './reader.ts';
import { readLines } from './table.ts';

export type ReadCurve = { ok: true; curve: CurvePoint[] } | { ok: false; problem: string };

/** Reads lines of `time,value` into a curve that begins at 0; a first line without numbers is a head. */
export function readCurve(path: string): ReadCurve {
  let lines: string[][];
  try {
    lines = readLines(path);
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
  const curve: CurvePoint[] = [];
  for (const [index, line] of lines.entries()) {
    const [time = '', amount = ''] = line;
    const tMs = parseDuration(time) ?? (time === '' ? Number.NaN : Number(time) * 1_000);
    const value = amount === '' ? Number.NaN : Number(amount);
    if (index === 0 && Number.isNaN(tMs) && Number.isNaN(value)) continue;
    const where = `${path}, line ${index + 1}`;
    if (!(tMs >= 0) || !(value >= 0) || !Number.isFinite(value))
      return {
        ok: false,
        problem: `${where}: expected a time and a value, such as '90s,120', got ${show(line.join(','))}`,
      };
    const last = curve.at(-1);
    if (last && tMs <= last.tMs) return { ok: false, problem: `${where}: times must go up, got ${time}` };
    curve.push({ tMs, value });
  }
  const [first] = curve;
  if (!first || curve.length < 2) return { ok: false, problem: `${path}: expected at least two lines of 'time,value'` };
  return { ok: true, curve: first.tMs === 0 ? curve : [{ tMs: 0, value: first.value }, ...curve] };
}
