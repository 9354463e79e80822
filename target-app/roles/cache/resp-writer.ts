import type { Reply } from './commands.ts';

/** RESP2, as chunks to be written in one go. */
export function encodeReply(reply: Reply): Buffer {
  switch (reply.kind) {
    case 'ok':
      return OK;
    case 'simple':
      return Buffer.from(`+${reply.text}\r\n`);
    case 'error':
      // An error is one line: a line break in it would look like the next answer.
      return Buffer.from(`-${reply.message.replace(/[\r\n]/g, ' ')}\r\n`);
    case 'integer':
      return Buffer.from(`:${reply.value}\r\n`);
    case 'bulk': {
      if (reply.value === null) return NOTHING;
      const value = typeof reply.value === 'string' ? Buffer.from(reply.value) : reply.value;
      return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, CRLF]);
    }
    case 'array':
      return Buffer.concat([Buffer.from(`*${reply.items.length}\r\n`), ...reply.items.map(encodeReply)]);
    default:
      return reply satisfies never;
  }
}

const OK = Buffer.from('+OK\r\n');
const NOTHING = Buffer.from('$-1\r\n');
const CRLF = Buffer.from('\r\n');
