import { markOf, type ProcessMark } from '../process-mark.ts';
import { allProcesses, commandLine } from '../processes.ts';

/** An antagonist that runs on this machine. */
export interface Antagonist {
  process: ProcessMark;
  kind: string;
  /** The fault it belongs to. */
  fault: string;
  /** The entry of the target it is meant for. */
  against: string;
}

/** The argument by which an antagonist is found again: chosen before it exists, so that it can be written down first. */
export function faultArgument(fault: string): string {
  return `${FAULT}${fault}`;
}

export function againstArgument(entry: string): string {
  return `${AGAINST}${entry}`;
}

/** All there are, whoever started them. */
export function antagonists(): Antagonist[] {
  return allProcesses().flatMap(({ pid }) => {
    const words = commandLine(pid);
    const at = words.findIndex((word) => MAIN.test(word));
    const fault = words.find((word) => word.startsWith(FAULT));
    // A program that was given such a command line to start is not one itself.
    if (at === -1 || at > MOST_WORDS_BEFORE || fault === undefined) return [];
    const against = words.find((word) => word.startsWith(AGAINST));
    return [
      {
        process: markOf(pid),
        kind: words[at + 1] ?? '',
        fault: fault.slice(FAULT.length),
        against: against?.slice(AGAINST.length) ?? '',
      },
    ];
  });
}

export function antagonistsOf(fault: string): Antagonist[] {
  return antagonists().filter((one) => one.fault === fault);
}

const FAULT = '--stampede-fault=';
const AGAINST = '--against=';
const MAIN = /[\\/]chaos[\\/]antagonist[\\/]main\.[tj]s$/;
/** The program itself, and `taskset -c LIST` before it. */
const MOST_WORDS_BEFORE = 4;
