/**
 * Where the boards change colour and the symptom alerts of prometheus/rules/symptoms.yml fire: one number for both, held
 * together by a test. A scenario's own promises are drawn from `stampede_slo_limit`.
 */
export const LIMITS = {
  errorRatio: { watch: 0.01, bad: 0.05 },
  latencySeconds: { watch: 0.25, bad: 1 },
  queueAgeSeconds: { watch: 10, bad: 30 },
  replicationLagSeconds: { watch: 1, bad: 5 },
} as const;
