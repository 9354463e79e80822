/** One figure of a part that cannot tell Prometheus itself. */
export interface Sample {
  name: string;
  type: 'counter' | 'gauge';
  value: number;
  labels?: Readonly<Record<string, string>>;
}

/** What a part is asked for. A throw means that it could not be asked: then it is down. */
export interface Collector {
  /** The metric that says whether it answers: `redis_up`. */
  up: string;
  collect(): Promise<Sample[]>;
  close(): Promise<void>;
}

/** In Prometheus' text format, samples of one name together. */
export function renderSamples(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, (sample) => sample.name);
  return [...byName]
    .flatMap(([name, [first, ...others]]) => {
      if (first === undefined) return [];
      return [`# TYPE ${name} ${first.type}`, ...[first, ...others].map(renderSample)];
    })
    .join('\n')
    .concat('\n');
}

function renderSample({ name, value, labels = {} }: Sample): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${text.replace(/["\\\n]/g, escapeCharacter)}"`,
  );
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
