import { messageOf } from '../message-of.ts';
import { type NetCapabilities, netCapabilities } from './capabilities.ts';
import { openEngine } from './docker-client.ts';
import { engineAddress } from './engine-address.ts';
import { toolsImage } from './helper.ts';

export interface EngineDescription {
  address: string;
  /** Undefined where it does not answer: then `problem` says why. */
  version?: string;
  kernel?: string;
  problem?: string;
  image: string;
  /** What its kernel can do to packets; undefined where the image that it takes to find out is not there. */
  network?: NetCapabilities;
}

/** What is to be known of the engine, for a person: it never throws. Takes a second where the image of tools is there. */
export async function describeEngine(signal: AbortSignal, address = engineAddress()): Promise<EngineDescription> {
  const image = toolsImage();
  try {
    const engine = openEngine(address);
    const { version, kernel } = await engine.version(signal);
    // Listing is the least that faults need, and what a socket without permission refuses.
    await engine.containers(signal);
    const network = (await engine.hasImage(image, signal)) ? await netCapabilities(engine, image, signal) : undefined;
    return { address, version, kernel, image, ...(network === undefined ? {} : { network }) };
  } catch (error) {
    return { address, image, problem: messageOf(error) };
  }
}
