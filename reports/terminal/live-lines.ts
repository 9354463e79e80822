import stringWidth from 'string-width';
import { cutEnd } from '../cut.ts';
import { clock, count, latency, percent, rate } from '../format.ts';
import { MARGIN, type View } from './view.ts';

/** Why nothing below can be believed; no line while the generator is fit. */
export function unfitLine(view: View): string[] {
  const { unfit } = view.state.generator;
  if (unfit === null) return [];
  const text = cutEnd(`GENERATOR UNFIT  ${view.chars.text(unfit)}`, view.columns - MARGIN.length, view.chars.ellipsis);
  return [MARGIN + view.paint(text, 'inconclusive')];
}

/** Users that are active and iterations that started, against those that were planned. */
export function groups(view: View): string {
  const { state, chars, wide } = view;
  const items = [
    ...state.users.map((group) => `${chars.text(group.name)} ${count(group.active)} of ${count(group.planned)}`),
    ...state.arrivals.map((group) => `${chars.text(group.name)} ${rate(group.perSec)} of ${rate(group.plannedPerSec)}`),
  ];
  const tail = [
    ...(state.inFlight === null ? [] : [`${wide ? 'in flight' : 'open'} ${count(state.inFlight)}`]),
    ...(wide && state.iterations !== null ? [`iterations ${count(state.iterations)}`] : []),
  ];
  return labelled(view, 'USERS', [...items, ...tail], wide ? '      ' : '    ');
}

/** What is sent and what comes back, in the last ten seconds. */
export function traffic(view: View): string {
  const { traffic } = view.state;
  const drops =
    view.wide && traffic.droppedPerSec !== null && traffic.droppedPerSec > 0
      ? `dropped ${count(traffic.drops)} (${rate(traffic.droppedPerSec)})`
      : `dropped ${count(traffic.drops)}`;
  const items = [
    `offered ${rate(traffic.offeredPerSec)}`,
    `done ${rate(traffic.donePerSec)}`,
    drops,
    `errors ${percent(traffic.errorRatio)}`,
    ...(view.wide ? traffic.kinds.map((kind) => `${view.chars.text(kind.name)} ${rate(kind.perSec)}`) : []),
  ];
  return labelled(view, 'RATE', items, '   ');
}

/** As many items as fit, whole. */
function labelled(view: View, label: string, items: string[], between: string): string {
  let line = `${MARGIN}${label}`.padEnd(view.wide ? 10 : 9);
  let shown = 0;
  for (const item of items.map((text) => view.chars.text(text))) {
    const next = shown === 0 ? line + item : line + between + item;
    if (stringWidth(next) > view.columns) break;
    line = next;
    shown += 1;
  }
  return line.trimEnd();
}

/** The generator's own health. */
export function generator(view: View): string {
  const { generator: health, loadFromMs } = view.state;
  const { wide, chars } = view;
  const facts: [value: number | null, text: string][] = [
    [
      health.latenessP99Ms,
      `lateness p99 ${latency(health.latenessP99Ms)}${wide ? ` (limit ${latency(health.latenessLimitMs)})` : ''}`,
    ],
    [health.loopLagP99Ms, `loop lag ${wide ? 'p99 ' : ''}${latency(health.loopLagP99Ms)}`],
    [health.cpuMax, `CPU ${percent(health.cpuMax)}${wide ? ' of a core' : ''}`],
    [health.agentsReady, `agents ${health.agentsReady}/${health.agentsPlanned}`],
  ];
  if (wide) facts.push([health.scrapeGaps, `scrape gaps ${count(health.scrapeGaps)}`]);
  let line = `${MARGIN}GENERATOR ${loadFromMs === null ? 'starting' : 'ok'}`;
  let shown = 0;
  for (const [value, text] of facts) {
    if (value === null) continue;
    const next = `${line}${shown === 0 || wide ? '   ' : ` ${chars.dot} `}${chars.text(text)}`;
    if (stringWidth(next) > view.columns) break;
    line = next;
    shown += 1;
  }
  return line;
}

/** The last sentences of the journal. */
export function events(view: View, most: number): string[] {
  return view.state.events
    .slice(0, most)
    .map((event) =>
      cutEnd(`${MARGIN}${clock(event.tMs)}  ${view.chars.text(event.text)}`, view.columns, view.chars.ellipsis),
    );
}

/** What Ctrl-C does, or what it is doing. */
export function hint(view: View): string {
  const { notice } = view.state;
  const text =
    notice ??
    (view.wide
      ? 'Ctrl-C: drain, heal and report · twice: stop at once (faults heal at the next start)'
      : 'Ctrl-C: drain, heal and report · twice: stop at once');
  const line = cutEnd(MARGIN + view.chars.text(text), view.columns, view.chars.ellipsis);
  return view.paint(line, notice === null ? 'quiet' : 'title');
}
