import type { FilePart, RequestOptions } from './user.ts';

/** What a request carries, and the content type that goes with it. */
export interface RequestBody {
  body: string | Uint8Array | undefined;
  contentType: string | undefined;
}

/** `boundary` separates the parts of a multipart body; it must not occur in them. Throws when there are two bodies. */
export function requestBody(options: RequestOptions, boundary: () => string): RequestBody {
  const { json, form, multipart, body } = options;
  const given = Object.entries({ json, form, multipart, body }).filter(([, value]) => value !== undefined);
  if (given.length > 1) throw new TypeError(`a request has one body, got ${given.map(([name]) => name).join(' and ')}`);
  if (json !== undefined) return { body: JSON.stringify(json), contentType: 'application/json' };
  if (form !== undefined)
    return { body: new URLSearchParams(form).toString(), contentType: 'application/x-www-form-urlencoded' };
  if (multipart !== undefined) {
    const mark = boundary();
    return { body: multipartBody(multipart, mark), contentType: `multipart/form-data; boundary=${mark}` };
  }
  return { body, contentType: undefined };
}

/** RFC 7578. */
function multipartBody(parts: Record<string, string | FilePart>, boundary: string): Buffer {
  const pieces: Uint8Array[] = [];
  for (const [name, part] of Object.entries(parts)) {
    const {
      filename,
      type = 'application/octet-stream',
      content,
    } = typeof part === 'string' ? { filename: undefined, content: part } : part;
    const file = filename === undefined ? '' : `; filename="${quoted(filename)}"\r\ncontent-type: ${type}`;
    pieces.push(
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${file}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(pieces);
}

/** As browsers do: the three characters that would end the header. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
