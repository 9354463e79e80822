import { z } from 'zod';
import { containerMarkSchema } from '../docker/container-mark.ts';
import { openEngine } from '../docker/docker-client.ts';
import type { NetworkEndpoint } from '../docker/engine-answers.ts';
import type { UndoStepKind } from './undo-step.ts';

const schema = z.strictObject({
  step: z.literal('reconnect-container'),
  container: containerMarkSchema,
  network: z.string(),
  /** What it was called there, and where it was if that was asked for: without them others would not find it again. */
  aliases: z.array(z.string()),
  links: z.array(z.string()),
  driverOpts: z.record(z.string(), z.string()),
  staticIp: z.string().optional(),
  staticIp6: z.string().optional(),
});

type Step = z.output<typeof schema>;

/** Connects a container to a network again, with all the names and the static addresses it had in it. */
export const reconnectContainerStep: UndoStepKind<Step> = {
  schema,
  async perform(step, signal) {
    const { container, network, aliases, links, driverOpts, staticIp, staticIp6 } = step;
    const engine = openEngine(container.engine);
    const state = await engine.find(container.id, signal);
    if (state === undefined) return;
    const endpoint = state.networks[network];
    if (endpoint && lacks(step, endpoint).length === 0) return;
    // Connected by somebody who did not know its names.
    if (endpoint) await engine.disconnect(container.id, network, signal);
    await engine.connect(container.id, network, { aliases, links, driverOpts, staticIp, staticIp6 }, signal);
  },

  async verify(step, signal) {
    const { container, network, aliases } = step;
    const state = await openEngine(container.engine).find(container.id, signal);
    if (state === undefined) return { clean: true, evidence: `${container.name} is not there any more` };
    const endpoint = state.networks[network];
    if (!endpoint) return { clean: false, evidence: `${container.name} is not connected to ${network}` };
    const lacking = lacks(step, endpoint);
    return lacking.length === 0
      ? {
          clean: true,
          evidence: `${container.name} is in ${network}${aliases.length > 0 ? ` as ${aliases.join(', ')}` : ''}`,
        }
      : { clean: false, evidence: `${container.name} is in ${network}, but lacks ${lacking.join(', ')}` };
  },
};

function lacks({ aliases, staticIp, staticIp6 }: Step, endpoint: NetworkEndpoint): string[] {
  return [
    ...aliases.filter((alias) => !endpoint.aliases.includes(alias)),
    ...(staticIp !== undefined && endpoint.staticIp !== staticIp ? [staticIp] : []),
    ...(staticIp6 !== undefined && endpoint.staticIp6 !== staticIp6 ? [staticIp6] : []),
  ];
}
