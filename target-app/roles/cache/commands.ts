import type { LruStore } from './lru-store.ts';

/** What a command answers, before it is written in RESP2. */
export type Reply =
  | { kind: 'ok' }
  | { kind: 'simple'; text: string }
  | { kind: 'error'; message: string }
  | { kind: 'integer'; value: number }
  | { kind: 'bulk'; value: Buffer | string | null }
  | { kind: 'array'; items: Reply[] };

export interface CommandContext {
  store: LruStore;
  nowMs: () => number;
  startedAtMs: number;
  hit: () => void;
  miss: () => void;
}

type Command = { minArguments: number; run: (words: readonly Buffer[], context: CommandContext) => Reply };

const OK: Reply = { kind: 'ok' };
const NOTHING: Reply = { kind: 'bulk', value: null };
const SYNTAX: Reply = { kind: 'error', message: 'ERR syntax error' };
const NOT_AN_INTEGER: Reply = { kind: 'error', message: 'ERR value is not an integer or out of range' };

/** The subset of Redis a cache client needs. */
export const COMMANDS: Record<string, Command> = {
  PING: { minArguments: 0, run: ([text]) => (text ? { kind: 'bulk', value: text } : { kind: 'simple', text: 'PONG' }) },
  GET: { minArguments: 1, run: ([key], context) => read(word(key), context) },
  SET: { minArguments: 2, run: set },
  DEL: { minArguments: 1, run: (keys, { store }) => integer(countOf(keys, (key) => store.delete(key))) },
  EXISTS: { minArguments: 1, run: (keys, { store }) => integer(countOf(keys, (key) => store.has(key))) },
  MGET: {
    minArguments: 1,
    run: (keys, context) => ({ kind: 'array', items: keys.map((key) => read(word(key), context)) }),
  },
  INCR: { minArguments: 1, run: increment },
  EXPIRE: { minArguments: 2, run: (words, context) => expire(words, 1_000, context) },
  PEXPIRE: { minArguments: 2, run: (words, context) => expire(words, 1, context) },
  TTL: {
    minArguments: 1,
    run: ([key], { store }) => {
      const leftMs = store.leftMs(word(key));
      if (leftMs === undefined) return integer(-2);
      return integer(leftMs === Number.POSITIVE_INFINITY ? -1 : Math.round(leftMs / 1_000));
    },
  },
  FLUSHALL: {
    minArguments: 0,
    run: (_words, { store }) => {
      store.clear();
      return OK;
    },
  },
  DBSIZE: { minArguments: 0, run: (_words, { store }) => integer(store.size) },
  SELECT: {
    minArguments: 1,
    run: ([index]) => (word(index) === '0' ? OK : { kind: 'error', message: 'ERR DB index is out of range' }),
  },
  INFO: { minArguments: 0, run: info },
  COMMAND: { minArguments: 0, run: () => ({ kind: 'array', items: [] }) },
  CLIENT: {
    minArguments: 1,
    run: ([what]) => {
      const subcommand = word(what).toUpperCase();
      if (subcommand === 'SETINFO' || subcommand === 'SETNAME') return OK;
      return { kind: 'error', message: `ERR unknown subcommand '${word(what)}'. Try SETINFO or SETNAME.` };
    },
  },
};

/** Runs one command. QUIT is not among them: it is about the connection, not the data. */
export function runCommand(words: readonly Buffer[], context: CommandContext): Reply {
  const [name, ...rest] = words;
  const command = COMMANDS[word(name).toUpperCase()];
  if (command === undefined) return { kind: 'error', message: `ERR unknown command '${word(name)}'` };
  if (rest.length < command.minArguments) {
    const lower = word(name).toLowerCase();
    return { kind: 'error', message: `ERR wrong number of arguments for '${lower}' command` };
  }
  return command.run(rest, context);
}

function set([key, value, ...options]: readonly Buffer[], { store, nowMs }: CommandContext): Reply {
  let endsAtMs = Number.POSITIVE_INFINITY;
  let only: 'NX' | 'XX' | undefined;
  for (let index = 0; index < options.length; index++) {
    const option = word(options[index]).toUpperCase();
    if (option === 'NX' || option === 'XX') {
      if (only !== undefined) return SYNTAX;
      only = option;
    } else if (option === 'PX' || option === 'EX') {
      const amount = Number(word(options[++index]));
      if (!Number.isInteger(amount)) return NOT_AN_INTEGER;
      if (amount <= 0) return { kind: 'error', message: "ERR invalid expire time in 'set' command" };
      endsAtMs = nowMs() + amount * (option === 'EX' ? 1_000 : 1);
    } else return SYNTAX;
  }
  const exists = store.has(word(key));
  if ((only === 'NX' && exists) || (only === 'XX' && !exists)) return NOTHING;
  store.set(word(key), value ?? Buffer.alloc(0), endsAtMs);
  return OK;
}

function read(key: string, { store, hit, miss }: CommandContext): Reply {
  const value = store.get(key);
  if (value === undefined) {
    miss();
    return NOTHING;
  }
  hit();
  return { kind: 'bulk', value };
}

function increment([key]: readonly Buffer[], { store, nowMs }: CommandContext): Reply {
  const leftMs = store.leftMs(word(key));
  const current = Number(store.get(word(key))?.toString() ?? '0');
  if (!Number.isSafeInteger(current + 1)) return NOT_AN_INTEGER;
  store.set(word(key), Buffer.from(String(current + 1)), leftMs === undefined ? undefined : nowMs() + leftMs);
  return integer(current + 1);
}

function expire([key, amount]: readonly Buffer[], unitMs: number, { store, nowMs }: CommandContext): Reply {
  const units = Number(word(amount));
  if (!Number.isInteger(units)) return NOT_AN_INTEGER;
  return integer(store.expireAt(word(key), nowMs() + units * unitMs) ? 1 : 0);
}

/** Clients wait for `loading:0` before they call a server ready. */
function info(_words: readonly Buffer[], { store, nowMs, startedAtMs }: CommandContext): Reply {
  const lines = [
    '# Server',
    'redis_version:7.0.0',
    'redis_mode:standalone',
    `uptime_in_seconds:${Math.floor((nowMs() - startedAtMs) / 1_000)}`,
    '# Persistence',
    'loading:0',
    '# Memory',
    `used_memory:${store.bytes}`,
    'maxmemory_policy:allkeys-lru',
    '# Stats',
    `evicted_keys:${store.evicted}`,
    '# Keyspace',
    `db0:keys=${store.size}`,
  ];
  return { kind: 'bulk', value: `${lines.join('\r\n')}\r\n` };
}

function integer(value: number): Reply {
  return { kind: 'integer', value };
}

function countOf(keys: readonly Buffer[], test: (key: string) => boolean): number {
  return keys.filter((key) => test(word(key))).length;
}

/** Keys are bytes; latin1 keeps each of them apart. */
function word(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}
