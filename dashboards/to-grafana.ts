import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { Board, Limits, Panel, Query, Tone, Variable, Word } from './board.ts';
import { SERIES, TONES } from './colours.ts';

/** What all boards are found by, in their links to each other. */
const TAG = 'stampede';
/** Jobs that are scraped every five seconds: a rate over four of the usual scrapes would see one sample. */
const SLOW_METRICS = /\b(?:pg|rabbitmq|redis|varnish)_/;
const SLOW_SCRAPE = '5s';
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** Grafana's JSON of a board, version 1 of its model, which every Grafana from 9 on reads. */
export function toGrafana(board: Board): grafana.Dashboard {
  const builder = new grafana.DashboardBuilder(board.title)
    .uid(`stampede-${board.name}`)
    .description(board.description)
    .tags([TAG])
    .readonly()
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .timepicker(new grafana.TimePickerBuilder().refreshIntervals(['1s', '5s', '10s', '30s', '1m', '5m']))
    .withVariable(datasource())
    .annotation(faultsAnnotation(board))
    .link(otherBoards());
  const everywhere: Variable[] = [
    { name: 'job', label: 'Job', description: 'Jobs of the scrape configuration.', query: 'label_values(up, job)' },
    {
      name: 'instance',
      label: 'Instance',
      description: 'Scrape targets of these jobs.',
      query: 'label_values(up{job=~"$job"}, instance)',
    },
  ];
  for (const variable of [...everywhere, ...board.variables]) builder.withVariable(toVariable(variable));
  let id = 0;
  for (const row of board.rows) {
    builder.withRow(new grafana.RowBuilder(row.title).id(++id));
    for (const panel of row.panels) builder.withPanel(toPanel(panel).id(++id));
  }
  const made = builder.build();
  // The library hides both in a menu unless told otherwise, and it cannot be told otherwise.
  for (const each of [...(made.links ?? []), ...(made.annotations?.list ?? [])]) delete each.placement;
  return made;
}

function datasource(): grafana.DatasourceVariableBuilder {
  return new grafana.DatasourceVariableBuilder('datasource')
    .label('Data source')
    .description('A Prometheus, or a run that `stampede serve` serves.')
    .type('prometheus');
}

/** Refreshed with the time: runs and agents come and go. A label that is not there counts as any value. */
function toVariable({ name, label, description, query }: Variable): grafana.QueryVariableBuilder {
  const anyValue = name === 'job' || name === 'instance' ? '.+' : '.*';
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .query({ query, refId: `${name}-values` })
    .definition(query)
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(anyValue)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

/**
 * Faults over every panel. Grafana would ask once a minute, and a fault of ten seconds would be lost. Newer versions read
 * `target`, older ones the fields beside it.
 */
function faultsAnnotation({ variables }: Board): grafana.AnnotationQueryBuilder {
  const matchers = variables.some(({ name }) => name === 'run') ? '{run=~"$run"}' : '';
  const expr = `max by (fault, target, kind) (fault_active${matchers}) > 0`;
  return new grafana.AnnotationQueryBuilder()
    .name('Faults')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(TONES.bad)
    .expr(expr)
    .step('1s')
    .titleFormat('{{fault}}')
    .textFormat('{{kind}} of {{target}}')
    .tagKeys('kind,target')
    .target(new prometheus.DataqueryBuilder().refId('Faults').expr(expr).interval('1s').range());
}

function otherBoards(): grafana.DashboardLinkBuilder {
  return new grafana.DashboardLinkBuilder('Stampede')
    .type(grafana.DashboardLinkType.Dashboards)
    .tags([TAG])
    .icon('dashboard')
    .tooltip('The other boards, at the same time and of the same run')
    .asDropdown(false)
    .includeVars(true)
    .keepTime(true);
}

type AnyPanelBuilder = timeseries.PanelBuilder | stat.PanelBuilder | statetimeline.PanelBuilder | table.PanelBuilder;

function toPanel(panel: Panel): AnyPanelBuilder {
  const builder = builderOf(panel)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .span(panel.width ?? (panel.kind === 'stat' ? 4 : 8))
    .height(panel.kind === 'stat' ? 4 : 8)
    .unit(panel.unit);
  panel.queries.forEach((query, index) => {
    builder.withTarget(toQuery(query, String.fromCharCode(65 + index), panel.kind));
  });
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
  if (panel.words !== undefined) builder.mappings([mapping(panel.words)]);
  builder.thresholds(thresholds(panel.limits));
  return builder;
}

function builderOf(panel: Panel): AnyPanelBuilder {
  switch (panel.kind) {
    case 'lines':
      return lines(panel);
    case 'stat':
      return new stat.PanelBuilder()
        .colorMode(common.BigValueColorMode.Value)
        .graphMode(common.BigValueGraphMode.Area)
        .colorScheme(byThreshold())
        .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    case 'states':
      return new statetimeline.PanelBuilder()
        .mergeValues(true)
        .showValue(common.VisibilityMode.Auto)
        .rowHeight(0.8)
        .colorScheme(byThreshold())
        .legend(new common.VizLegendOptionsBuilder().showLegend(false));
    case 'table':
      return new table.PanelBuilder()
        .colorScheme(byThreshold())
        .withTransformation({ id: 'reduce', options: { reducers: ['lastNotNull'] } });
    default:
      return panel satisfies never;
  }
}

function lines(panel: Extract<Panel, { kind: 'lines' }>): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .lineWidth(2)
    .fillOpacity(panel.stacked === undefined ? 0 : 40)
    .showPoints(common.VisibilityMode.Never)
    .colorScheme(new grafana.FieldColorBuilder().mode(grafana.FieldColorModeId.PaletteClassicByName))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(['max', 'lastNotNull']),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (panel.stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (panel.limits !== undefined) {
    const style = common.GraphThresholdsStyleMode.Dashed;
    builder.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(style));
  }
  panel.queries.forEach((query, index) => {
    const properties = looks(query, index);
    if (properties.length > 0) builder.overrideByQuery(String.fromCharCode(65 + index), properties);
  });
  return builder;
}

/** One series, one colour that stays; limits are dashed and grey. Several series of one query are told apart by Grafana. */
function looks({ legend, isLimit }: Query, index: number): grafana.DynamicConfigValue[] {
  const fixed = (fixedColor: string) => ({ id: 'color', value: { mode: 'fixed', fixedColor } });
  if (isLimit) {
    const dashes = { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } };
    return [dashes, fixed(TONES.plain)];
  }
  const colour = SERIES[index];
  return legend.includes('{{') || colour === undefined ? [] : [fixed(colour)];
}

function toQuery({ expr, legend }: Query, refId: string, kind: Panel['kind']): cog.Builder<cog.Dataquery> {
  const query = new prometheus.DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend).datasource(DATASOURCE);
  if (SLOW_METRICS.test(expr)) query.interval(SLOW_SCRAPE);
  return kind === 'table' ? query.instant() : query.range();
}

function byThreshold(): grafana.FieldColorBuilder {
  return new grafana.FieldColorBuilder().mode(grafana.FieldColorModeId.Thresholds);
}

function thresholds(limits: Limits | undefined): grafana.ThresholdsConfigBuilder {
  const builder = new grafana.ThresholdsConfigBuilder().mode(grafana.ThresholdsMode.Absolute);
  if (limits === undefined) return builder.steps([{ value: null, color: TONES.good }]);
  const { watch, bad, lessIsWorse = false } = limits;
  const step = (value: number | null, tone: Tone) => ({ value, color: TONES[tone] });
  if (lessIsWorse) {
    const between = watch === undefined ? [step(bad, 'good')] : [step(bad, 'watch'), step(watch, 'good')];
    return builder.steps([step(null, 'bad'), ...between]);
  }
  const between = watch === undefined ? [] : [step(watch, 'watch')];
  return builder.steps([step(null, 'good'), ...between, step(bad, 'bad')]);
}

function mapping(words: Record<number, Word>): grafana.ValueMap {
  const entries = Object.entries(words).map(([value, { text, tone }], index) => {
    return [value, { text, color: TONES[tone], index }];
  });
  return { type: grafana.MappingType.ValueToText, options: Object.fromEntries(entries) };
}
