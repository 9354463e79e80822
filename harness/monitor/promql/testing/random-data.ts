import type { GivenSeries } from '../series-list.ts';
import type { Random } from './random.ts';

/** Where the data begins and how long it is. Soon after 1970: the spread of large times is mostly rounding errors. */
export const DATA = { fromMs: 1_000_000_000, stepMs: 10_000, steps: 90 };

type Sample = GivenSeries['samples'][number];

/** Gauges, counters and classic histograms as scrapes leave them: jitter, gaps, resets, ends, NaN and infinities. */
export function randomData(random: Random): GivenSeries[] {
  const series: GivenSeries[] = [];
  for (const job of ['a', 'b']) {
    for (const instance of ['0', '1', '2']) {
      series.push({ labels: { __name__: 'mem', job, instance }, samples: gauge(random) });
      series.push({ labels: { __name__: 'cpu', job, instance }, samples: gauge(random) });
      for (const code of ['200', '500']) {
        series.push({ labels: { __name__: 'req_total', job, instance, code }, samples: counter(random) });
      }
    }
    series.push(...histogram(random, job));
    series.push({
      labels: { __name__: 'info', job, version: `v${random.whole(3)}` },
      samples: times(random).map((tMs) => ({ tMs, value: 1 })),
    });
  }
  series.push({
    labels: { __name__: 'level' },
    samples: times(random).map((tMs) => ({ tMs, value: random.whole(4) })),
  });
  return series;
}

/** When scrapes came: some steps are missing, some late. */
function times(random: Random): number[] {
  const jitterMs = random.pick([0, 0, 40, 3_000]);
  const missing = random.pick([0, 0.02, 0.2]);
  const all: number[] = [];
  for (let step = 0; step < DATA.steps; step++) {
    if (random.next() < missing) continue;
    all.push(DATA.fromMs + step * DATA.stepMs + random.whole(jitterMs + 1));
  }
  return all;
}

/** Here and there the series ends, and may come back. */
function withEnds(random: Random, samples: Sample[]): Sample[] {
  const share = random.pick([0, 0, 0.03]);
  let isGone = false;
  return samples
    .map(({ tMs, value }): Sample => {
      if (random.next() < share) isGone = true;
      else if (isGone && random.next() < 0.3) isGone = false;
      return { tMs, value: isGone ? 'stale' : value };
    })
    .filter((sample, index, all) => sample.value !== 'stale' || all[index - 1]?.value !== 'stale');
}

function gauge(random: Random): Sample[] {
  const oddities = random.pick([0, 0, 0.05]);
  const samples = times(random).map((tMs) => ({
    tMs,
    value:
      random.next() < oddities
        ? random.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0])
        : random.next() * 200 - 60,
  }));
  return withEnds(random, samples);
}

function counter(random: Random): Sample[] {
  const resets = random.pick([0, 0.02, 0.1]);
  const start = random.pick([0, 5, 100_000]);
  let value = start;
  const samples = times(random).map((tMs) => {
    value = random.next() < resets ? random.whole(3) : value + random.whole(30);
    return { tMs, value };
  });
  return withEnds(random, samples);
}

function histogram(random: Random, job: string): GivenSeries[] {
  const bounds = [0.1, 0.25, 0.5, 1, 2.5];
  const all = times(random);
  const counts = bounds.map(() => 0).concat(0);
  const values: number[][] = all.map(() => {
    for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] ?? 0) + random.whole(6);
    let total = 0;
    return counts.map((count) => {
      total += count;
      return total;
    });
  });
  return [...bounds.map(String), '+Inf'].map((le, bucket) => ({
    labels: { __name__: 'lat_bucket', job, le },
    samples: all.map((tMs, i) => ({ tMs, value: values[i]?.[bucket] ?? 0 })),
  }));
}
