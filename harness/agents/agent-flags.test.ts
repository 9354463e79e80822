import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { agentFlags } from './agent-flags.ts';

describe('the flags of an agent', () => {
  it('keep pauses short where very many users survive each collection, and collections rare where few do', () => {
    expect(agentFlags('wire', 250_000)).toContain('--max-semi-space-size=1');
    expect(agentFlags('wire', 1_000)).toContain('--max-semi-space-size=16');
    expect(agentFlags('undici', 250_000)).toContain('--max-semi-space-size=16');
  });

  it('leave the old generation alone until all users can be there', () => {
    expect(agentFlags('wire', 0)).toContain('--initial-old-space-size=30');
    expect(agentFlags('wire', 1e6)).toContain('--initial-old-space-size=841');
  });

  it.each(['wire', 'undici'] as const)('are known to this Node (%s)', (driver) => {
    const { status, stderr } = spawnSync(process.execPath, [...agentFlags(driver, 1e6), '-e', '0'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
