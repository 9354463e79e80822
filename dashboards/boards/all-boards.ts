import type { Board } from '../board.ts';
import { agentsBoard } from './agents.ts';
import { faultsBoard } from './faults.ts';
import { runBoard } from './run.ts';
import { shardsBoard } from './shards.ts';
import { targetBoard } from './target.ts';

export const allBoards: readonly Board[] = [runBoard, targetBoard, shardsBoard, agentsBoard, faultsBoard];
