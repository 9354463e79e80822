import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

/** Grafana's provisioning files, as far as ours use them: it drops a misspelt key without a word. */
const datasourcesSchema = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        uid: z.string().regex(/^[a-zA-Z0-9-]{1,40}$/),
        type: z.literal('prometheus'),
        access: z.literal('proxy'),
        url: z.url(),
        isDefault: z.boolean(),
        editable: z.boolean(),
        jsonData: z.strictObject({ httpMethod: z.enum(['GET', 'POST']), timeInterval: z.string().regex(/^\d+m?s$/) }),
      }),
    )
    .min(1),
});
const providersSchema = z.strictObject({
  apiVersion: z.literal(1),
  providers: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        folder: z.string(),
        type: z.literal('file'),
        disableDeletion: z.boolean(),
        allowUiUpdates: z.boolean(),
        updateIntervalSeconds: z.int().positive(),
        options: z.strictObject({ path: z.string().startsWith('/') }),
      }),
    )
    .min(1),
});

const read = (path: string): unknown => parse(readFileSync(join(import.meta.dirname, 'provisioning', path), 'utf8'));
const prometheusSchema = z.object({ global: z.object({ scrape_interval: z.string() }) });

describe("Grafana's provisioning", () => {
  it('has one data source, at the scrape interval of Prometheus', () => {
    const { datasources } = datasourcesSchema.parse(read('datasources/prometheus.yml'));
    const config = readFileSync(join(import.meta.dirname, '../prometheus/prometheus.yml'), 'utf8');
    const { global } = prometheusSchema.parse(parse(config));
    expect(datasources.map(({ isDefault, jsonData }) => [isDefault, jsonData.timeInterval])).toEqual([
      [true, global.scrape_interval],
    ]);
  });

  it('has one provider, whose boards nobody can change or delete', () => {
    const { providers } = providersSchema.parse(read('dashboards/stampede.yml'));
    expect(providers).toMatchObject([{ disableDeletion: true, allowUiUpdates: false }]);
  });

  it('goes red on a misspelt key', () => {
    const wrong = { apiVersion: 1, providers: [{ name: 'x', folder: '', type: 'file', option: {} }] };
    expect(providersSchema.safeParse(wrong).success).toBe(false);
    expect(datasourcesSchema.safeParse({ apiVersion: 1, datasource: [] }).success).toBe(false);
  });
});
