import { readFile } from 'node:fs/promises';
import { errorText } from './error-text.ts';
import type { Log } from './log.ts';
import type { Proxies } from './proxies.ts';

/** Creates the proxies of a file. A bad file is told and ignored, as in the original: the API is there to create them. */
export async function loadConfig(file: string, proxies: Proxies, log: Log): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    log.error('Error reading config file', { error: errorText(error), config: file });
    return;
  }
  const { proxies: done, error } = await proxies.populateFrom(text);
  if (error) log.error('Failed to populate proxies from file', { error: error.message });
  else log.info('Populated proxies from file', { proxies: done.length });
}
