import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import type { Flow, Scenario, ScenarioDefinition } from './scenario.ts';

/**
 * Imports a scenario file and returns what it exports by default, unchecked. `stampede` is found from wherever the file
 * lies. Throws a StampedeError when there is no such file or it does not load.
 */
export async function importScenario(file: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new StampedeError('scenario/no-file', `There is no scenario at ${file}.`, {
      exitCode: EXIT.usage,
      hint: 'the scenarios that come with Stampede are in scenarios/',
    });
  }
  findStampedeFromAnywhere();
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return module.default;
  } catch (error) {
    throw new StampedeError('scenario/does-not-load', `${file} does not load: ${messageOf(error)}`, {
      exitCode: EXIT.usage,
      facts: firstPlaces(error, path),
      cause: error,
    });
  }
}

/** The flow functions of a scenario that has been checked before, by load group. */
export async function loadFlows(file: string): Promise<Map<string, Flow>> {
  const exported = (await importScenario(file)) as { definition: { load: Record<string, { flow: Flow }> } };
  return new Map(Object.entries(exported.definition.load).map(([name, { flow }]) => [name, flow]));
}

/** What a scenario that has been checked before does once, before the load and after it. */
export async function loadHooks(file: string): Promise<Pick<ScenarioDefinition, 'setup' | 'teardown'>> {
  const exported = (await importScenario(file)) as Scenario;
  return exported.definition;
}

let registered = false;

function findStampedeFromAnywhere(): void {
  if (registered) return;
  registered = true;
  const url = new URL('../index.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'stampede' ? { url, shortCircuit: true } : next(specifier, context),
  });
}

function firstPlaces(error: unknown, path: string): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => line.includes(path))
    .slice(0, 3)
    .map((line) => line.trim().replaceAll(path, relative(process.cwd(), path)));
}
