/** What `stampede` and `stampede --help` print: 80 columns, a command a line, examples first. */
export const ROOT_HELP = (
  version: string,
): string => `stampede ${version} - prove that your system survives its first million users

  stampede run scenarios/first-run.ts         run it, judge it, report it
  stampede plan scenarios/first-run.ts        what it would do, without doing it

Run
  run SCENARIO              run a scenario; exit 0 only if every promise held
  plan SCENARIO             print the load curve, faults, promises and needs
  calibrate                 measure this machine's ceiling, for plan to use

Steer a run that is under way
  users N                   bring it to so many users, and hold it there
  hold, resume, stop

Look
  report RUN                judge a run again, rebuild its reports
  query RUN 'PROMQL'        ask a finished run
  serve RUN                 Prometheus' HTTP API over a run
  push RUN URL              its metrics into a Prometheus, by remote write

Break and mend
  chaos undo|status|catalog
  target up|down|status     the reference shop
  doctor                    what is missing here, and how to get it

Other
  toxiproxy                 the embedded fault proxy by itself

RUN is an id, the beginning of one, a path, or last.
Options for all: --json  --quiet  --plain  --no-color  --help  --version
Exit codes: 0 passed  1 failed  2 usage  3 inconclusive  4 environment
            5 stopped by a condition  130 interrupted
'stampede run --help' tells more. Docs: README.md, docs/architecture.md
`;
