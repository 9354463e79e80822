import { closest } from 'fastest-levenshtein';

/** The ports of the shop, and what can stand behind each. The first is part of this program. */
export const PORTS = {
  queue: ['embedded', 'rabbitmq'],
  cache: ['embedded', 'redis'],
  lb: ['embedded', 'haproxy'],
  edge: ['embedded', 'varnish', 'nginx'],
} as const satisfies Record<string, readonly string[]>;

export type Port = keyof typeof PORTS;
export type PartChoice = { readonly [Name in Port]: (typeof PORTS)[Name][number] };

export const EMBEDDED: PartChoice = { queue: 'embedded', cache: 'embedded', lb: 'embedded', edge: 'embedded' };

/** `queue=rabbitmq,lb=haproxy` as a choice, the rest embedded; or everything that is wrong with it. */
export function parseChoice(
  text: string,
): { kind: 'choice'; choice: PartChoice } | { kind: 'problems'; problems: string[] } {
  const problems: string[] = [];
  const choice: { -readonly [Name in Port]: PartChoice[Name] } = { ...EMBEDDED };
  const given = new Set<string>();
  for (const pair of text.split(',')) {
    const [port = '', part, more] = pair.split('=');
    if (part === undefined || more !== undefined) problems.push(`expected <port>=<part>, got '${pair}'`);
    else if (given.has(port)) problems.push(`${port} is given twice`);
    else if (!isPort(port)) {
      problems.push(`there is no port '${port}', did you mean '${closest(port, Object.keys(PORTS))}'?`);
    } else if (!choose(choice, port, part)) {
      const known = PORTS[port];
      problems.push(
        `there is no part '${part}' for ${port}, did you mean '${closest(part, [...known])}'? There are ${known.join(', ')}`,
      );
    }
    given.add(port);
  }
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'choice', choice };
}

/** Only what is not part of this program, as it is written: empty when everything is. */
export function choiceText(choice: PartChoice): string {
  return Object.entries(choice)
    .filter(([, part]) => part !== 'embedded')
    .map(([port, part]) => `${port}=${part}`)
    .join(',');
}

export function sameChoice(one: PartChoice, other: PartChoice): boolean {
  return choiceText(one) === choiceText(other);
}

function isPort(name: string): name is Port {
  return Object.hasOwn(PORTS, name);
}

function choose<Name extends Port>(choice: { [Key in Name]: PartChoice[Key] }, port: Name, part: string): boolean {
  const found = PORTS[port].find((known): known is PartChoice[Name] => known === part);
  if (found === undefined) return false;
  choice[port] = found;
  return true;
}
