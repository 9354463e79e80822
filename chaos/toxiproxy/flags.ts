export interface Flags {
  host: string;
  port: number;
  config: string | undefined;
  proxyMetrics: boolean;
  runtimeMetrics: boolean;
  seed: number | undefined;
  /** Exit when standard input ends. */
  tether: boolean;
  version: boolean;
  help: boolean;
}

export const USAGE = `Usage of stampede toxiproxy:
  -host HOST        where the API listens (default localhost)
  -port PORT        its port (default 8474); 0 lets the system choose
  -config FILE      JSON array of proxies to create at the start
  -proxy-metrics    serve Prometheus metrics of the proxies at /metrics
  -runtime-metrics  serve Prometheus metrics of the process at /metrics
  -seed N           makes jitter, slicing and toxicity repeat
  -tether           exit when standard input ends, and log warnings and errors only
  -version          print the version
LOG_LEVEL: trace (the default), debug, info, warn, error, fatal, panic or disabled; lines of JSON on standard output
`;

/** Flags as Go's flag package reads them: one dash or two, `-name value` or `-name=value`. Throws with what was expected. */
export function parseFlags(args: readonly string[]): Flags {
  const flags: Flags = {
    host: 'localhost',
    port: 8474,
    config: undefined,
    proxyMetrics: false,
    runtimeMetrics: false,
    seed: undefined,
    tether: false,
    version: false,
    help: false,
  };
  for (let at = 0; at < args.length; at += 1) {
    const [, name = '', inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(args[at] ?? '') ?? [];
    const value = () => {
      if (inline !== undefined) return inline;
      at += 1;
      const next = args[at];
      if (next === undefined) throw new Error(`flag needs an argument: -${name}`);
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
      case 'runtime-metrics':
        flags.runtimeMetrics = truth(name, inline);
        break;
      case 'tether':
        flags.tether = truth(name, inline);
        break;
      case 'version':
        flags.version = truth(name, inline);
        break;
      case 'h':
      case 'help':
        flags.help = truth(name, inline);
        break;
      case '':
        throw new Error(`expected a flag, got ${args[at]}`);
      default:
        throw new Error(`flag provided but not defined: -${name}`);
    }
  }
  return flags;
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`-${name}: expected an integer from ${min} to ${max}, got ${text}`);
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function truth(name: string, text: string | undefined): boolean {
  if (text === undefined || TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new Error(`-${name}: expected true or false, got ${text}`);
}
