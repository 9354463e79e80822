export interface Flags {
  host: string;
  port: number;
  config: string | undefined;
  proxyMetrics: boolean;
  seed: number | undefined;
  /** Exit when standard input ends. */
  tether: boolean;
  version: boolean;
}

export const USAGE = `usage: node chaos/toxiproxy/main.ts [flags]
  -host HOST        where the API listens (default 127.0.0.1)
  -port PORT        its port (default 8474); 0 lets the system choose
  -config FILE      JSON array of proxies to create at the start
  -proxy-metrics    serve Prometheus metrics at /metrics
  -seed N           makes jitter, slicing and toxicity repeat
  -tether           exit when standard input ends
  -version          print the version
`;

/** Flags as Go's flag package reads them: one dash or two, `-name value` or `-name=value`. Throws with what was expected. */
export function parseFlags(args: readonly string[]): Flags {
  const flags: Flags = {
    host: '127.0.0.1',
    port: 8474,
    config: undefined,
    proxyMetrics: false,
    seed: undefined,
    tether: false,
    version: false,
  };
  for (let at = 0; at < args.length; at += 1) {
    const [, name = '', inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(args[at] ?? '') ?? [];
    const value = () => {
      if (inline !== undefined) return inline;
      at += 1;
      const next = args[at];
      if (next === undefined) throw new Error(`-${name}: expected a value after it`);
      return next;
    };
    switch (name) {
      case 'host':
        flags.host = value();
        break;
      case 'port':
        flags.port = integer(name, value(), 0, 65_535);
        break;
      case 'config':
        flags.config = value();
        break;
      case 'seed':
        flags.seed = integer(name, value(), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
        break;
      case 'proxy-metrics':
        flags.proxyMetrics = truth(name, inline);
        break;
      case 'tether':
        flags.tether = truth(name, inline);
        break;
      case 'version':
        flags.version = truth(name, inline);
        break;
      default:
        throw new Error(`expected a flag, got ${args[at]}`);
    }
  }
  return flags;
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`-${name}: expected an integer from ${min} to ${max}, got ${text}`);
}

function truth(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'true') return true;
  if (text === 'false') return false;
  throw new Error(`-${name}: expected true or false, got ${text}`);
}
