/** `import { scenario, users, slo, ... } from 'stampede'`: all that a scenario needs. */
export { RequestFailed, type RequestOptions, type Response, type User } from './load/user.ts';
export {
  arrivals,
  down,
  type Flow,
  kill,
  latency,
  type Scenario,
  type ScenarioDefinition,
  scenario,
  slo,
  users,
} from './scenario/scenario.ts';
