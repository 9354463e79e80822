import type { FaultResult, ObjectiveResult, Outcome, RequestSummary, Verdict } from '../../harness/verdict/verdict.ts';
import { clock, count, duration, exact, latency, measured, percent, rate } from '../format.ts';
import type { Chart, ReportModel } from '../model.ts';
import {
  againCommand,
  causeLines,
  cellValue,
  errorKinds,
  faultTimes,
  generatorFacts,
  generatorState,
  injectedMs,
  limitText,
  plural,
  residueOf,
  SIGN,
  verdictTitle,
} from '../sentences.ts';
import { type Markup, markup } from './markup.ts';
import { overview } from './overview.ts';
import { isDrawn } from './page-data.ts';

/** The parts of the page, in the order in which they are read. A part with nothing in it is null. */
export function sections(model: ReportModel): (Markup | null)[] {
  const { verdict } = model;
  const believed = believe(verdict);
  const unsure = verdict.outcome === 'inconclusive';
  return [
    banner(verdict),
    unsure ? believed : null,
    overviewSection(model),
    promises(model),
    faults(verdict),
    invariants(verdict),
    charts(model),
    requests(verdict),
    unsure ? null : believed,
    events(model),
    reproduce(model),
  ];
}

const MOST_EXAMPLES = 20;
const MOST_EVENTS = 2000;
const GROUP_TITLES: Record<Chart['group'], string> = {
  latency: 'Latency',
  load: 'Load',
  errors: 'Errors',
  target: 'Target',
  generator: 'Generator',
};

function banner(verdict: Verdict): Markup {
  const { run, outcome } = verdict;
  const date = new Date(run.startedAt);
  const when = Number.isNaN(date.getTime()) ? run.startedAt : `${WHEN.format(date)} UTC`;
  const facts = [
    when,
    duration(run.durationMs),
    ...(run.peakUsers > 0 ? [`${count(run.peakUsers)} ${plural(run.peakUsers, 'user')}`] : []),
    `${count(run.iterations)} ${plural(run.iterations, 'iteration')}, ${count(run.failedIterations)} failed`,
    `${count(run.agents)} ${plural(run.agents, 'agent')}`,
    `seed ${run.seed}`,
    `run ${run.id}`,
  ];
  const causes = causeLines(verdict, 8);
  return markup`<header class="banner ${outcome}">
<div class="top"><div><p class="outcome">${SIGN[outcome]} ${verdictTitle(verdict)}</p><h1>${run.scenario}</h1>
${run.question === undefined ? null : markup`<p class="question">${run.question}</p>`}</div>
<div id="tools" hidden><button id="copy" type="button">Copy summary as Markdown</button>
<label class="unseen" for="theme">Theme</label><select id="theme"><option value="system">System theme</option><option value="light">Light</option><option value="dark">Dark</option></select></div></div>
${causes.length === 0 ? null : markup`<ul class="causes">${causes.map((cause) => markup`<li>${cause}</li>`)}</ul>`}
<p class="context">${facts.map((fact) => markup`<span>${fact}</span> `)}</p>
</header>`;
}

const WHEN = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function overviewSection(model: ReportModel): Markup | null {
  const picture = overview(model);
  return picture === null ? null : markup`<section id="overview"><h2>Overview</h2>${picture}</section>`;
}

function promises({ verdict, charts: all }: ReportModel): Markup | null {
  if (verdict.objectives.length === 0) return null;
  const windows = verdict.windows.filter(({ name }) =>
    verdict.objectives.some((objective) => objective.cells.some((cell) => cell.window === name)),
  );
  const budgets = verdict.objectives.some((objective) => objective.budget !== undefined);
  return markup`<section id="promises"><h2>Promises</h2><div class="scroll"><table>
<thead><tr><th scope="col">promise</th><th scope="col">limit</th>${windows.map(({ name }) => markup`<th scope="col">${name}</th>`)}${budgets ? markup`<th scope="col">budget spent</th>` : null}</tr></thead>
<tbody>${verdict.objectives.map(
    (
      objective,
    ) => markup`<tr><th scope="row">${sign(objective.outcome)}${objective.name}</th><td>${limitText(objective)}</td>${windows.map(
      ({ name }) => promiseCell(objective, name, chartOf(objective, all)),
    )}${budgets ? markup`<td>${budget(objective)}</td>` : null}</tr>
`,
  )}</tbody></table></div>${asked(verdict)}</section>`;
}

/** A link that zooms all charts to its window. */
function promiseCell(objective: ObjectiveResult, window: string, chart: string | null): Markup {
  const cell = objective.cells.find((one) => one.window === window);
  if (cell === undefined) return markup`<td class="quiet">${cellValue(objective, cell)}</td>`;
  const href = `#w=${encodeURIComponent(window.toWellFormed())}${chart === null ? '' : `&c=${encodeURIComponent(chart.toWellFormed())}`}`;
  const passed = cell.outcome === 'passed';
  const value = markup`<a href="${href}">${cellValue(objective, cell)}</a>${passed ? null : ` ${SIGN[cell.outcome]}`}`;
  return markup`<td class="${passed ? '' : cell.outcome}">${value}<small><span class="count">n = ${count(cell.samples)}</span>${cell.note === undefined ? null : markup`<br>${cell.note}`}</small></td>`;
}

/** What was asked of the monitor, in full: too long for a cell. */
function asked(verdict: Verdict): Markup | null {
  const all = verdict.objectives.filter((objective) => objective.source === 'promql');
  if (all.length === 0) return null;
  return markup`<dl class="facts asked">${all.map((objective) => markup`<dt>${objective.name}</dt><dd><code>${objective.of}</code></dd>`)}</dl>`;
}

function budget(objective: ObjectiveResult): Markup | null {
  if (objective.budget === undefined) return null;
  const { spent, byFault } = objective.budget;
  const width = Math.round(Math.min(1, Math.max(0, spent)) * 80);
  const shares = Object.entries(byFault).map(([name, share]) => markup`<small>${name} ${percent(share)}</small>`);
  return markup`${percent(spent)} <svg width="82" height="8" aria-hidden="true"><rect x="0.5" y="0.5" width="81" height="7" rx="2" fill="none" stroke="currentColor" stroke-opacity="0.4"/><rect x="1" y="1" width="${width}" height="6" fill="currentColor" fill-opacity="0.6"/></svg>${shares}`;
}

/** The chart that shows what was promised, if one does: by the name of its request, else by its limit. */
function chartOf(objective: ObjectiveResult, all: Chart[]): string | null {
  const byName = all.find((chart) => objective.source === 'client' && chart.id.endsWith(`.${objective.of}`));
  const byLimit = all.find((chart) => chart.limits.some((line) => line.label.includes(objective.name)));
  return (byName ?? byLimit)?.id ?? null;
}

function faults(verdict: Verdict): Markup | null {
  if (verdict.faults.length === 0) return null;
  return markup`<section id="faults"><h2>Faults</h2>${verdict.faults.map((fault) => faultBlock(fault, verdict))}</section>`;
}

function faultBlock(fault: FaultResult, verdict: Verdict): Markup {
  const times = faultTimes(fault);
  const undoTook =
    fault.undoneMs === undefined || fault.undoRequestedMs === undefined ? null : fault.undoneMs - fault.undoRequestedMs;
  const steps: [name: string, value: string, missing: boolean][] = [
    ['requested', clock(fault.requestedMs), false],
    ['applied', fault.appliedMs === undefined ? 'never' : clock(fault.appliedMs), fault.appliedMs === undefined],
    ['proven', fault.provenMs === undefined ? 'never' : clock(fault.provenMs), fault.provenMs === undefined],
    [
      'undo requested',
      fault.undoRequestedMs === undefined ? 'never' : clock(fault.undoRequestedMs),
      fault.undoRequestedMs === undefined,
    ],
    ['undone', fault.undoneMs === undefined ? 'never' : clock(fault.undoneMs), fault.undoneMs === undefined],
    ['undo proven', fault.cleanMs === undefined ? 'never' : clock(fault.cleanMs), fault.cleanMs === undefined],
  ];
  const found =
    fault.detectedMs === undefined
      ? 'no promise noticed it'
      : `${times.detected}${fault.detectedBy === undefined ? '' : ` by ${fault.detectedBy}`}`;
  const facts: [string, string][] = [
    ['proof', fault.proof ?? 'none: no effect was measured'],
    ['detected', found],
    [
      'recovered',
      fault.recoveredMs === undefined
        ? 'not within the run'
        : `${times.recovered} after the undo, at ${clock(fault.recoveredMs)}`,
    ],
    ...(undoTook === null ? [] : ([['undo took', duration(undoTook)]] as [string, string][])),
    ...(fault.budgetSpent === undefined ? [] : ([['budget spent', percent(fault.budgetSpent)]] as [string, string][])),
    ['residue', count(residueOf(fault, verdict.residue))],
  ];
  const href = `#t=${Math.max(0, Math.floor(injectedMs(fault) / 1000) - 10)}-${Math.ceil((fault.recoveredMs ?? fault.undoneMs ?? verdict.run.durationMs) / 1000) + 10}`;
  return markup`<div class="fault"><h4>${sign(fault.outcome)}${fault.name} <span class="quiet">${fault.kind} on</span> <code>${fault.target}</code></h4>
<p class="quiet">${fault.settings}${fault.settings === '' ? null : ' · '}<a href="${href}">see it in the charts</a></p>
<ol class="steps">${steps.map(([name, value, missing]) => markup`<li${missing ? markup` class="missing"` : null}><b>${value}</b><span>${name}</span></li>`)}</ol>
<dl class="facts">${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${fault.note === undefined ? null : markup`<p class="note ${fault.outcome}">${fault.note}</p>`}</div>`;
}

function invariants(verdict: Verdict): Markup | null {
  if (verdict.invariants.length === 0) return null;
  return markup`<section id="invariants"><h2>Invariants</h2>${verdict.invariants.map((invariant) => {
    const shown = invariant.examples.slice(0, MOST_EXAMPLES);
    const more = invariant.examples.length - shown.length;
    const counts = Object.entries(invariant.counts).map(([name, n]) => `${name} ${count(n)}`);
    return markup`<div class="invariant"><h4>${sign(invariant.outcome)}${invariant.name}</h4>
<p class="note ${invariant.outcome}">${invariant.sentence}</p>
${counts.length === 0 ? null : markup`<p class="quiet">${counts.join(' · ')}</p>`}
${shown.length === 0 ? null : markup`<ul class="examples">${shown.map((example) => markup`<li><code>${example}</code></li>`)}${more > 0 ? markup`<li>and ${count(more)} more in verdict.json</li>` : null}</ul>`}</div>`;
  })}</section>`;
}

function charts({ charts: all }: ReportModel): Markup | null {
  if (all.length === 0) return null;
  const drawn = all.filter(isDrawn);
  const parts: Markup[] = [];
  let group: Chart['group'] | null = null;
  for (const chart of all) {
    if (chart.group !== group) parts.push(markup`<h3>${GROUP_TITLES[chart.group]}</h3>`);
    group = chart.group;
    parts.push(figure(chart, drawn.indexOf(chart)));
  }
  return markup`<section id="charts"><h2>Charts</h2>
${drawn.length > 0 ? markup`<p class="needs-script" id="needs-script">Charts need scripts; this server blocks them. Download the file to see them.</p>` : null}
<div class="zoombar" id="zoom" role="group" aria-label="Show a stretch of time" hidden></div>
${drawn.length > 0 ? markup`<p class="quiet">Drag to zoom all charts, double click or Esc to see all. With the keyboard: focus a chart, then the arrow keys.</p>` : null}
${parts}<p class="unseen" id="spoken" aria-live="polite"></p></section>`;
}

/** The script finds a figure by its place among those that are drawn; an empty chart is a sentence. */
function figure(chart: Chart, place: number): Markup {
  const caption = markup`<figcaption><span class="subject">${chart.title}</span><span class="finding">${chart.caption}</span></figcaption>`;
  if (place === -1) {
    const why = chart.empty ?? 'Nothing was measured.';
    return markup`<figure>${caption}<p class="note inconclusive">? ${why}</p></figure>`;
  }
  return markup`<figure data-chart="${place}">${caption}<div class="plot" tabindex="0" role="img" aria-label="${chart.title}: ${chart.caption}"></div>
<details><summary>as a table</summary></details></figure>`;
}

function requests(verdict: Verdict): Markup | null {
  if (verdict.requests.length === 0) return null;
  return markup`<section id="requests"><h2>Requests</h2><div class="scroll"><table class="sortable">
<thead><tr>${['request', 'count', 'rate', 'p50', 'p90', 'p99', 'p99.9', 'max', 'p99 from send', 'errors', 'kinds of errors'].map((head) => markup`<th scope="col"${head === 'kinds of errors' ? markup` class="left"` : null}>${head}</th>`)}</tr></thead>
<tbody>${verdict.requests.map((request) => requestRow(request))}</tbody></table></div>
<p class="quiet note">Percentiles count from when a request was due. “p99 from send” is what a tool reports that forgets the time a request had to wait.</p></section>`;
}

function requestRow(request: RequestSummary): Markup {
  const errors = request.count === 0 ? null : request.errorRatio;
  const kinds = errorKinds([request]).map(({ kind, count: n }) => `${kind} ${count(n)}`);
  const first =
    request.firstError === undefined
      ? null
      : markup`<small>first: ${request.firstError.what} at ${clock(request.firstError.tMs)}</small>`;
  const cells: [value: number | null, text: string][] = [
    [request.count, count(request.count)],
    [request.perSec, rate(request.perSec)],
    [request.p50Ms, latency(request.p50Ms)],
    [request.p90Ms, latency(request.p90Ms)],
    [request.p99Ms, latency(request.p99Ms)],
    [request.p999Ms, latency(request.p999Ms)],
    [request.maxMs, latency(request.maxMs)],
    [request.serviceP99Ms, latency(request.serviceP99Ms)],
    [errors, percent(errors)],
  ];
  return markup`<tr><th scope="row">${request.name}</th>${cells.map(([value, text]) => markup`<td data-v="${value ?? -1}">${text}</td>`)}<td class="wide" data-v="${request.errors}">${kinds.join(' · ')}${first}</td></tr>
`;
}

/** Whether the numbers may be believed. An inconclusive run shows this first. */
function believe(verdict: Verdict): Markup {
  const { validity } = verdict;
  const rows = validity.checks.toSorted((a, b) => Number(a.ok) - Number(b.ok));
  const explained = rows.some((check) => check.sentence !== undefined);
  const lists = [...verdict.residue.map((one) => `still in place: ${one}`), ...verdict.warnings];
  return markup`<section id="validity"><h2>Can it be believed? The generator ${GENERATOR_WAS[generatorState(verdict)]}</h2>
<p class="quiet lead">${generatorFacts(verdict).flat().join(' · ')}</p>
${
  rows.length === 0
    ? null
    : markup`<div class="scroll"><table><thead><tr><th scope="col">check</th><th scope="col">value</th><th scope="col">limit</th><th scope="col" class="left">${explained ? 'what it means' : null}</th></tr></thead>
<tbody>${rows.map(
        (check) =>
          markup`<tr><th scope="row">${sign(check.ok ? 'passed' : 'inconclusive')}${check.name}</th><td class="${check.ok ? '' : 'inconclusive'}">${measured(check.value, check.unit)}</td><td>${exact(check.limit, check.unit)}</td><td class="wide">${check.sentence}</td></tr>
`,
      )}</tbody></table></div>`
}
${lists.length === 0 ? null : markup`<ul class="examples">${lists.map((line) => markup`<li>! ${line}</li>`)}</ul>`}</section>`;
}

const GENERATOR_WAS: Record<ReturnType<typeof generatorState>, string> = {
  fit: 'was fit',
  UNFIT: 'was unfit',
  'never ran': 'never ran',
};

function events({ events: all, verdict }: ReportModel): Markup | null {
  if (all.length === 0) return null;
  const shown = all.slice(0, MOST_EVENTS);
  const more = all.length - shown.length;
  return markup`<section id="events"><h2>Events</h2>
<p id="event-tools" hidden><label for="find-event">Find </label><input id="find-event" type="search"></p>
<div class="scroll tall"><table><thead><tr><th scope="col">time</th><th scope="col" class="left">kind</th><th scope="col" class="left">what happened</th></tr></thead><tbody>${shown.map(
    (event) => {
      const second = event.tMs / 1000;
      const href = `#t=${Math.max(0, Math.floor(second - 15))}-${Math.ceil(second + 15)}`;
      return markup`<tr><td><a href="${href}">${clock(event.tMs)}</a></td><td class="left kind">${event.kind}</td><td class="wide">${event.text}</td></tr>
`;
    },
  )}</tbody></table></div>
${more > 0 ? markup`<p class="quiet">${count(more)} more in journal.ndjson of run ${verdict.run.id}.</p>` : null}</section>`;
}

function reproduce({ verdict, directory, planText }: ReportModel): Markup {
  const { run } = verdict;
  const facts: [string, Markup | string][] = [
    ['again', markup`<code>${againCommand(verdict)}</code>`],
    ['was started with', markup`<code>${run.command}</code>`],
    ['scenario', markup`<code>${run.file}</code>`],
    ['versions', `stampede ${run.versions.stampede}, node ${run.versions.node}, ${run.versions.platform}`],
    ['started', run.startedAt],
    ['load', `from ${clock(run.loadFromMs)} to ${clock(run.loadToMs)} on the run's clock`],
    ['left in place', verdict.residue.length === 0 ? 'nothing' : verdict.residue.join(', ')],
    ['files', markup`<code>${directory}</code>`],
  ];
  return markup`<section id="reproduce"><h2>Reproduce</h2><dl class="facts">${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${planText === '' ? null : markup`<details><summary>the frozen plan</summary><pre>${planText}</pre></details>`}</section>`;
}

function sign(outcome: Outcome): Markup {
  return markup`<span class="sign ${outcome}">${SIGN[outcome]}</span>`;
}
