import { readFileSync } from 'node:fs';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import type { DockerOptions } from 'dockerode';
import { EngineError } from './engine-error.ts';

/** How the client reaches an address. What the environment says else of TLS is taken as Docker's own program takes it. */
export function clientOptions(address: string, env: Record<string, string | undefined> = process.env): ClientOptions {
  // An empty host keeps the client from taking DOCKER_HOST instead of the socket it is given.
  if (address.startsWith('unix://'))
    return { socketPath: address.slice('unix://'.length), host: '', agent: plainAgent };
  if (address.startsWith('npipe://')) {
    return { socketPath: address.slice('npipe://'.length), host: '', agent: plainAgent };
  }
  const url = URL.parse(address);
  if (!url || !['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    throw new EngineError(
      'refused',
      `expected an address such as unix:///var/run/docker.sock or tcp://host:2375, got '${address}'`,
    );
  }
  const tls = url.protocol === 'https:' || url.port === '2376' || env.DOCKER_TLS_VERIFY === '1';
  const certificates = env.DOCKER_CERT_PATH;
  return {
    host: url.hostname,
    port: Number(url.port || (tls ? 2376 : 2375)),
    protocol: tls ? 'https' : 'http',
    agent: tls ? new TlsAgent({ keepAlive: false }) : plainAgent,
    ...(tls && certificates
      ? {
          ca: readFileSync(join(certificates, 'ca.pem')),
          cert: readFileSync(join(certificates, 'cert.pem')),
          key: readFileSync(join(certificates, 'key.pem')),
        }
      : {}),
  };
}

type ClientOptions = DockerOptions & { agent: PlainAgent | TlsAgent };

/** A connection that was kept would be written to after the engine behind it was stopped, or started anew. */
const plainAgent = new PlainAgent({ keepAlive: false });
