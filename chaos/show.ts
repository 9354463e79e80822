/** Figures as they stand in evidence. */

export function showCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function showMs(ms: number | undefined): string {
  return ms === undefined
    ? 'no measurable time'
    : `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US')} ms`;
}

export function showBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} byte${bytes === 1 ? '' : 's'}`;
}

/** 1 KB is 1000 bytes, as in Toxiproxy. */
export function showRate(bytesPerSec: number | undefined): string {
  if (bytesPerSec === undefined) return 'an unknown rate';
  const kb = bytesPerSec / 1_000;
  return `${kb < 10 ? kb.toFixed(1) : Math.round(kb).toLocaleString('en-US')} KB/s`;
}
