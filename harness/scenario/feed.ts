import { basename } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Feed } from '../load/user.ts';
import { besideCaller, callSite } from './call-site.ts';
import { type Row, readTable } from './table.ts';

interface DeclaredFeed extends Feed<Row> {
  at?: string | undefined;
  problem?: string;
}

const declared = new Set<DeclaredFeed>();

/**
 * Rows from a CSV file with a head line, or a JSON file with a list of objects, its path relative to the scenario's.
 * A file that cannot be read is a problem of the scenario and told with all others.
 */
export function feed<Columns = Row>(file: string, options: { deal?: Feed['deal'] } = {}): Feed<Columns> {
  const at = callSite(feed);
  const made: DeclaredFeed = { name: basename(file), deal: options.deal ?? 'cycling', rows: [], at };
  let read: DeclaredFeed;
  try {
    const rows = readTable(besideCaller(file, at));
    read = rows.length > 0 ? { ...made, rows } : { ...made, problem: `${file} has no rows` };
  } catch (error) {
    read = { ...made, problem: messageOf(error) };
  }
  declared.add(read);
  // The columns are the file's; their names and types are the author's word.
  return read as Feed<unknown> as Feed<Columns>;
}

/** What was wrong with the feeds that have been declared since the last time. */
export function takeFeedProblems(): { path: string; message: string; at?: string }[] {
  const problems = [...declared].flatMap(({ name, deal, problem, at }) => {
    const place = at === undefined ? {} : { at };
    const found = problem === undefined ? [] : [{ path: `feed ${name}`, message: problem, ...place }];
    if (!['unique', 'cycling', 'shared'].includes(deal)) {
      const message = `expected deal to be unique, cycling or shared, got '${deal}'`;
      found.push({ path: `feed ${name}`, message, ...place });
    }
    return found;
  });
  declared.clear();
  return problems;
}
