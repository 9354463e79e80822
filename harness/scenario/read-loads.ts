import type { z } from 'zod';
import type { CurvePoint } from '../load/schedule.ts';
import { besideCaller } from './call-site.ts';
import type { LoadPlan } from './plan.ts';
import { readCurve } from './read-curve.ts';
import { isRecord, type Reader, show } from './reader.ts';
import type { Flow } from './scenario.ts';
import { arrivalsSchema, type stagesSchema, usersSchema } from './schemas.ts';

/** Reads the load groups into curves; their flow functions go into `flows`. */
export function readLoads(raw: unknown, reader: Reader, flows: Map<string, Flow>): LoadPlan[] {
  if (!isRecord(raw) || Object.keys(raw).length === 0) {
    reader.problem(['load'], `expected at least one group, such as { shoppers: users({...}) }, got ${show(raw)}`);
    return [];
  }
  const loads: LoadPlan[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const path = ['load', name];
    const { model, stages } = isRecord(value) ? value : {};
    if (model === 'users') {
      const load = reader.read(path, usersSchema(stages), value);
      if (!load) continue;
      flows.set(name, load.flow);
      if (load.think !== undefined && load.every !== undefined)
        reader.problem(
          [...path, 'think'],
          'cannot be combined with every: one of the two says when an iteration begins',
        );
      loads.push({
        model,
        name,
        curve: curveOf(load.stages, [...path, 'stages'], reader, 'users'),
        graceMs: load.grace,
        ...(load.every === undefined ? {} : { everyMs: load.every }),
        ...(load.think === undefined ? {} : { think: load.think }),
      });
    } else if (model === 'arrivals') {
      const load = reader.read(path, arrivalsSchema(stages), value);
      if (!load) continue;
      flows.set(name, load.flow);
      const curve = curveOf(load.stages, [...path, 'stages'], reader, 'arrivals');
      loads.push({ model, name, curve, process: load.process, maxInFlight: load.maxInFlight });
    } else reader.problem(path, `expected users({...}) or arrivals({...}), got ${show(value)}`);
  }
  return loads;
}

function curveOf(
  stages: z.output<typeof stagesSchema> | { csv: string },
  path: PropertyKey[],
  reader: Reader,
  model: 'users' | 'arrivals',
): CurvePoint[] {
  if (!Array.isArray(stages)) {
    const read = readCurve(besideCaller(stages.csv, reader.siteOf(path)));
    if (read.ok) return read.curve;
    reader.problem(path, read.problem);
    return [];
  }
  const curve: CurvePoint[] = [{ tMs: 0, value: 0 }];
  for (const [index, stage] of stages.entries()) {
    const last = curve.at(-1) ?? { tMs: 0, value: 0 };
    const at = [...path, index];
    if (stage.hold !== undefined) {
      if (stage.to !== undefined || stage.over !== undefined) {
        reader.problem(at, 'expected either { hold } or { to, over }, got both');
      }
      curve.push({ tMs: last.tMs + stage.hold, value: last.value });
    } else if (stage.to === undefined || stage.over === undefined) {
      reader.problem(at, `expected { to, over } or { hold }, got ${show(stage)}`);
    } else {
      if (stage.per !== undefined && model === 'users')
        reader.problem([...at, 'per'], 'users have no rate; did you mean arrivals({...})?');
      if (model === 'users' && !Number.isInteger(stage.to))
        reader.problem([...at, 'to'], `expected a whole number of users, got ${stage.to}`);
      curve.push({ tMs: last.tMs + stage.over, value: stage.to / ((stage.per ?? 1_000) / 1_000) });
    }
  }
  if ((curve.at(-1)?.tMs ?? 0) <= 0) reader.problem(path, 'the stages take no time');
  return curve;
}
