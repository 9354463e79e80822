import { mkdir } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { z } from 'zod';
import { FlagError, parseFlags } from '../flags.ts';
import { EMBEDDED, parseChoice } from '../parts/choice.ts';
import { mutantsSetting } from '../roles/orders/mutants.ts';
import type { Emit } from './progress.ts';
import { StartFailure } from './start-failure.ts';
import type { Target } from './target.ts';
import { TargetDir } from './target-dir.ts';

/** The environment failed, as in the exit codes of the harness. */
const EXIT_ENVIRONMENT = 4;
const EXIT_USAGE = 2;

const commandSchema = z.tuple([z.string().min(1)], z.string());

const upSettings = z.strictObject({
  dir: z.string().min(1),
  proxy: z.string().transform((text, context): [string, ...string[]] => {
    const command = commandSchema.safeParse(parseJson(text));
    if (command.success) return command.data;
    const message = `expected a command as a JSON array like ["node","chaos/toxiproxy/main.ts"], got ${text}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
  port: z.coerce.number().int().min(1).max(65_535).optional(),
  tether: z.stringbool().default(false),
  mutants: mutantsSetting,
  with: z
    .string()
    .transform((text, context) => {
      const parsed = parseChoice(text);
      if (parsed.kind === 'choice') return parsed.choice;
      for (const message of parsed.problems) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .default(EMBEDDED),
});

/** Brings the target up, keeps it up until it is told to stop, and takes it down. Resolves with the exit code. */
export async function up(argv: readonly string[], emit: Emit): Promise<number> {
  const startedAtMs = Date.now();
  let target: Target | undefined;
  try {
    const settings = parseFlags('up', upSettings, argv);
    await mkdir(settings.dir, { recursive: true });
    const dir = new TargetDir(resolve(settings.dir));
    const other = dir.aliveSupervisor();
    if (other !== undefined) {
      const where = `pid ${other.supervisorPid}, entry ${other.entry}, control ${other.control}`;
      throw new StartFailure('supervisor', `a target is already up in ${dir.path}: ${where}`);
    }
    await dir.makeFresh();
    enableCompileCache(dir.compileCache);

    const stop = Promise.withResolvers<void>();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.resolve());
    if (settings.tether) {
      process.stdin.once('end', () => stop.resolve()).resume();
      process.stdin.once('error', () => stop.resolve());
    }

    const { Target } = await import('./target.ts');
    target = await Target.prepare({
      dir,
      emit,
      proxy: settings.proxy,
      entryPort: settings.port,
      mutants: settings.mutants,
      parts: settings.with,
      onStop: () => stop.resolve(),
    });
    const started = await Promise.race([target.start().then(() => true), stop.promise.then(() => false)]);
    if (started) {
      const { entry, control } = target;
      emit({ event: 'ready', tookMs: Date.now() - startedAtMs, entry, control, topology: dir.topologyFile });
      await stop.promise;
    }
    await target.stop();
    return 0;
  } catch (error) {
    await target?.stop();
    if (error instanceof FlagError) {
      for (const problem of error.problems) emit({ event: 'failed', node: 'supervisor', message: problem, log: [] });
      return EXIT_USAGE;
    }
    if (!(error instanceof StartFailure)) throw error;
    emit({ event: 'failed', node: error.node, message: error.message, log: error.log });
    return EXIT_ENVIRONMENT;
  } finally {
    // A tether that is still held would keep this process alive.
    process.stdin.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
