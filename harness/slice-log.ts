import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import type { SlicePart } from './load/recorder.ts';

/**
 * histograms.bin, version 1: the slices of all agents as they came, appended. A header line, then records: three lengths
 * (uint32, little-endian: JSON, both histograms together, the first of them), JSON `{second, kind, name, endings}`, and two
 * encoded histograms, response time and service time (load/histogram.ts). A record torn by a crash ends the file.
 */
const HEADER = Buffer.from('stampede histograms 1\n');

export interface SliceLog {
  append(parts: SlicePart[]): void;
  close(): void;
}

export function openSliceLog(path: string): SliceLog {
  const file = openSync(path, 'a');
  appendFileSync(file, HEADER);
  return {
    append(parts) {
      if (parts.length > 0) appendFileSync(file, Buffer.concat(parts.flatMap(encode)));
    },
    close: () => closeSync(file),
  };
}

export function readSliceLog(path: string): SlicePart[] {
  const bytes = readFileSync(path);
  if (!bytes.subarray(0, HEADER.length).equals(HEADER)) {
    throw new Error(`${path} does not begin with '${HEADER.toString().trim()}'`);
  }
  const parts: SlicePart[] = [];
  let offset = HEADER.length;
  while (offset + 12 <= bytes.length) {
    const headLength = bytes.readUInt32LE(offset);
    const bodyLength = bytes.readUInt32LE(offset + 4);
    const responseLength = bytes.readUInt32LE(offset + 8);
    const head = offset + 12;
    const body = head + headLength;
    if (body + bodyLength > bytes.length) break;
    const meta: Pick<SlicePart, 'second' | 'kind' | 'name'> & { endings: SlicePart['endings'] } = JSON.parse(
      bytes.toString('utf8', head, body),
    );
    parts.push({
      ...meta,
      response: bytes.subarray(body, body + responseLength),
      service: bytes.subarray(body + responseLength, body + bodyLength),
    });
    offset = body + bodyLength;
  }
  return parts;
}

function encode({ second, kind, name, endings, response, service }: SlicePart): Uint8Array[] {
  const head = Buffer.from(JSON.stringify({ second, kind, name, endings }));
  const lengths = Buffer.alloc(12);
  lengths.writeUInt32LE(head.length, 0);
  lengths.writeUInt32LE(response.length + service.length, 4);
  lengths.writeUInt32LE(response.length, 8);
  return [lengths, head, response, service];
}
