import { EXIT, StampedeError } from '../../errors.ts';

/** A PromQL expression that cannot be parsed, typed or evaluated. `line` and `column` are 1-based and open the message. */
export class PromqlError extends StampedeError {
  readonly line: number;
  readonly column: number;
  /** Whether the expression is wrong, or the data does not allow an answer: the words of Prometheus' API. */
  readonly kind: 'bad_data' | 'execution';

  /** `at` is the offset into `expression` that the problem is about. */
  constructor(expression: string, at: number, problem: string, kind: PromqlError['kind'] = 'bad_data') {
    const lineStart = expression.lastIndexOf('\n', at - 1) + 1;
    const line = expression.slice(0, lineStart).split('\n').length;
    const column = at - lineStart + 1;
    const lineText = expression.slice(lineStart).split('\n', 1)[0] ?? '';
    super('promql/expression', `${line}:${column}: ${problem}`, {
      exitCode: EXIT.usage,
      facts: [lineText, `${' '.repeat(column - 1)}^`],
    });
    this.name = 'PromqlError';
    this.line = line;
    this.column = column;
    this.kind = kind;
  }
}
