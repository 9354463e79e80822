/** `import { scenario, users, slo, ... } from 'stampede'`: all that a scenario needs. */
export { type Feed, RequestFailed, type RequestOptions, type Response, type User } from './load/user.ts';
export {
  cpuLimit,
  disconnect,
  diskWriteLimit,
  memoryLimit,
  oom,
  packetLoss,
  partition,
  rate,
  reject,
  restart,
  stop,
} from './scenario/container-faults.ts';
export { badAnswer, hotKey, slowReaders, thunderingHerd } from './scenario/crowd-faults.ts';
export { feed } from './scenario/feed.ts';
export {
  arrivals,
  clockSkew,
  cpuHog,
  curve,
  down,
  eventLoopBlock,
  type Flow,
  fdExhaustion,
  kill,
  latency,
  memoryHog,
  nemesis,
  parallel,
  pause,
  restartLoop,
  type Scenario,
  type ScenarioDefinition,
  scenario,
  sequence,
  slo,
  slowStart,
  terminate,
  users,
  weighted,
} from './scenario/scenario.ts';
