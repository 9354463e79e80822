import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Prometheus' and Alertmanager's own tools, which PROMTOOL and AMTOOL name. */
const { PROMTOOL = '', AMTOOL = '' } = process.env;
const run = (command: string, args: string[], cwd = import.meta.dirname) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
const yamls = (folder: string) => readdirSync(join(import.meta.dirname, folder)).map((name) => `${folder}/${name}`);

describe.skipIf(PROMTOOL === '')('promtool', () => {
  it('takes the configuration of Prometheus, with its rule files', () => {
    const said = run(PROMTOOL, ['check', 'config', 'prometheus.yml']);
    expect(said).toContain('prometheus.yml is valid prometheus config file syntax');
    expect(said.match(/SUCCESS: \d+ rules found/g)).toHaveLength(yamls('rules').length);
  });

  it('finds nothing to lint in the rules', () => {
    expect(run(PROMTOOL, ['check', 'rules', '--lint=all', '--lint-fatal', ...yamls('rules')])).toContain('SUCCESS');
  });

  it.each(yamls('tests'))('says of %s what our own PromQL says', (file) => {
    expect(run(PROMTOOL, ['test', 'rules', file])).toContain('SUCCESS');
  });
});

describe.skipIf(AMTOOL === '')('amtool', () => {
  const folder = join(import.meta.dirname, '../alertmanager');
  const config = '--config.file=alertmanager.yml';

  it('takes the configuration of Alertmanager', () => {
    expect(run(AMTOOL, ['check-config', 'alertmanager.yml'], folder)).toContain('SUCCESS');
  });

  it.each(['page', 'ticket'])('sends a %s into the journal of the run', (severity) => {
    const said = run(
      AMTOOL,
      ['config', 'routes', 'test', config, `severity=${severity}`, 'alertname=SlowAnswers'],
      folder,
    );
    expect(said.trim()).toBe('run-journal');
  });
});
