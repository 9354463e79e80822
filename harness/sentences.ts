import type { JournalLine, MonitorSays } from './journal.ts';

/** Tells an outage of a scrape target once, not once a second. One of these for each place that tells events. */
export function withoutRepeats(): (event: JournalLine) => boolean {
  const told = new Set<string>();
  return (event) => {
    if (event.kind !== 'scrape gap') return true;
    const what = `${event.url} ${event.reason}`;
    return !told.has(what) && told.add(what).size > 0;
  };
}

/**
 * A journal event as one line for people: `verb` for the eye and for grep, `text` for the rest. Undefined for events
 * that are only figures. The same words in the live view, in plain lines and in the report.
 */
export function sentenceOf(event: JournalLine): { verb: string; text: string } | undefined {
  switch (event.kind) {
    case 'run started':
      return { verb: 'run', text: `id=${event.id}` };
    case 'healed':
      return {
        verb: 'healed',
        text: `${event.fault} on ${event.target}, left by run ${event.run}: ${event.clean ? 'clean' : 'NOT clean'}, ${event.evidence}`,
      };
    case 'target ready': {
      const parts = `${event.nodes} nodes, ${event.links} links, ${event.scrapes} scrapes`;
      return {
        verb: 'target',
        text: event.ours
          ? `ready in ${(event.tookMs / 1_000).toFixed(1)} s: ${parts}`
          : `joined at ${event.entry}: ${parts}`,
      };
    }
    case 'node exited':
      return {
        verb: 'target',
        text: `${event.node} exited (${event.how})${event.restarted ? ', restarted by its supervisor' : ''}`,
      };
    case 'agents ready':
      return { verb: 'agents', text: `${event.agents} of ${event.agents} ready` };
    case 'agent lost':
      return {
        verb: 'agents',
        text: `agent ${event.agent} lost: ${event.reason}; ${handedOver(event.handedTo)}`,
      };
    case 'load adjusted':
      return { verb: 'load', text: event.what };
    case 'load started':
      return { verb: 'load', text: 'started' };
    case 'load ended':
      return {
        verb: 'load',
        text: event.reason === 'completed' ? 'ended as planned' : `${event.reason}: ${event.why}`,
      };
    case 'fault':
      return faultSentence(event);
    case 'scrape gap':
      return { verb: 'monitor', text: `no scrape of ${event.node ?? event.url}: ${event.reason}` };
    case 'alert': {
      const {
        summary = Object.entries(event.labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
      } = event.annotations;
      const via = event.via === undefined ? '' : ', told by Alertmanager';
      return { verb: 'alert', text: `${event.alert} ${event.state}: ${summary}${via}` };
    }
    case 'monitor attached':
      return {
        verb: 'monitor',
        text: `Prometheus ${event.version} at ${event.url}${event.ours ? ', started for this run' : ''}, semantics ${event.semantics}`,
      };
    case 'monitors compared': {
      const { objective, window, prometheus, embedded } = event;
      const verdicts = prometheus.outcome === embedded.outcome ? prometheus.outcome : 'DISAGREE';
      const say = ({ outcome, value }: MonitorSays) => `${value ?? 'no value'} ${outcome}`;
      return {
        verb: 'monitor',
        text: `${objective} during ${window}: ${verdicts}; Prometheus ${say(prometheus)}, embedded ${say(embedded)}`,
      };
    }
    case 'warning':
      return { verb: 'warning', text: event.text };
    case 'invariant':
      return { verb: 'invariant', text: `${event.name} ${event.outcome}: ${event.sentence}` };
    case 'residue':
      return { verb: 'residue', text: event.found.length === 0 ? '0: nothing is left behind' : event.found.join('; ') };
    case 'agent done':
    case 'generator':
    case 'scrapes':
    case 'trouble':
    case 'run ended':
      return undefined;
    default:
      return event satisfies never;
  }
}

function faultSentence(event: Extract<JournalLine, { kind: 'fault' }>): { verb: string; text: string } | undefined {
  const because = event.evidence === undefined ? '' : `: ${event.evidence}`;
  const text = {
    requested: `${event.name} injected on ${event.target}: ${event.settings}`,
    skipped: `${event.name} did not come${because}`,
    resolved: undefined,
    recorded: undefined,
    applied: undefined,
    proven: `${event.name} proven${because}`,
    unproven: `${event.name} had no effect that could be proven${because}`,
    'effect lost': `${event.name} has lost its effect${because}`,
    failed: `${event.name} could not be injected${because}`,
    'undo requested': undefined,
    undone: undefined,
    clean: `${event.name} undone and proven${because}`,
    'not clean': `${event.name} NOT undone${because}`,
  }[event.state];
  return text === undefined ? undefined : { verb: 'fault', text };
}

function handedOver(agents: readonly number[]): string {
  if (agents.length === 0) return 'its users are gone';
  return `its users go to agent${agents.length > 1 ? 's' : ''} ${agents.join(', ')}`;
}
