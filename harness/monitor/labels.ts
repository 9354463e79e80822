/**
 * The labels of a series, sorted by name, without empty values. Immutable. What is derived from it (its key, the labels
 * of its group) is computed once and kept, because the same expressions are asked every second.
 */
export class LabelSet {
  static readonly empty = new LabelSet([], []);

  readonly names: readonly string[];
  readonly values: readonly string[];
  #key: string | undefined;
  #record: Readonly<Record<string, string>> | undefined;
  #derived: Map<string, LabelSet> | undefined;

  private constructor(names: readonly string[], values: readonly string[]) {
    this.names = names;
    this.values = values;
  }

  static from(labels: Readonly<Record<string, string>>): LabelSet {
    const names = Object.keys(labels)
      .filter((name) => labels[name] !== '')
      .sort();
    return new LabelSet(
      names,
      names.map((name) => labels[name] ?? ''),
    );
  }

  /** '' when the label is missing, which PromQL cannot tell apart. */
  get(name: string): string {
    const index = this.names.indexOf(name);
    return index < 0 ? '' : (this.values[index] ?? '');
  }

  /** Equal for equal label sets only. */
  get key(): string {
    this.#key ??= this.names.map((name, i) => `${name}\0${this.values[i]}`).join('\0');
    return this.#key;
  }

  /** Frozen, and the same object at each call. */
  toRecord(): Record<string, string> {
    this.#record ??= Object.freeze(Object.fromEntries(this.names.map((name, i) => [name, this.values[i] ?? ''])));
    return this.#record;
  }

  /** What keeps these labels only. Make it once and use it on many sets. */
  static keeping(names: readonly string[]): (labels: LabelSet) => LabelSet {
    if (names.length === 0) return () => LabelSet.empty;
    const id = `+${names.join(',')}`;
    return (labels) => labels.#derive(id, (name) => names.includes(name));
  }

  /** What drops these labels. Make it once and use it on many sets. */
  static dropping(names: readonly string[]): (labels: LabelSet) => LabelSet {
    const id = `-${names.join(',')}`;
    return (labels) => labels.#derive(id, (name) => !names.includes(name));
  }

  /** Without the metric's name: what it measured is no longer what it is called. */
  static readonly nameless = LabelSet.dropping(['__name__']);

  /** An empty value removes the label. */
  with(name: string, value: string): LabelSet {
    return this.get(name) === value ? this : LabelSet.from({ ...this.toRecord(), [name]: value });
  }

  /** `name{a="b"}`, as a person writes it. */
  toString(): string {
    const pairs = this.names.flatMap((name, i) =>
      name === '__name__' ? [] : [`${name}=${JSON.stringify(this.values[i])}`],
    );
    return `${this.get('__name__')}{${pairs.join(', ')}}`;
  }

  #derive(id: string, keeps: (name: string) => boolean): LabelSet {
    this.#derived ??= new Map();
    let derived = this.#derived.get(id);
    if (derived === undefined) {
      const kept = this.names.map(keeps);
      derived = kept.every(Boolean)
        ? this
        : new LabelSet(
            this.names.filter((_, i) => kept[i]),
            this.values.filter((_, i) => kept[i]),
          );
      this.#derived.set(id, derived);
    }
    return derived;
  }
}
