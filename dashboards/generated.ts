import { allBoards } from './boards/all-boards.ts';
import { sloBurnRules } from './prometheus/slo-burn.ts';
import { toGrafana } from './to-grafana.ts';

/** What `npm run build:dashboards` writes: the text of each file by its path in this folder. */
export function generated(): Map<string, string> {
  const boards = allBoards.map((board): [string, string] => {
    return [`grafana/stampede-${board.name}.json`, `${JSON.stringify(toGrafana(board), null, 2)}\n`];
  });
  return new Map([...boards, ['prometheus/rules/slo-burn.yml', sloBurnRules()]]);
}
