/** A counter that grows as a link is used, on the page of metrics of who uses it. */
export interface Traffic {
  page: string;
  /** A series as it is printed, with as many labels as it takes to tell it: `http_client_requests_total{upstream="orders"}`. */
  series: string;
}

/**
 * How far the counter has come: all series that have these labels added up; 0 when there is none. Toxiproxy itself counts a
 * connection's bytes when it ends, so a pool of them may carry traffic for hours and count for nothing.
 */
export async function usesCounted({ page, series }: Traffic, signal: AbortSignal): Promise<number> {
  const response = await fetch(page, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${page} answered ${response.status}`);
  return sumOf(text, series);
}

export function sumOf(text: string, series: string): number {
  const [, name = series, labels = ''] = /^([^{]+)\{(.*)\}$/.exec(series) ?? [];
  const wanted = labels.match(/[^,{]+="[^"]*"/g) ?? [];
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name) || !/^[{ ]/.test(line.slice(name.length))) continue;
    if (!wanted.every((label) => line.includes(label))) continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
