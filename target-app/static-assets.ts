import { createHash } from 'node:crypto';

export interface StaticAsset {
  /** `/static/<name>.<hash of its content>.<extension>`: a name that never stands for another content. */
  path: string;
  contentType: string;
  body: Buffer;
}

/** Sizes in bytes, from a small icon to a bundle of scripts. */
const ASSETS = [
  { name: 'icon', extension: 'svg', contentType: 'image/svg+xml', bytes: 1_000 },
  { name: 'reset', extension: 'css', contentType: 'text/css', bytes: 2_500 },
  { name: 'shop', extension: 'css', contentType: 'text/css', bytes: 9_000 },
  { name: 'checkout', extension: 'js', contentType: 'text/javascript', bytes: 18_000 },
  { name: 'hero', extension: 'jpg', contentType: 'image/jpeg', bytes: 34_000 },
  { name: 'shop', extension: 'js', contentType: 'text/javascript', bytes: 60_000 },
];

/** The same bytes in every process, so that any gateway serves what the catalog links to. */
export function makeStaticAssets(): StaticAsset[] {
  return ASSETS.map(({ name, extension, contentType, bytes }, index) => {
    const body = noise(bytes, index + 1);
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 8);
    return { path: `/static/${name}.${hash}.${extension}`, contentType, body };
  });
}

/** Bytes that do not compress well, from xorshift32. */
function noise(bytes: number, seed: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  let state = seed * 2_654_435_761;
  for (let index = 0; index < bytes; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    buffer[index] = 32 + ((state >>> 0) % 95);
  }
  return buffer;
}
