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
  pause,
  rate,
  reject,
  restart,
  stop,
} from './scenario/container-faults.ts';
export { feed } from './scenario/feed.ts';
export {
  arrivals,
  curve,
  down,
  type Flow,
  kill,
  latency,
  type Scenario,
  type ScenarioDefinition,
  scenario,
  slo,
  users,
  weighted,
} from './scenario/scenario.ts';
