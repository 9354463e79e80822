import { request } from 'node:http';
import { connect } from 'node:net';
import { z } from 'zod';
import { connectDatabase, rowsOf, SqlError } from '../service/postgres.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** @throws when it cannot be reached, or not in time */
export function httpGet(url: string): Promise<{ statusCode: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ statusCode: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
    outgoing.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)));
    outgoing.end();
  });
}

/** `/readyz` says yes; strictly, none of the parts it lists is down either. */
export async function probeReadyz(url: string, strict: boolean): Promise<void> {
  const { statusCode, body } = await httpGet(`${url}/readyz`);
  if (statusCode !== 200) throw new Error(`/readyz answered ${statusCode} ${body}`);
  const parts = z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  if (strict && Object.values(parts).includes('down')) throw new Error(`/readyz answered ${body}`);
}

/** A page answers 200. */
export async function probePage(url: string): Promise<void> {
  const { statusCode, body } = await httpGet(url);
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode} ${body.slice(0, 200)}`);
}

/** Who listens on a port of this machine answers these bytes with others that begin so. */
export function probeAnswer(port: number, question: string, beginning: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PROBE_TIMEOUT_MS });
    socket.on('connect', () => socket.write(question, 'latin1'));
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
    socket.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)));
    socket.on('close', () => reject(new Error('closed without an answer')));
    socket.on('data', (chunk) => {
      const answer = chunk.toString('latin1');
      if (answer.startsWith(beginning)) resolve();
      else reject(new Error(`expected an answer that begins with ${JSON.stringify(beginning)}`));
      socket.end();
    });
  });
}

/** The database answers `text` with a row. */
export async function probeSql(dsn: string, text: string): Promise<void> {
  const database = connectDatabase({ shard: 'probe', dsn, maxConnections: 1, maxWaiting: 1 });
  try {
    const rows = rowsOf(await database.query({ name: 'probe', text }, PROBE_TIMEOUT_MS));
    if (rows.length === 0) throw new Error(`no row from: ${text}`);
  } catch (error) {
    // The system's word for it (ECONNREFUSED) says more in a message than the sentence around it.
    const cause = error instanceof SqlError && error.result.kind === 'unsent' ? error.result.error : error;
    throw cause instanceof Error && 'code' in cause ? new Error(String(cause.code)) : cause;
  } finally {
    await database.close();
  }
}
