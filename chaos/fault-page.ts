import { catalogue } from './catalogue.ts';
import type { FaultFamily } from './fault.ts';

const FAMILIES: Record<FaultFamily, string> = {
  network: 'On links',
  process: 'On processes and containers',
  container: 'On containers',
  resource: 'On what a process lives on',
  dependency: 'On what the system depends on',
  data: 'On what is said and delivered',
  load: 'On the shape of the load',
  harness: 'On the harness itself',
};

/** The page docs/faults.md, in Markdown. */
export function faultPage(): string {
  const families = Object.entries(FAMILIES) as [FaultFamily, string][];
  const sections = families.flatMap(([family, title]) => {
    const faults = catalogue.filter((fault) => fault.family === family);
    return faults.length === 0 ? [] : [`## ${title}`, '', ...faults.flatMap(section)];
  });
  return [
    '# Faults',
    '',
    '<!-- Made by npm run build:faults from the catalogue in chaos/catalogue.ts; a test keeps it fresh. -->',
    '',
    `Every fault there is: ${catalogue.length} kinds. The same list on the command line: \`stampede chaos catalog\`. How faults are`,
    'scheduled, proven and undone is in [chaos.md](chaos.md).',
    '',
    '```ts',
    "faults: [{ at: '2m', for: '45s', fault: latency({ link: 'orders->shard-eu-0', latencyMs: 800 }) }],",
    '```',
    '',
    '```sh',
    "stampede chaos inject 'latency link=orders->shard-eu-0 latencyMs=800' --for 45s",
    '```',
    '',
    ...sections,
  ].join('\n');
}

function section({ kind, about, fields, needs, provenBy, undoneBy }: (typeof catalogue)[number]): string[] {
  const table = [
    '| setting | |',
    '|---|---|',
    ...fields.map(({ name, about: meaning }) => `| \`${name}\` | ${meaning.replaceAll('|', '\\|')} |`),
  ];
  return [
    `### ${kind}`,
    '',
    about,
    '',
    ...(fields.length === 0 ? [] : [...table, '']),
    `- needs: ${needs}`,
    `- proven by: ${provenBy}`,
    `- undone by: ${undoneBy}`,
    '',
  ];
}
