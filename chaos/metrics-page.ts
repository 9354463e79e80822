import { unanswered } from './unreachable.ts';

/** A counter that grows as something is used, on the page of metrics of who uses it. */
export interface Counter {
  page: string;
  /** As it is printed, with as many labels as it takes to tell it: `http_client_requests_total{upstream="orders"}`. */
  series: string;
}

/** How far it has come: all series that have these labels added up; 0 when there is none. */
export async function counted({ page, series }: Counter, signal: AbortSignal): Promise<number> {
  let response: Response;
  try {
    response = await fetch(page, { signal });
  } catch (error) {
    if (signal.aborted) throw new Error(`${page} did not answer in time`, { cause: error });
    throw await unanswered(page, page, error);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`${page} answered ${response.status}`);
  return sumOf(text, series) ?? 0;
}

/** Of a page in Prometheus' text format; undefined when there is no such series. */
export function sumOf(text: string, series: string): number | undefined {
  const [, name = series, labels = ''] = /^([^{]+)\{(.*)\}$/.exec(series) ?? [];
  const wanted = labels.match(/[^,{]+="[^"]*"/g) ?? [];
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name) || !/^[{ ]/.test(line.slice(name.length))) continue;
    if (!wanted.every((label) => line.includes(`{${label}`) || line.includes(`,${label}`))) continue;
    sum = (sum ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
