/** @import { PageData } from '../page-data-types.ts' */

/** @type {PageData} */
export const run = JSON.parse(document.getElementById('run')?.textContent ?? '{}');

/**
 * The first element a selector finds, which the generator has put there.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} parent
 * @returns {T}
 */
export function one(selector, type, parent = document) {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * An element with text in it; text never becomes markup.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {string} text
 */
export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}
