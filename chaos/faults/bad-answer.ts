import { z } from 'zod';
import { firstOfAnswer } from '../first-of-answer.ts';
import { showMs } from '../show.ts';
import { extensionsOf } from '../toxiproxy-client.ts';
import { resolveLink } from './link.ts';
import { toxicFault, toxicFields } from './toxic-fault.ts';

const params = z.strictObject({
  link: toxicFields.link,
  answer: z
    .union([z.literal(429), z.literal(500), z.literal(502), z.literal(503), z.literal(504), z.literal('garbage')], {
      error: (issue) => `expected 429, 500, 502, 503, 504 or garbage, got ${JSON.stringify(issue.input) ?? 'nothing'}`,
    })
    .describe(
      'what comes back: 429, 500, 502, 503, 504 (429 and 503 with Retry-After: 1), or garbage, bytes that are no HTTP',
    ),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('share of requests answered so, drawn for each, above 0 up to 1; all unless told'),
});

export type BadAnswerParams = z.input<typeof params>;

/** A third party that is there and answers, but nothing of use: it limits, it fails, it talks nonsense. */
export const badAnswer = toxicFault<z.output<typeof params>>({
  kind: 'bad-answer',
  family: 'dependency',
  about: 'Requests over a link are answered with an error or with garbage, and never reach the other side.',
  needs: "a link that carries HTTP, through Stampede's own fault proxy",
  provenBy: 'a question of its own through the link that is answered so',
  params,

  resolve({ link }, topology) {
    const resolved = resolveLink(link, topology);
    if (!resolved.ok) return resolved;
    const other = resolved.targets.find(({ protocol }) => protocol !== 'http');
    if (other === undefined) return resolved;
    const problem = `link '${other.name}' carries ${other.protocol}; this fault is for HTTP`;
    return { ok: false, problem: link === other.name ? problem : `${problem}; add protocol=http` };
  },

  settings: ({ answer }) => `answers ${answer}`,

  async toxic({ answer }, api, signal) {
    if (!(await extensionsOf(api, signal)).answer) {
      throw new Error(`the fault proxy at ${api} cannot answer by itself; this fault needs Stampede's own`);
    }
    const status = answer === 'garbage' ? 0 : answer;
    const retryAfterSec = status === 429 || status === 503 ? RETRY_AFTER_SEC : 0;
    return { type: 'answer', stream: 'upstream', attributes: { status, retry_after: retryAfterSec } };
  },

  async look({ answer }, { address }, _, signal) {
    const startMs = performance.now();
    const first = await firstOfAnswer(address, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]));
    const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(first)?.[1];
    // The other side may well answer so by itself.
    const ours = status === String(answer) && first.toLowerCase().includes(MARK);
    const seen = status ?? (first === '' ? 'nothing' : 'bytes that are no HTTP');
    return {
      hit: answer === 'garbage' ? first !== '' && status === undefined : ours,
      seen: `answers ${seen} after ${showMs(performance.now() - startMs)}`,
    };
  },
});

/** The header that the fault proxy puts on answers of its own. */
const MARK = 'x-toxic: answer';
const RETRY_AFTER_SEC = 1;
const PATIENCE_MS = 2_000;
