import { z } from 'zod';

/** One kind of process of the reference shop. */
export interface Role<Settings extends z.ZodObject = z.ZodObject> {
  settings: Settings;
  start(settings: z.output<Settings>): Promise<RunningRole>;
}

export interface RunningRole {
  /** An orderly end: what was accepted is finished. */
  stop(): Promise<void>;
}

/** Keeps the settings' type between the schema and `start`. */
export function defineRole<Settings extends z.ZodObject>(role: Role<Settings>): Role<Settings> {
  return role;
}

/** What every node is told: its name and where to listen. */
export const listenSettings = {
  name: z.string().min(1),
  host: z.string().default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535),
};

/** `eu-0=postgres://...,us-0=postgres://...` as a map from shard to address. */
export const shardAddresses = z.string().transform((text, context) => {
  const addresses = new Map<string, string>();
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    const shard = pair.slice(0, equals);
    if (equals < 1 || !/^[a-z]+-\d+$/.test(shard)) {
      context.addIssue({ code: 'custom', message: `expected <region>-<number>=<dsn>, got "${pair}"` });
      return z.NEVER;
    }
    addresses.set(shard, pair.slice(equals + 1));
  }
  return addresses;
});
