import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { agentFlags } from './agent-flags.ts';

describe('the flags of an agent', () => {
  it('keep pauses short where very many users survive each collection, and collections rare where few do', () => {
    expect(agentFlags('wire', { between: 0, inFlow: 250_000 })).toContain('--max-semi-space-size=1');
    expect(agentFlags('wire', { between: 250_000, inFlow: 0 })).toContain('--max-semi-space-size=4');
    expect(agentFlags('wire', { between: 1_000, inFlow: 1_000 })).toContain('--max-semi-space-size=16');
    expect(agentFlags('undici', { between: 0, inFlow: 250_000 })).toContain('--max-semi-space-size=16');
  });

  it('leave the old generation alone until all users can be there', () => {
    expect(agentFlags('wire', { between: 0, inFlow: 0 })).toContain('--initial-old-space-size=30');
    expect(agentFlags('wire', { between: 0, inFlow: 1e6 })).toContain('--initial-old-space-size=841');
    expect(agentFlags('wire', { between: 1e6, inFlow: 0 })).toContain('--initial-old-space-size=221');
  });

  it.each(['wire', 'undici'] as const)('are known to this Node (%s)', (driver) => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [...agentFlags(driver, { between: 0, inFlow: 1e6 }), '-e', '0'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
