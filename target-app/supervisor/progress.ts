/** What the supervisor says on standard output, one object a line. */
export type Progress =
  | { event: 'starting'; node: string }
  | { event: 'node-ready'; node: string; tookMs: number }
  | { event: 'ready'; tookMs: number; entry: string; control: string; topology: string }
  | { event: 'node-exited'; node: string; code: number | null; signal: string | null; restarted: boolean }
  | { event: 'failed'; node: string; message: string; log: string[] };

export type Emit = (progress: Progress) => void;
