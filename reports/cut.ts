import stringWidth from 'string-width';

/**
 * The text, at most `columns` wide. What is too much goes from the middle (`orders->sh…eu-0`): names differ at both
 * ends. Never given a number: numbers are not cut.
 */
export function cutMiddle(text: string, columns: number, ellipsis = '…'): string {
  if (stringWidth(text) <= columns) return text;
  const room = columns - stringWidth(ellipsis);
  if (room <= 0) return take(characters(text), columns).join('');
  const all = characters(text);
  const start = take(all, Math.ceil(room / 2));
  const end = take(all.slice(start.length).reverse(), room - stringWidth(start.join('')));
  return `${start.join('')}${ellipsis}${end.reverse().join('')}`;
}

/** A sentence, at most `columns` wide, cut at its end and between words: half a number would be another number. */
export function cutEnd(text: string, columns: number, ellipsis = '…'): string {
  if (stringWidth(text) <= columns) return text;
  const room = columns - stringWidth(ellipsis);
  const kept = take(characters(text), room).join('');
  const whole = text[kept.length] === ' ' ? kept : kept.slice(0, Math.max(0, kept.lastIndexOf(' ')));
  return `${(whole.trim() === '' ? kept : whole).trimEnd()}${ellipsis}`;
}

/** Sentences broken at spaces into lines of at most `columns`; a word that is longer is broken too. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => pieces(one, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (stringWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const result: string[] = [];
  let rest = characters(word);
  while (stringWidth(rest.join('')) > columns) {
    const piece = take(rest, columns);
    if (piece.length === 0) break;
    result.push(piece.join(''));
    rest = rest.slice(piece.length);
  }
  return [...result, rest.join('')];
}

/** As many whole characters from the start as fit. */
function take(all: string[], columns: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const character of all) {
    width += stringWidth(character);
    if (width > columns) break;
    taken.push(character);
  }
  return taken;
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

function characters(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), (part) => part.segment);
}
