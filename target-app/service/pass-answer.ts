import type { FastifyReply } from 'fastify';
import { forwardedHeaders } from './forwarded-headers.ts';
import type { UpstreamResult } from './upstream.ts';

/** Passes another service's answer on as it came. */
export function passAnswer(reply: FastifyReply, answer: Extract<UpstreamResult, { kind: 'answer' }>): FastifyReply {
  reply.code(answer.statusCode).headers(forwardedHeaders(answer.headers));
  // An empty buffer would be given a content type that the other side did not send.
  return answer.body.length === 0 ? reply.send() : reply.send(answer.body);
}
