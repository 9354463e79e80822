/** All that a stream of the engine says, as text. Ends with the stream, or rejects when the signal aborts. */
export async function textOf(
  stream: AsyncIterable<unknown> & { destroy(error?: Error): unknown },
  signal: AbortSignal,
): Promise<string> {
  const stop = () => stream.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
    return Buffer.concat(chunks).toString('utf8').replaceAll('\r\n', '\n');
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Logs come in frames: a byte for the stream, three of nothing, four for the length, and the text. */
export function unframed(logs: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + FRAME_HEADER <= logs.length) {
    const length = logs.readUInt32BE(at + 4);
    parts.push(logs.subarray(at + FRAME_HEADER, at + FRAME_HEADER + length));
    at += FRAME_HEADER + length;
  }
  return Buffer.concat(parts).toString('utf8');
}

const FRAME_HEADER = 8;
