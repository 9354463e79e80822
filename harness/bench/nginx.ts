import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Processes } from './processes.ts';

export interface Nginx {
  url: string;
  command: string;
  /** When each request ended, in seconds; only with `logTimes`. */
  times: () => number[];
  stop: () => Promise<void>;
}

/**
 * nginx with one worker that answers 44 bytes of JSON: the cheapest honest server there is, so that what is compared is
 * the generators. With `logTimes` it writes down when each request came, which no tool can flatter.
 */
export async function startNginx(
  binary: string,
  processes: Processes,
  scratch: string,
  logTimes: boolean,
): Promise<Nginx> {
  const port = await freePort();
  const directory = join(scratch, `nginx-${port}`);
  mkdirSync(directory, { recursive: true });
  const log = join(directory, 'times.log');
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, configurationOf(port, directory, logTimes ? log : undefined));
  const url = `http://127.0.0.1:${port}/`;
  const command = [binary, '-p', directory, '-c', configuration, '-e', join(directory, 'error.log')];
  const { stop } = await processes.serve(command, () => answers(url));
  return {
    url,
    command: 'nginx: worker_processes 1, keep-alive without end, no access log, 44 bytes of JSON',
    times: () => (logTimes ? readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number) : []),
    stop,
  };
}

export const BODY = '{"id":1234567,"name":"A thing","price":1999}';

function configurationOf(port: number, directory: string, log: string | undefined): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  return `daemon off;
master_process off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 16000; }
http {
${places.join('\n')}
  log_format times '$msec';
  access_log ${log === undefined ? 'off' : `${log} times`};
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    default_type application/json;
    location / { return 200 '${BODY}'; }
  }
}
`;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
