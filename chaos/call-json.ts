import { unanswered } from './unreachable.ts';

/** A call to somebody's small HTTP API. `who` names it in errors; nobody there is told apart from a refusal. */
export async function callJson(
  who: string,
  url: URL,
  method: 'GET' | 'PUT' | 'DELETE',
  signal: AbortSignal,
  body?: object,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    if (signal.aborted) throw new Error(`${who} did not answer in time`, { cause: error });
    throw await unanswered(who, url, error);
  }
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${who} answered ${response.status} to ${method} ${url.pathname}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
