import { z } from 'zod';

/**
 * The part of Grafana's dashboard model, version 1, that the boards use. Strict where a misspelt key would be dropped by
 * Grafana without a word; Grafana itself adds the rest when it reads a board.
 */

const datasource = z.strictObject({ type: z.string(), uid: z.string().min(1) });

const target = z.strictObject({
  refId: z.string().min(1),
  expr: z.string().min(1),
  legendFormat: z.string().min(1),
  datasource,
  /** The least step, for jobs that are scraped less often. */
  interval: z.literal('5s').optional(),
  range: z.boolean(),
  instant: z.boolean(),
});

const colour = z.string().regex(/^#[0-9A-F]{6}$/);

const fieldDefaults = z.object({
  unit: z.string().min(1),
  min: z.number().optional(),
  max: z.number().optional(),
  decimals: z.number().optional(),
  thresholds: z.strictObject({
    mode: z.literal('absolute'),
    steps: z.array(z.strictObject({ value: z.number().nullable(), color: colour })).min(1),
  }),
  mappings: z
    .array(
      z.strictObject({
        type: z.literal('value'),
        options: z.record(z.string(), z.strictObject({ text: z.string(), color: colour, index: z.int() })),
      }),
    )
    .optional(),
});

const gridPos = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});

const panel = z.object({
  id: z.int().positive(),
  type: z.enum(['timeseries', 'stat', 'state-timeline', 'table']),
  title: z.string(),
  description: z.string().optional(),
  datasource,
  gridPos,
  targets: z.array(target),
  fieldConfig: z.strictObject({
    defaults: fieldDefaults,
    overrides: z.array(
      z.strictObject({
        matcher: z.strictObject({ id: z.literal('byFrameRefID'), options: z.string() }),
        properties: z.array(z.strictObject({ id: z.string(), value: z.unknown() })),
      }),
    ),
  }),
});

const row = z.object({ id: z.int().positive(), type: z.literal('row'), title: z.string().min(1), gridPos });

const variable = z.discriminatedUnion('type', [
  z.object({ type: z.literal('datasource'), name: z.string(), label: z.string(), query: z.string() }),
  z.object({
    type: z.literal('query'),
    name: z.string(),
    label: z.string(),
    datasource,
    query: z.strictObject({ query: z.string(), refId: z.string() }),
    refresh: z.int(),
    multi: z.boolean(),
    includeAll: z.boolean(),
    allValue: z.string(),
  }),
]);

export const dashboardSchema = z.object({
  uid: z.string().regex(/^stampede-[a-z]+$/),
  title: z.string().min(1),
  description: z.string().min(1),
  schemaVersion: z.literal(42),
  editable: z.boolean(),
  refresh: z.string(),
  tags: z.array(z.string()),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({ list: z.array(variable) }),
  annotations: z.strictObject({
    list: z.array(
      z.object({
        name: z.string(),
        enable: z.boolean(),
        datasource,
        iconColor: colour,
        expr: z.string().min(1),
        step: z.string(),
        titleFormat: z.string(),
        target: z.object({ expr: z.string().min(1), interval: z.string() }),
      }),
    ),
  }),
  links: z.array(
    z.object({
      type: z.literal('dashboards'),
      tags: z.array(z.string()).min(1),
      keepTime: z.boolean(),
      includeVars: z.boolean(),
    }),
  ),
  panels: z.array(z.discriminatedUnion('type', [row, panel])),
});

export type Dashboard = z.infer<typeof dashboardSchema>;
export type DashboardPanel = z.infer<typeof panel>;
export type DashboardTarget = z.infer<typeof target>;

/** What a person looks at: rows are headings. */
export function panelsOf({ panels }: Dashboard): DashboardPanel[] {
  return panels.filter((each) => each.type !== 'row');
}
