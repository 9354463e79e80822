/** What a broker of this program has been told about delivering twice: see `fault-hooks/duplicate-delivery.ts`. */
let share = 0;

export function deliverAgain(shareOfMessages: number): void {
  share = shareOfMessages;
}

/** Those of a list that are to be delivered once more: none, but for a fault. */
export function drawRepeated<Item>(items: readonly Item[]): Item[] {
  return share === 0 ? [] : items.filter(() => Math.random() < share);
}
