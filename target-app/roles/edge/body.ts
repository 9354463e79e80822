import type { IncomingMessage } from 'node:http';

/** A whole request body, or `too-large` as soon as it is. @throws when the client breaks off */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const data: Buffer = chunk;
    bytes += data.length;
    if (bytes > maxBytes) return 'too-large';
    chunks.push(data);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
