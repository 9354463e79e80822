import { z } from 'zod';
import { monitorCutOff, restoreMonitor } from '../harness-control.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({ step: z.literal('restore-monitor'), control: z.string() });

export const restoreMonitorStep: UndoStepKind<z.output<typeof schema>> = {
  schema,
  perform: ({ control }, signal) => restoreMonitor(control, signal),

  async verify({ control }, signal) {
    const { cutOff } = await monitorCutOff(control, signal);
    return cutOff
      ? { clean: false, evidence: 'the monitor is still cut off' }
      : { clean: true, evidence: 'the monitor scrapes again' };
  },
};
