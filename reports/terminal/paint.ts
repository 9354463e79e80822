import { styleText } from 'node:util';

/** What a piece of text means; the colour follows from that. A pass has no colour: only what needs attention has. */
export type Meaning = 'plain' | 'failed' | 'inconclusive' | 'fault' | 'title' | 'quiet';

/** Puts colour around text of any width. The caller has decided whether the stream wants colour. */
export function painter(colour: boolean): (text: string, meaning: Meaning) => string {
  if (!colour) return (text) => text;
  return (text, meaning) => {
    const style = STYLES[meaning];
    return style === null ? text : styleText(style, text, { validateStream: false });
  };
}

const STYLES: Record<Meaning, Parameters<typeof styleText>[0] | null> = {
  plain: null,
  failed: ['bold', 'red'],
  inconclusive: ['bold', 'yellow'],
  fault: ['bold', 'magenta'],
  title: ['bold'],
  quiet: ['dim'],
};
