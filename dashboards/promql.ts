/** Pieces of PromQL as the boards need them again and again. */

/** A metric of the jobs and instances that the board is narrowed to. */
export function metric(name: string, ...matchers: string[]): string {
  return `${name}{${['job=~"$job"', 'instance=~"$instance"', ...matchers].join(',')}}`;
}

/** The same, of the nodes that the board is narrowed to. */
export function ofNode(name: string, ...matchers: string[]): string {
  return metric(name, 'node=~"$node"', ...matchers);
}

/** Per second, over a window that fits the step and the scrape interval. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** The most within a step: what lasts for seconds must not fall between two steps of a board of hours. */
export function most(selector: string): string {
  return `max_over_time(${selector}[$__rate_interval])`;
}

export function sum(expression: string, by = ''): string {
  return by === '' ? `sum(${expression})` : `sum by (${by}) (${expression})`;
}

export function max(expression: string, by: string): string {
  return `max by (${by}) (${expression})`;
}

/** A quantile of a classic histogram, added up before: percentiles themselves cannot be. */
export function quantile(q: number, buckets: string, by = ''): string {
  return `histogram_quantile(${q}, ${sum(rate(buckets), by === '' ? 'le' : `le, ${by}`)})`;
}

/** A share. No sample where there was nothing at all; 0, not nothing, where none was counted. */
export function share(part: string, whole: string, by = ''): string {
  const all = sum(rate(whole), by);
  return `(${sum(rate(part), by)} or 0 * ${all}) / (${all} > 0)`;
}
