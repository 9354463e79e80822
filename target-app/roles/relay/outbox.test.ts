import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database } from '../../service/postgres.ts';
import { Outbox, type OutboxMessage } from './outbox.ts';

/** A database of one table, whose statements are heard in order. `held` are pending, and locked by another relay. */
function recording(rows: { id: string; msg_id: string; topic: string; payload: string }[], held = 0) {
  const heard: string[] = [];
  const database: Pick<Database, 'session'> = {
    session: (_deadlineMs, work) => {
      return work({
        // The fake stands for any statement, so it cannot know its rows' type.
        run: async <Row>() => {
          heard.push('look');
          const answers: unknown[] = rows.length + held > 0 ? [{}] : [];
          return answers as Row[];
        },
        batch: async <Row>(text: string) => {
          heard.push(text.trim().split(/\s+/).slice(0, 2).join(' '));
          const answers: unknown[] = text.includes('SELECT id') ? rows : [];
          return answers as Row[];
        },
      });
    },
  };
  return { heard, outbox: new Outbox(database, 10) };
}

const row = (id: string) => ({ id, msg_id: randomUUID(), topic: 't', payload: 'p' });

test('a message is marked sent after it was confirmed', async () => {
  const { heard, outbox } = recording([row('1'), row('2')]);
  const sent: OutboxMessage[] = [];
  const moved = await outbox.relay(async (messages) => {
    heard.push('confirmed');
    sent.push(...messages);
  });
  expect(moved).toBe(2);
  expect(sent).toHaveLength(2);
  expect(heard).toEqual(['look', 'BEGIN; SET', 'confirmed', 'UPDATE outbox']);
});

test('a message that was not confirmed stays pending', async () => {
  const { heard, outbox } = recording([row('1')]);
  await expect(outbox.relay(() => Promise.reject(new Error('no confirm')))).rejects.toThrow('no confirm');
  expect(heard).toEqual(['look', 'BEGIN; SET']);
});

test('an empty outbox is left after one look, without asking the broker', async () => {
  const { heard, outbox } = recording([]);
  expect(await outbox.relay(() => Promise.reject(new Error('asked')))).toBe(0);
  expect(heard).toEqual(['look']);
});

test('what another relay holds is left to it', async () => {
  const { heard, outbox } = recording([], 3);
  expect(await outbox.relay(() => Promise.reject(new Error('asked')))).toBe(0);
  expect(heard).toEqual(['look', 'BEGIN; SET', 'COMMIT']);
});
