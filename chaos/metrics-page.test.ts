import { expect, it } from 'vitest';
import { sumOf } from './metrics-page.ts';

const PAGE = `# TYPE carried_total counter
carried_total{direction="up",proxy="a"} 3
carried_total{direction="down",proxy="a"} 4
carried_total{direction="up",other_proxy="a"} 100
carried_total{direction="up",proxy="ab"} 1000
carried_total_more{proxy="a"} 10000
plain 7
`;

it('adds up the series that have the labels, and no others', () => {
  expect(sumOf(PAGE, 'carried_total{proxy="a"}')).toBe(7);
  expect(sumOf(PAGE, 'carried_total{proxy="a",direction="down"}')).toBe(4);
  expect(sumOf(PAGE, 'plain')).toBe(7);
});

it('has no sum where there is no such series', () => {
  expect(sumOf(PAGE, 'carried_total{proxy="b"}')).toBeUndefined();
  expect(sumOf(PAGE, 'plain_too')).toBeUndefined();
});
