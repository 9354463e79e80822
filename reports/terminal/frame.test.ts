import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { liveState, startingState, unfitState } from '../live-fixture.ts';
import { frame, SMALLEST } from './frame.ts';
import type { LiveState } from './live-state.ts';

const draw = (state: LiveState, columns: number, rows: number, unicode = true): string[] =>
  frame(state, { columns, rows, unicode, colour: false });

describe('the live frame', () => {
  it('shows fault, promises and generator in an ordinary terminal', () => {
    expect(draw(liveState(), 80, 24)).toEqual([
      ' slow-shard                               FAULT latency · proven · heals in 0:24',
      ' 02:21 / 04:00  ████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░  58 %',
      ' load           ▁▂▂▃▃▄▄▅▅▆▆▇▇███████████████████│',
      ' faults                                     ├▒▒▒│▒▒▒▒▒┤     ├░░┤',
      '',
      ' USERS   shoppers 100,000 of 100,000    signups 200/s of 200/s    open 1,204',
      ' RATE    offered 19,566/s   done 19,562/s   dropped 0   errors 0.43 %',
      '',
      ' LAST 10 s      rate    p50    p90     p99   p99.9  errors   p99, last minute',
      ' checkout      412/s  38 ms  97 ms  612 ms  1.21 s  0.92 %   ▁▁▁▁▁▁▁▁▁▁▁▁▃█▇█',
      ' sign-up       200/s  21 ms  38 ms   77 ms  140 ms     0 %   ▂▁▂▃▂▂▂▃▂▂▃▃▂',
      ' browse     18,950/s  12 ms  19 ms   41 ms   88 ms     0 %   ▂▁▂▃▂▂▂▃▂▂▃▃▂',
      '',
      ' PROMISES, so far    limit     steady  fault:latency  budget left',
      ' ✗ checkout p99      < 400 ms  131 ms       612 ms ✗         62 %',
      ' ✓ others unharmed   < 0.1 %        –         0.02 %         80 %',
      ' ? search errors     < 1 %        0 %      no data ?            –',
      '',
      ' GENERATOR ok   lateness p99 1.2 ms · loop lag 3 ms · CPU 61 % · agents 4/4',
      '',
      ' 02:07.4  alert CheckoutSlow is firing (7.4 s after the fault)',
      ' 02:03.1  fault latency proven: orders->shard-eu-0 takes 812 ms, took 2 ms…',
      ' Ctrl-C: drain, heal and report · twice: stop at once',
    ]);
  });

  it.each([
    [60, 20],
    [80, 24],
    [120, 30],
    [200, 50],
  ])('at %i x %i looks like this, in Unicode and in ASCII', (columns, rows) => {
    for (const unicode of [true, false]) {
      for (const state of [liveState(), startingState(), unfitState()]) {
        expect(`\n${draw(state, columns, rows, unicode).join('\n')}\n`).toMatchSnapshot();
      }
    }
  });

  it('says first that the generator is unfit, and believes no promise from then on', () => {
    const lines = draw(unfitState(), 80, 24);
    expect(lines[1]).toMatch(/^ GENERATOR UNFIT {2}312 of 240,000 starts were dropped/);
    expect(lines.filter((line) => line.startsWith(' ✗') || line.startsWith(' ✓'))).toEqual([]);
    expect(lines.join('\n')).toContain(' ? checkout p99');
  });

  it('keeps name, fault, promises and generator in the smallest terminal', () => {
    const text = draw(liveState(), SMALLEST.columns, SMALLEST.rows).join('\n');
    expect(text).toContain('slow-shard');
    expect(text).toContain('FAULT latency · proven · heals in 0:24');
    expect(text).toContain('PROMISES, so far');
    expect(text).toContain('612 ms ✗');
    expect(text).toContain('GENERATOR ok');
    expect(text).not.toContain('LAST 10 s');
  });

  it('shows the requests that have an objective or come nearest to their limit, and counts the others', () => {
    const [one] = liveState().requests;
    if (one === undefined) throw new Error('the fixture has no requests');
    const many = Array.from({ length: 17 }, (_, index) => ({ ...one, name: `other-${index}`, hasObjective: false }));
    const lines = draw(liveState({ requests: [...many, one] }), 80, 24);
    expect(lines.findIndex((line) => line.includes('checkout '))).toBe(
      lines.findIndex((line) => line.includes('LAST 10 s')) + 1,
    );
    expect(lines).toContain(' + 13 more');
  });

  it('shows no bar for a plan without an end', () => {
    const text = draw(liveState({ totalMs: null }), 80, 24).join('\n');
    expect(text).toContain('no planned end');
    expect(text).not.toContain('██  ');
  });

  it('puts the notice of a stop in the place of the Ctrl-C line', () => {
    const notice = 'Stopping: draining 1,204 requests, healing 1 fault (up to 30 s). Ctrl-C again stops at once.';
    expect(draw(liveState({ notice }), 120, 30).at(-1)).toBe(` ${notice}`);
  });

  it('has colour only when asked, and the same text with it', () => {
    const size = { columns: 120, rows: 30, unicode: true };
    const coloured = frame(liveState(), { ...size, colour: true });
    expect(coloured.join('')).toContain('\u001b[');
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(
      frame(liveState(), { ...size, colour: false }),
    );
  });

  it('lets no name bring an escape sequence into the terminal', () => {
    const text = draw(liveState({ scenario: '\u001b[2Jgone\r\n' }), 80, 24)[0] ?? '';
    expect(text.startsWith(' gone ')).toBe(true);
    expect(text).not.toContain('\u001b');
  });

  it('is never wider or higher than the terminal, and cuts no number', () => {
    fc.assert(
      fc.property(
        anyState,
        fc.integer({ min: 60, max: 220 }),
        fc.integer({ min: 12, max: 60 }),
        fc.boolean(),
        (state, columns, rows, unicode) => {
          const lines = draw(state, columns, rows, unicode);
          expect(lines.length).toBeLessThan(rows);
          for (const line of lines) {
            expect(stringWidth(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toMatch(/[\d.,](…|~)|(…|~)[\d.,]/);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Names have no digits, so that a digit beside a cut is always a number that was cut. */
const name = fc.string({ unit: fc.constantFrom(...'abcdefg ->注é'), minLength: 1, maxLength: 60 });
const number = fc.double({ min: 0, max: 1e7, noNaN: true });
const maybe = fc.option(number, { nil: null });
const outcome = fc.constantFrom('passed', 'failed', 'inconclusive', null);

const anyState: fc.Arbitrary<LiveState> = fc
  .record({
    scenario: name,
    question: fc.option(name, { nil: null }),
    tMs: number,
    loadFromMs: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: null }),
    totalMs: fc.option(fc.double({ min: 1, max: 1e7, noNaN: true }), { nil: null }),
    inFlight: maybe,
    users: fc.array(fc.record({ name, active: fc.nat(), planned: fc.nat() }), { maxLength: 5 }),
    faults: fc.array(
      fc.record({
        name,
        kind: name,
        target: name,
        state: fc.constantFrom(
          'planned',
          'requested',
          'applied',
          'proven',
          'no effect',
          'undo requested',
          'undone',
          'undo proven',
        ),
        fromMs: number,
        toMs: maybe,
      }),
      { maxLength: 5 },
    ),
    requests: fc.array(
      fc.record({
        name,
        last: fc.record({
          perSec: number,
          p50Ms: maybe,
          p90Ms: maybe,
          p99Ms: maybe,
          p999Ms: maybe,
          errorRatio: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
        }),
        soFar: fc.record({ p99Ms: maybe, errorRatio: maybe }),
        p99MinuteMs: fc.array(maybe, { maxLength: 20 }),
        limitMs: maybe,
        hasObjective: fc.boolean(),
      }),
      { maxLength: 20 },
    ),
    promises: fc.array(
      fc.record({
        name,
        limit: fc.constant('p99 < 400 ms'),
        limitValue: fc.constant(400),
        op: fc.constant<'<'>('<'),
        unit: fc.constant<'ms'>('ms'),
        outcome,
        cells: fc.array(
          fc.record({
            window: fc.constantFrom('steady', 'fault:a', 'recovery:a', 'fault:a-very-long-name-of-a-fault'),
            outcome,
            value: maybe,
            samples: fc.nat(),
          }),
          { maxLength: 4 },
        ),
        budgetLeft: maybe,
      }),
      { maxLength: 20 },
    ),
    events: fc.array(fc.record({ tMs: number, text: name }), { maxLength: 10 }),
    notice: fc.option(name, { nil: null }),
  })
  .map((change) => liveState(change));
