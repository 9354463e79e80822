import { z } from 'zod';
import type { JournalEvent } from '../journal.ts';

/** What Alertmanager sends to a webhook, version 4; what we have no use for is not looked at. */
const webhookSchema = z.object({
  version: z.literal('4'),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: z
          .record(z.string(), z.string())
          .refine((labels) => 'alertname' in labels, 'expected a label alertname'),
        annotations: z.record(z.string(), z.string()).default({}),
        startsAt: z.iso.datetime({ offset: true }),
      }),
    )
    .max(1_000),
});

type AlertEvent = Extract<JournalEvent, { kind: 'alert' }>;

export type WebhookAnswer = { ok: true; events: AlertEvent[] } | { ok: false; problem: string };

/**
 * Turns what Alertmanager posts into events of the journal. It sends all alerts of a group each time one of them
 * changes, and again after a while: only what is new is an event.
 */
export class AlertWebhook {
  readonly #known = new Map<string, 'firing' | 'resolved'>();

  receive(body: unknown): WebhookAnswer {
    const parsed = webhookSchema.safeParse(body);
    if (!parsed.success) {
      const expected = "expected the body of Alertmanager's webhook, version 4";
      return { ok: false, problem: `${expected}:\n${z.prettifyError(parsed.error)}` };
    }
    const events = parsed.data.alerts.flatMap(({ status, labels, annotations, startsAt }): AlertEvent[] => {
      const key = JSON.stringify([startsAt, Object.entries(labels).sort()]);
      if (this.#known.get(key) === status) return [];
      this.#known.set(key, status);
      return [
        { kind: 'alert', via: 'alertmanager', alert: labels.alertname ?? '', state: status, labels, annotations },
      ];
    });
    return { ok: true, events };
  }
}
