/** A board as plain data: what to ask, under which name, in which unit. `to-grafana.ts` makes Grafana's JSON of it. */
export interface Board {
  /** The last part of its address, and of its file: `run` is grafana/stampede-run.json. */
  name: string;
  title: string;
  description: string;
  /** Beside the data source, `job` and `instance`, which every board has. */
  variables: Variable[];
  rows: Row[];
}

/** Values of a label that the board can be narrowed to; all of them at first. */
export interface Variable {
  name: string;
  label: string;
  description: string;
  /** `label_values(metric, label)` */
  query: string;
}

export interface Row {
  title: string;
  panels: Panel[];
}

export type Panel = {
  title: string;
  description: string;
  unit: Unit;
  queries: Query[];
  /** Of 24 columns. Default 8, stats 4. */
  width?: number;
  min?: number;
  max?: number;
  decimals?: number;
  /** Where a value begins to be worth a look, and where it is bad. */
  limits?: Limits;
  /** Words for numbers. */
  words?: Record<number, Word>;
} & (
  | { kind: 'lines'; stacked?: true }
  /** One number, and how it came to be. */
  | { kind: 'stat' }
  /** States over time, a line each. */
  | { kind: 'states' }
  /** The last value of each series, a row each. */
  | { kind: 'table' }
);

export interface Query {
  expr: string;
  /** Of each series: words, and `{{label}}`. */
  legend: string;
  /** A limit: drawn as a dashed line. */
  isLimit?: true;
}

/** From where on a value is worth a look, and from where on it is bad. */
export interface Limits {
  watch?: number;
  bad: number;
  /** For what should be high: below the numbers it is worse. */
  lessIsWorse?: true;
}

export interface Word {
  text: string;
  tone: Tone;
}

export type Tone = 'good' | 'watch' | 'bad' | 'plain';

/** Grafana's names of units. */
export type Unit = 'reqps' | 'ops' | 'short' | 's' | 'percentunit' | 'bytes' | 'Bps' | 'none' | 'string';
