import type { Semantics } from '../semantics.ts';
import type { Question } from './oracle.ts';
import { DATA } from './random-data.ts';

const at = (second: number) => DATA.fromMs + second * 1000;

/** Every operator, function and aggregation, each at one time and over some. */
export function goldenQuestions(semantics: Semantics): Question[] {
  const expressions = [...selectors(), ...operators(), ...aggregations(), ...functions(), ...refused()];
  if (semantics === 'v3') expressions.push(...onlyInPrometheus3());
  return expressions.flatMap((expression, index): Question[] => [
    // Now on the grid of the samples, now beside it, now before the first and after the last.
    { expression, atMs: at([300, 447, 600, 123, 895, 60, 1_020][index % 7] ?? 0) },
    { expression, fromMs: at(200 + (index % 5) * 37), toMs: at(500), stepMs: index % 2 === 0 ? 60_000 : 50_000 },
  ]);
}

function selectors(): string[] {
  return [
    ...[
      'mem',
      'mem{job="a"}',
      'mem{job!="a"}',
      'mem{instance=~"0|1"}',
      'mem{instance!~"0|1"}',
      'mem{zone=""}',
      'nothing',
    ],
    ...[
      '{__name__="cpu"}',
      '{__name__=~"mem|cpu", job="b"}',
      'mem{job=~"a|", instance=~".+"}',
      'req_total{code=~"5.."}',
    ],
    ...[
      'mem offset 1m',
      'mem offset -1m',
      `mem @ ${at(100) / 1000}`,
      `mem @ ${at(100) / 1000} offset 30s`,
      'mem @ start()',
      'mem @ end()',
    ],
    ...[
      'mem offset 1m @ end()',
      'level',
      'info',
      '-mem',
      '+mem',
      '1',
      '-1',
      '0x1F',
      '1e3',
      'Inf',
      '-Inf',
      'NaN',
      '.5',
      '5.',
    ],
  ];
}

function operators(): string[] {
  const sides = ['mem %s cpu', 'mem %s 7', '7 %s mem'];
  const pairs = ['+', '-', '*', '/', '%', '^', 'atan2'].flatMap((op) =>
    [...sides, '7 %s 3', '-7 %s 3'].map((side) => side.replace('%s', op)),
  );
  const compared = ['==', '!=', '<', '<=', '>', '>='].flatMap((op) =>
    ['level %s 2', '2 %s level', 'level %s bool 2', 'mem %s cpu', 'mem %s bool cpu', '1 %s bool 2'].map((side) =>
      side.replace('%s', op),
    ),
  );
  const sets = ['and', 'or', 'unless'].flatMap((op) => [
    `mem ${op} cpu`,
    `mem ${op} cpu{job="a"}`,
    `mem{job="a"} ${op} on (instance) cpu{job="b"}`,
    `req_total ${op} ignoring (code) mem{instance="0"}`,
    `mem ${op} nothing`,
  ]);
  return [
    ...pairs,
    ...compared,
    ...sets,
    'req_total{code="500"} / ignoring (code) req_total{code="200"}',
    'req_total{code="500"} / on (job, instance) req_total{code="200"}',
    'mem * on (job) group_left () info',
    'mem * on (job) group_left (version) info',
    'info * on (job) group_right (version) mem',
    'mem > on (job) group_left () sum by (job) (mem) / 3',
    'mem == bool on (job) group_left () info',
    'req_total - ignoring (code) group_left () sum without (code) (req_total)',
    'sum(mem) + sum(cpu)',
    'mem + level',
    'mem + on () group_left () level',
    '1 + 2 * 3 ^ 2 ^ 0.5 % 4 - -5',
    '-1 ^ 2',
    'mem + cpu * 2 > 0 and mem < 100 or level',
    '1 + mem offset 1m - mem',
    'mem ^ 0 == 1',
    'level / 0',
    '-level / 0',
    'level % 0',
  ];
}

function aggregations(): string[] {
  const groupings = ['', 'by (job)', 'by (job, instance)', 'without (instance)', 'by (nothing)', 'without ()'];
  const plain = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'];
  return [
    ...plain.flatMap((op) => groupings.map((grouping) => `${op} ${grouping} (mem)`)),
    ...groupings.flatMap((grouping) => [
      `quantile ${grouping} (0.9, mem)`,
      `topk ${grouping} (2, mem)`,
      `bottomk ${grouping} (1, cpu)`,
    ]),
    ...['0', '0.5', '1', '-0.1', '1.1', 'NaN'].map((q) => `quantile by (job) (${q}, cpu)`),
    ...['0', '-1', '1.9', '100'].map((k) => `topk(${k}, mem)`),
    'count_values("value", level)',
    'count_values by (job) ("value", info)',
    'count_values("job", mem)',
    'sum(nothing)',
    'count(mem > 1e9)',
    'sum by (__name__) ({__name__=~"mem|cpu"})',
    'sum(mem) by (job) / count(mem) by (job)',
    'topk(scalar(count(level)), mem)',
  ];
}

function functions(): string[] {
  const mapped =
    'abs ceil floor exp sqrt sgn ln log2 log10 deg rad sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh'.split(
      ' ',
    );
  const over = 'avg sum min max count last present stddev stdvar'.split(' ').map((name) => `${name}_over_time`);
  const rates = 'rate increase delta irate idelta changes resets deriv'.split(' ');
  const dates = 'minute hour day_of_week day_of_month day_of_year days_in_month month year'.split(' ');
  return [
    ...mapped.flatMap((name) => [`${name}(mem)`, `${name}(level / 4)`]),
    ...over.flatMap((name) =>
      ['mem[1m]', 'cpu[95s]', 'level[2m] offset 1m', '(level + 1)[1m:15s]', 'nothing[1m]'].map(
        (range) => `${name}(${range})`,
      ),
    ),
    ...rates.flatMap((name) =>
      [
        'req_total[1m]',
        'req_total{code="500"}[20s]',
        'lat_bucket[2m15s]',
        'mem[3m]',
        'sum(req_total)[2m:10s]',
        `req_total[1m] @ ${at(400) / 1000}`,
      ].map((range) => `${name}(${range})`),
    ),
    ...dates.flatMap((name) => [`${name}()`, `${name}(vector(1600000000))`, `${name}(timestamp(mem) * 1234)`]),
    ...['0', '0.3', '1', '-1', '2', 'NaN'].map((q) => `quantile_over_time(${q}, mem[2m])`),
    ...['0', '3600', '-60', '0.5'].map((seconds) => `predict_linear(mem[3m], ${seconds})`),
    ...['0', '0.5', '0.9', '0.99', '1', '-1', '2', 'NaN'].map((q) => `histogram_quantile(${q}, rate(lat_bucket[2m]))`),
    'histogram_quantile(0.9, sum by (le) (rate(lat_bucket[2m])))',
    'histogram_quantile(0.9, sum by (job, le) (increase(lat_bucket[1m])))',
    'histogram_quantile(0.5, lat_bucket)',
    'histogram_quantile(0.5, lat_bucket{le!="+Inf"})',
    'histogram_quantile(0.5, mem)',
    'round(mem)',
    'round(mem, 0.1)',
    'round(mem, 25)',
    'round(-mem, 0.5)',
    'clamp(mem, -10, 10)',
    'clamp(mem, 10, -10)',
    'clamp(mem, NaN, 1)',
    'clamp_min(mem, 0)',
    'clamp_max(mem, 0)',
    'absent(nothing)',
    'absent(nothing{job="x", code!="y", zone=~"z"})',
    'absent(mem)',
    'absent(sum(nothing))',
    'absent_over_time(nothing{job="x"}[1m])',
    'absent_over_time(mem[1m])',
    'absent_over_time(nothing[2m:10s])',
    'scalar(level)',
    'scalar(mem)',
    'scalar(nothing)',
    'vector(3)',
    'vector(time())',
    'time()',
    'pi()',
    'sort(mem)',
    'sort_desc(mem)',
    'timestamp(mem)',
    'timestamp(mem offset 1m)',
    'timestamp(mem @ end() offset 1m)',
    'timestamp(mem + 0)',
    'timestamp(timestamp(mem))',
    'label_replace(mem, "to", "$1-x", "job", "(.*)")',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template of PromQL.
    'label_replace(mem, "to", "${word}${1}", "instance", "(?P<word>.)")',
    'label_replace(mem, "to", "$0", "job", "no match")',
    'label_replace(mem, "job", "", "instance", "1")',
    'label_replace(mem, "instance", "same", "job", ".*")',
    'label_join(mem, "to", "-", "job", "instance", "nothing")',
    'label_join(mem, "job", ",", "instance")',
    'label_join(mem, "to", "-")',
    'max_over_time(rate(req_total[30s])[3m:20s])',
    'avg_over_time((sum by (job) (rate(req_total[1m])))[2m:30s] offset 1m)',
    'sum_over_time(mem[2m:])',
    'last_over_time(mem[5m] @ start())',
    'increase(req_total[45s] offset -30s)',
  ];
}

/** What the server refuses: the corpus holds that we do too. */
function refused(): string[] {
  return [
    'mem + {__name__=~"mem|cpu"}',
    'req_total / on (job) mem',
    'abs({__name__=~"mem|cpu"})',
    'label_replace(mem, "instance", "x", "", "")',
    'label_join(mem, "instance", "-")',
    'mem * on (job) cpu',
    'mem * on (job) group_left () cpu',
    'topk(NaN, mem)',
    'topk(Inf, mem)',
    'sum(mem',
    'rate(mem)',
    'mem[5m] + 1',
    '{job=~".*"}',
    'mem{job="a"',
    'sum by (1) (mem)',
    '1 == 2',
    'mem and 1',
    'mem + bool cpu',
    'mem and on (job) group_left () cpu',
    'nofunction(mem)',
    'rate(mem[5m], 2)',
    'mem offset 1m offset 2m',
    'mem offset 1m [5m]',
    '(mem)[5m]',
    '(mem offset 1m) offset 2m',
    'mem{a=~"("}',
    'mem{__name__="cpu"}',
    'count_values(1, mem)',
    '"text" + 1',
    'mem[5m1h]',
  ];
}

function onlyInPrometheus3(): string[] {
  return [
    'mem{instance="0"} offset 90',
    'sum_over_time(mem[90])',
    '90s',
    '1h30m + 1ms',
    '{"mem"}',
    '{"mem", "job"="a"}',
    'sum by ("job") (mem)',
    'label_replace(mem, "my.label", "$1", "job", "(.*)")',
    'mad_over_time(mem[2m])',
    'first_over_time(mem[2m])',
    'ts_of_first_over_time(mem[2m])',
    'ts_of_last_over_time(mem[2m])',
    'ts_of_min_over_time(level[2m])',
    'ts_of_max_over_time(level[2m])',
    'double_exponential_smoothing(mem[2m], 0.3, 0.7)',
    'double_exponential_smoothing(mem[2m], 1, 0.7)',
    'sort_by_label(mem, "instance")',
    'sort_by_label_desc(mem, "instance", "job")',
    'histogram_fraction(0, 0.3, rate(lat_bucket[2m]))',
    'histogram_fraction(0.1, Inf, lat_bucket)',
    'histogram_fraction(-1, 5, sum by (le) (lat_bucket))',
    'histogram_fraction(3, 4, lat_bucket)',
    'stddev(mem{instance="0", job="a"} * Inf)',
    'avg(mem * 1e306)',
    'mem{job=~"(?i:A)"}',
    'quantile(0, mem * Inf)',
  ];
}
