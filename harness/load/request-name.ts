import type { Method } from './driver.ts';

/** Names by path, for each method. */
const NAMES = new Map<Method, Map<string, string>>();

/** `GET /v1/products/:id`: numbers and long ids in a path would make a name of every one. */
export function requestName(method: Method, path: string): string {
  let known = NAMES.get(method);
  if (!known) {
    known = new Map();
    NAMES.set(method, known);
  }
  const name = known.get(path);
  if (name !== undefined) return name;
  const made = makeName(method, path);
  if (known.size < 10_000) known.set(path, made);
  return made;
}

function makeName(method: Method, path: string): string {
  const query = path.indexOf('?');
  const plain = query < 0 ? path : path.slice(0, query);
  const parts = plain.split('/').map((part) => (/^\d+$|^[0-9a-f-]{16,}$/i.test(part) ? ':id' : part));
  return `${method} ${parts.join('/')}`;
}
