import { type Layout, partNodes } from './layout.ts';

/** What the exporter is to look at, as its `--targets` takes it. */
export function exporterTargets(layout: Layout, folders: (node: string) => string): string {
  const parts = partNodes(layout.parts).flatMap(({ name, part }): string[] => {
    switch (part) {
      case 'redis':
        return [`${name}=redis://127.0.0.1:${layout.port(name)}`];
      case 'varnish':
        return [`${name}=varnish://${encodeURI(folders(name))}`];
      case 'nginx':
        return [`${name}=${layout.url(`${name} status`)}/stub_status`];
      case 'haproxy':
      case 'rabbitmq':
        return [];
      default:
        return part satisfies never;
    }
  });
  return [...parts, ...layout.databases.map((node) => `${node}=${layout.dsn(node, 'postgres', 'postgres')}`)].join();
}
