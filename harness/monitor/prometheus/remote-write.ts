import { EXIT, StampedeError } from '../../errors.ts';

/** A series to send. `values` of undefined are staleness markers. Times are epoch milliseconds. */
export interface SeriesToWrite {
  labels: Readonly<Record<string, string>>;
  samples: readonly { tMs: number; value: number | undefined }[];
}

/** Sends samples to a Prometheus by its remote-write protocol, version 1. Throws StampedeError when it refuses them. */
export async function remoteWrite(
  serverUrl: string,
  series: readonly SeriesToWrite[],
  signal?: AbortSignal,
): Promise<void> {
  const response = await fetch(new URL('api/v1/write', withSlash(serverUrl)), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(snappyLiterals(writeRequest(series))),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = (await response.text()).trim();
  if (response.ok) return;
  throw new StampedeError('monitor/remote-write', `${serverUrl} answered ${response.status} to remote write: ${text}`, {
    exitCode: EXIT.environment,
    hint:
      response.status === 404
        ? 'start Prometheus with --web.enable-remote-write-receiver'
        : 'Prometheus takes samples in order of time, and none much older than its newest',
  });
}

export function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/*
 * Protocol buffers, by hand: the message is three levels deep.
 *
 *   WriteRequest { repeated TimeSeries = 1 }   Label { name = 1, value = 2 }
 *   TimeSeries { repeated Label = 1, repeated Sample = 2 }   Sample { double value = 1, int64 timestamp = 2 }
 */
function writeRequest(series: readonly SeriesToWrite[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples }) => {
      const names = Object.keys(labels)
        .filter((name) => labels[name] !== '')
        .sort();
      const parts = names.map((name) =>
        field(1, Buffer.concat([field(1, text(name)), field(2, text(labels[name] ?? ''))])),
      );
      for (const sample of samples) parts.push(field(2, sampleBytes(sample)));
      return field(1, Buffer.concat(parts));
    }),
  );
}

function sampleBytes({ tMs, value }: { tMs: number; value: number | undefined }): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x09;
  if (value === undefined) bytes.writeBigUInt64LE(STALE_BITS, 1);
  else bytes.writeDoubleLE(value, 1);
  return Buffer.concat([bytes, Buffer.from([0x10]), varint(BigInt.asUintN(64, BigInt(Math.round(tMs))))]);
}

const STALE_BITS = 0x7ff0_0000_0000_0002n;

function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

/** A length-delimited field. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(BigInt(content.length)), content]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Snappy's block format without any compression: a length, then literals of at most 64 KiB. */
function snappyLiterals(content: Buffer): Buffer {
  const parts = [varint(BigInt(content.length))];
  for (let at = 0; at < content.length; at += 65_536) {
    const chunk = content.subarray(at, at + 65_536);
    const length = chunk.length - 1;
    parts.push(Buffer.from([61 << 2, length & 0xff, length >> 8]), chunk);
  }
  return Buffer.concat(parts);
}
