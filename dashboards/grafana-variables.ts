/** What Grafana puts into expressions before it asks. */
export interface Substitutes {
  /** Of `$__rate_interval`, `15s`. */
  rateInterval: string;
  /** Of `$__range`, how much time the board shows. */
  range: string;
  /** Of the board's own variables. `.+` and `.*` are what "All" stands for. */
  values?: Readonly<Record<string, string>>;
}

/** An expression as Grafana sends it. A variable that nobody defines is left, and then it is no PromQL. */
export function substituted(expr: string, { rateInterval, range, values = {} }: Substitutes): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replaceAll(/\$(\w+)/g, (text, name: string) => values[name] ?? text);
}
