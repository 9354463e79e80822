/** What two faults both take, or undefined: `link:a->b/latency` meets `link:a->b`, but not `link:a->b/bandwidth`. */
export function clashOf(some: readonly string[], others: readonly string[]): string | undefined {
  return some.find((one) => others.some((other) => one === other || isPart(one, other) || isPart(other, one)));
}

function isPart(part: string, whole: string): boolean {
  return part.startsWith(`${whole}/`);
}
