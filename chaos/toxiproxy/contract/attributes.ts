import type { Difference } from './differences.ts';
import {
  add,
  badBody,
  type Chapters,
  cannotUnmarshal,
  create,
  type Expected,
  get,
  ok,
  type Step,
  send,
  toxic,
} from './step.ts';

interface Kind {
  goStruct: string;
  goInt: 'int' | 'int64';
  /** As shown, with what a new toxic needs that is not 0. */
  attributes: Record<string, number>;
  /** Values that crash the original; the rest of each sentence that we answer with. */
  refused?: Record<string, Record<number, string>>;
}

const POSITIVE = 'expected a positive number of bytes';

export const KINDS: Record<string, Kind> = {
  latency: { goStruct: 'LatencyToxic', goInt: 'int64', attributes: { latency: 0, jitter: 0 } },
  bandwidth: {
    goStruct: 'BandwidthToxic',
    goInt: 'int64',
    attributes: { rate: 0 },
    refused: { rate: { [-1]: 'expected 0 (no data passes) or a positive number of KB/s' } },
  },
  slow_close: { goStruct: 'SlowCloseToxic', goInt: 'int64', attributes: { delay: 0 } },
  timeout: { goStruct: 'TimeoutToxic', goInt: 'int64', attributes: { timeout: 0 } },
  reset_peer: { goStruct: 'ResetToxic', goInt: 'int64', attributes: { timeout: 0 } },
  limit_data: { goStruct: 'LimitDataToxic', goInt: 'int64', attributes: { bytes: 0 } },
  slicer: {
    goStruct: 'SlicerToxic',
    goInt: 'int',
    attributes: { average_size: 64, size_variation: 0, delay: 0 },
    refused: {
      average_size: { [-1]: POSITIVE, 0: POSITIVE },
      size_variation: { [-1]: 'expected 0 or a positive number of bytes', 65: 'expected at most average_size' },
    },
  },
};

/** Every attribute of every toxic: what it takes, what it makes of it, what it refuses. */
export const ATTRIBUTES: Chapters = Object.fromEntries(
  Object.entries(KINDS).flatMap(([type, kind]) =>
    Object.keys(kind.attributes).map((name) => [
      `reads ${name} of ${type}`,
      ({ a }) => [create('p', a), ...stepsFor(type, kind, name)],
    ]),
  ),
);

function stepsFor(type: string, kind: Kind, name: string): Step[] {
  const path = `/proxies/p/toxics/${type}_downstream`;
  const shown = (changed: Record<string, number>) => toxic(JSON.stringify({ ...kind.attributes, ...changed }), type);
  const body = (value: string, key = name) => {
    const needed = Object.entries(kind.attributes).filter(([other, value]) => other !== name && value !== 0);
    const pairs = [...needed.map(([other, value]) => `"${other}":${value}`), `"${key}":${value}`];
    return `{"type":"${type}","attributes":{${pairs.join(',')}}}`;
  };
  const change = (value: string, answers: Expected) =>
    send(`PATCH ${path}`, answers, `{"attributes":{"${name}":${value}}}`);
  const wrong = (found: string) =>
    cannotUnmarshal(`${found} into Go struct field ${kind.goStruct}.attributes.${name} of type ${kind.goInt}`);
  const refused = kind.refused?.[name] ?? {};
  return [
    ...Object.entries({
      '"7"': 'string',
      true: 'bool',
      '[7]': 'array',
      '{}': 'object',
      '1.5': 'number 1.5',
      '1.0': 'number 1.0',
      '1e3': 'number 1e3',
      '9223372036854775808': 'number 9223372036854775808',
      '-9223372036854775809': 'number -9223372036854775809',
    }).map(([value, found]) => add(body(value), wrong(found))),
    get('/proxies/p/toxics', ok('[]')),
    ...Object.entries(refused).map(
      ([value, why]): Step => unlike(add(body(value), badAttribute(name, why, value)), 'attributes that crash'),
    ),
    unlike(
      add(
        body('9223372036854775807'),
        badAttribute(name, 'expected an integer of less than 2^53 either way', '9223372036854775807'),
      ),
      'integers beyond 2^53',
    ),
    add(body('7', name.toUpperCase()), ok(shown({ [name]: 7 }))),
    change('9', ok(shown({ [name]: 9 }))),
    change('"9"', wrong('string')),
    change('9.5', wrong('number 9.5')),
    change('null', ok(shown({ [name]: 9 }))),
    ...((-1) in refused ? [] : [change('-1', ok(shown({ [name]: -1 })))]),
    ...(0 in refused ? [] : [change('0', ok(shown({ [name]: 0 })))]),
  ];
}

function badAttribute(name: string, why: string, got: string): Expected {
  return badBody(`${name}: ${why}, got ${got}`);
}

/** What is refused by us and would crash the original sooner or later: it is not asked. */
function unlike(step: Step, difference: Difference): Step {
  return { ...step, original: { answers: 'not asked', difference } };
}
