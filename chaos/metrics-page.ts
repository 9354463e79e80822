import { Unreachable } from './unreachable.ts';

/** The sum of a metric over all its series on a page in Prometheus' text format; 0 when it has none. */
export async function counterOf(url: string, metric: string, signal: AbortSignal): Promise<number> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted) throw new Error(`${url} did not answer in time`, { cause: error });
    throw new Unreachable(url, error);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  let sum = 0;
  for (const line of text.split('\n')) {
    const end = line.search(/[{ ]/);
    if (end === -1 || line.slice(0, end) !== metric) continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
