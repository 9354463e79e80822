import { EXIT, StampedeError } from '../../errors.ts';

interface Cause {
  code: string;
  pattern: RegExp;
  sentence: (found: RegExpExecArray) => string;
  hint: string;
}

const UNREACHABLE =
  'registry[^\\n]*(?:no such host|connection refused|i/o timeout|TLS|certificate|toomanyrequests|server misbehaving)|toomanyrequests|Client\\.Timeout exceeded while awaiting';

/** What Docker and Compose say in all their versions, and what it means. The first that fits counts. */
const CAUSES: readonly Cause[] = [
  {
    code: 'env/docker-permission',
    pattern:
      /permission denied.*(docker\.sock|docker daemon|docker API)|(docker\.sock|docker daemon).*permission denied|PermissionError/i,
    sentence: () => 'You may not use the Docker engine: its socket refuses this user.',
    hint: "sudo usermod -aG docker $USER, and log in again; or run 'sudo -E npx stampede ...'",
  },
  {
    code: 'env/docker-engine',
    pattern:
      /cannot connect to the docker daemon|is the docker daemon running|error while fetching server API version|couldn't connect to docker daemon|failed to connect to the docker API|docker desktop is unable to start|ConnectionRefusedError/i,
    sentence: () => 'No Docker engine answers.',
    hint: 'start it: sudo systemctl start docker, or Docker Desktop; docker version must name a server',
  },
  {
    code: 'env/docker-context',
    pattern: /context "([^"]+)"(?:: context)? not found/i,
    sentence: ([, name]) => `There is no Docker context ${name}.`,
    hint: 'docker context ls lists them; docker context use default, and unset DOCKER_CONTEXT',
  },
  {
    code: 'env/port-taken',
    pattern:
      /(?:bind for [\d.:[\]]*:|listen tcp4? [\d.]+:)(\d+)(?: failed)?: (?:port is already allocated|bind: address already in use)|Bind for [\d.]+:(\d+) failed/i,
    sentence: ([, first, second]) =>
      `Port ${first ?? second} of this machine is taken, so the stack cannot publish it.`,
    hint: 'choose another one with --port, or leave it out to get free ones; docker ps tells which container holds it',
  },
  {
    code: 'env/image',
    pattern:
      /(?:pull access denied for|manifest for|manifest unknown[^\n]*?|repository) ([\w./:@-]+)(?: not found)?|failed to resolve reference "?([\w./:@-]+)"?|no such image: ([\w./:@-]+)|unable to find image '([\w./:@-]+)'/i,
    sentence: ([, ...names]) => `The image ${names.find((name) => name !== undefined) ?? ''} cannot be had.`,
    hint: 'is a registry reachable? Another image can be named by its variable in docker-compose.yml, such as HAPROXY_IMAGE',
  },
  {
    code: 'env/image',
    pattern: /Service '?"?([\w-]+)'?"? needs to be built, but --no-build was passed/i,
    sentence: ([, service]) => `The image of ${service}, which STAMPEDE_IMAGE names, is not on this machine.`,
    hint: 'docker pull it; or unset STAMPEDE_IMAGE, and it is built',
  },
  {
    code: 'env/registry',
    // Compose 1 names the image, Compose 2 the service.
    pattern: new RegExp(`(?:Pulling [\\w-]+ \\(([\\w./:@-]+)\\)|^ *([\\w-]+) Error )[^]*?(?:${UNREACHABLE})`, 'im'),
    sentence: ([, image, service]) =>
      `The image ${image ?? `of ${service}`} cannot be had: its registry does not answer, or refuses.`,
    hint: 'docker pull it where there is a network, or name another one by its variable in docker-compose.yml',
  },
  {
    code: 'env/registry',
    pattern: new RegExp(UNREACHABLE, 'i'),
    sentence: () => 'An image cannot be had: its registry does not answer, or refuses.',
    hint: 'docker pull the images where there is a network, or name others by their variables in docker-compose.yml',
  },
  {
    code: 'env/disk-full',
    pattern: /no space left on device/i,
    sentence: () => 'The disk that Docker keeps its data on is full.',
    hint: 'docker system df tells what takes it; docker system prune frees what nothing uses',
  },
  {
    code: 'env/memory',
    pattern: /cannot allocate memory|OOM|out of memory/i,
    sentence: () => 'There is too little memory for the stack.',
    hint: 'it needs 1.5 GiB; docker stats tells what the other containers take',
  },
  {
    code: 'env/docker-limits',
    pattern: /error setting rlimit|ulimit/i,
    sentence: () => 'The engine may not give a container as many open files as it asks for.',
    hint: 'raise the limit of the engine itself (LimitNOFILE=20000 or more), or lower ulimits in docker-compose.yml',
  },
  {
    code: 'env/docker-networks',
    pattern: /could not find an available.*network|all predefined address pools have been fully subnetted/i,
    sentence: () => 'Docker has no address range left for the networks of the stack.',
    hint: 'docker network prune removes networks that nothing uses',
  },
  {
    code: 'env/compose-old',
    pattern: /unsupported config option|is invalid because|Additional property|unknown shorthand flag/i,
    sentence: () => 'This Docker Compose does not understand docker-compose.yml.',
    hint: 'Compose v2, or docker-compose 1.29 at least',
  },
];

/** Turns what Docker said into a sentence that names the cause and the cure. `doing` fits after "cannot". */
export function dockerError(doing: string, lines: readonly string[]): StampedeError {
  const text = lines.join('\n');
  const facts = lines.filter((line) => line.trim() !== '' && !PROGRESS.test(line)).slice(-FACTS);
  for (const { code, pattern, sentence, hint } of CAUSES) {
    const found = pattern.exec(text);
    if (found !== null) return new StampedeError(code, sentence(found), { exitCode: EXIT.environment, facts, hint });
  }
  return new StampedeError('env/docker', `Docker cannot ${doing}.`, {
    exitCode: EXIT.environment,
    facts,
    hint: 'what Docker said is above; docker info tells whether the engine is well',
  });
}

const FACTS = 6;
/** What went well is not what is wrong. */
const PROGRESS =
  /^Creating (network|volume) |\.\.\. *(done)?$|^ *(Container|Network|Volume) .* (Creat|Start)(ing|ed) *$|^ *[\w-]+ Pull(ing|ed) *$/;
