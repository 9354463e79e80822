import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where a builder such as `slo(...)` was called: `file:line:column`, absolute. Taken once per definition, so that a
 * problem, a JUnit case or an annotation can name the place without parsing TypeScript. Undefined when unknown.
 */
export function callSite(builder: (...args: never[]) => unknown): string | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, builder);
  const frame = holder.stack?.split('\n')[1]?.trim();
  const match = frame && /(?:\(|at )((?:file:\/\/)?\/?[^()]+?):(\d+):(\d+)\)?$/.exec(frame);
  if (!match?.[1]) return undefined;
  const file = match[1].startsWith('file://') ? fileURLToPath(match[1].replace(/\?.*$/, '')) : match[1];
  return `${file}:${match[2]}:${match[3]}`;
}

/** A path as the author of a scenario means it: relative to the file it is written in. */
export function besideCaller(path: string, site: string | undefined): string {
  return site === undefined ? resolve(path) : resolve(dirname(site), path);
}
