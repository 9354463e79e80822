import { counter } from '../metrics.ts';

/** What a queue can be seen doing, the same whichever queue it is. */
export const publishConfirms = counter('queue_publish_confirms_total', 'Messages published.', ['queue', 'outcome']);
export const redeliveries = counter('queue_redeliveries_total', 'Jobs handed out again.', ['queue']);
