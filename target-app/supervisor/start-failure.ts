/** The target cannot start. `log` is the end of what the node in question has written. */
export class StartFailure extends Error {
  readonly node: string;
  readonly log: string[];

  constructor(node: string, message: string, log: string[] = []) {
    super(message);
    this.name = 'StartFailure';
    this.node = node;
    this.log = log;
  }
}
