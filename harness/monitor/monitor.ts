/** `tMs` is epoch milliseconds. */
export interface Sample {
  tMs: number;
  value: number;
}

/** Samples in order of time. `labels` holds the metric name as `__name__` where it has one. */
export interface Series {
  labels: Record<string, string>;
  samples: Sample[];
}

export type QueryResult =
  | { type: 'scalar'; value: number }
  | { type: 'vector'; series: { labels: Record<string, string>; value: number }[] };

/** Answers PromQL with the semantics of Prometheus 3: from the embedded scraper, from a recording, or from a server. */
export interface Monitor {
  /** Instant query at an epoch time. Throws PromqlError on a bad expression. */
  query(expression: string, atMs: number): Promise<QueryResult>;
  /** One series list over [fromMs, toMs], both inclusive, every stepMs. A scalar expression is one series without labels. */
  queryRange(expression: string, fromMs: number, toMs: number, stepMs: number): Promise<Series[]>;
}
