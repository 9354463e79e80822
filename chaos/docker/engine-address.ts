import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the engine is, as `unix:///var/run/docker.sock` or `tcp://host:2375`: DOCKER_HOST (or Podman's CONTAINER_HOST) if
 * set, else the first socket that is there: Docker's, Docker Desktop's, rootless Docker's, Podman's. Where there is none it
 * is Docker's own place, so that the error names it.
 */
export function engineAddress(
  env: Record<string, string | undefined> = process.env,
  exists: (path: string) => boolean = existsSync,
): string {
  const told = env.DOCKER_HOST || env.CONTAINER_HOST;
  if (told) return told.includes('://') ? told : `tcp://${told}`;
  if (process.platform === 'win32') return 'npipe:////./pipe/docker_engine';
  const found = socketPaths(env).find(exists);
  return `unix://${found ?? DOCKER_SOCKET}`;
}

const DOCKER_SOCKET = '/var/run/docker.sock';

function socketPaths(env: Record<string, string | undefined>): string[] {
  const runtime = env.XDG_RUNTIME_DIR;
  return [
    DOCKER_SOCKET,
    join(homedir(), '.docker/run/docker.sock'),
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
}
