import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export const TEST_IMAGE = 'stampede-test-docker';

/**
 * An image of a few megabytes, out of programs of this machine: busybox, iptables, tc, and the libraries they need. It is
 * both what is broken and what holds the tools to break it. It takes a second to make, and stays.
 */
export function makeTestImage(address: string): void {
  const known = spawnSync('docker', ['-H', address, 'image', 'inspect', `${TEST_IMAGE}:2`]);
  if (known.status === 0) {
    run('docker', ['-H', address, 'tag', `${TEST_IMAGE}:2`, TEST_IMAGE]);
    return;
  }
  const root = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    for (const directory of ['bin', 'sbin', 'usr/sbin', 'etc', 'tmp', 'proc', 'sys', 'dev']) {
      mkdirSync(join(root, directory), { recursive: true });
    }
    copyFileSync(pathOf('busybox'), join(root, 'bin/busybox'));
    const applets = run('busybox', ['--list']).split('\n');
    // The real tc and iptables are meant.
    for (const applet of applets.filter((name) => name !== '' && name !== 'busybox' && name !== 'tc')) {
      symlinkSync('busybox', join(root, 'bin', applet));
    }
    install(root, pathOf('tc'), 'sbin/tc');
    install(root, pathOf('iptables'), 'usr/sbin/iptables');
    symlinkSync('iptables', join(root, 'usr/sbin/iptables-save'));
    symlinkSync('iptables', join(root, 'usr/sbin/iptables-restore'));
    for (const extension of globSync('/usr/lib/*/xtables/*.so')) {
      mkdirSync(join(root, dirname(extension)), { recursive: true });
      copyFileSync(extension, join(root, extension));
    }
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    const changes = ['--change', 'ENV PATH=/usr/sbin:/sbin:/bin', '--change', 'CMD ["sleep","1000000"]'];
    const into = ['-H', address, 'import', ...changes, '-', `${TEST_IMAGE}:2`];
    run('sh', ['-c', 'tar -C "$0" -c . | docker "$@"', root, ...into]);
    run('docker', ['-H', address, 'tag', `${TEST_IMAGE}:2`, TEST_IMAGE]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A program with the libraries it is linked to, each where it expects them. */
function install(root: string, program: string, to: string): void {
  copyFileSync(realpathSync(program), join(root, to));
  for (const [library] of run('ldd', [realpathSync(program)]).matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, dirname(library), basename(library)));
  }
}

function pathOf(program: string): string {
  return run('sh', ['-c', `command -v ${program}`]).trim();
}

function run(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args[0]}: ${stderr}`);
  return stdout;
}
