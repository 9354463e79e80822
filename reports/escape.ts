import { stripVTControlCharacters } from 'node:util';

/**
 * One escaper per sink. Names of requests, faults and errors come from users and from servers under test, so they are
 * hostile text until one of these has seen them.
 */

/** For a terminal or a log: one line, no escape sequences, nothing that moves the cursor or turns the text around. */
export function plain(text: string): string {
  return stripAnsi(text).toWellFormed().replace(LINE_BREAKS, ' ').replace(INVISIBLE, '');
}

/** Without ANSI escape sequences and the control characters that are left of broken ones. Line breaks and tabs stay. */
export function stripAnsi(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, '');
}

/** For HTML text and for attribute values in double quotes. */
export function html(text: string): string {
  return stripAnsi(text)
    .toWellFormed()
    .replace(BIDI, '')
    .replace(/[&<>"']/g, (char) => HTML_ENTITIES[char] ?? char);
}

/**
 * For a cell or a line of GitHub Flavoured Markdown: no markup, no table break, no mention that notifies somebody. What
 * can't be read as markup stays as it is (`< 400 ms`, `orders_total`), so that the file reads well in `cat` too.
 */
export function markdownCell(text: string): string {
  return plain(text)
    .trim()
    .replace(MARKDOWN, (found) => MARKDOWN_FOR[found] ?? `\\${found}`);
}

/** A name in a Markdown code span, safe inside a table as well. Backticks can't be escaped there, so they go. */
export function markdownCode(text: string): string {
  const inside = plain(text).replaceAll('`', "'").replaceAll('|', '\\|').trim();
  return inside === '' ? '` `' : `\`${inside}\``;
}

/** For XML 1.0 text and attribute values: what XML forbids is dropped, lone surrogates become U+FFFD. */
export function xml(text: string): string {
  return stripAnsi(text)
    .toWellFormed()
    .replace(XML_FORBIDDEN, '')
    .replace(/[&<>"']/g, (char) => XML_ENTITIES[char] ?? char)
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;');
}

/** The message of a GitHub workflow command (`::error::message`). */
export function workflowMessage(text: string): string {
  return stripAnsi(text).toWellFormed().replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The value of a property of a GitHub workflow command (`::error file=value::`). */
export function workflowProperty(text: string): string {
  return workflowMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Ready to stand in `<script type="application/json">`: with no `<` left, neither `</script>` nor `<!--` can be there. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being removed
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const LINE_BREAKS = /[\t\n\r\u2028\u2029]+/g;
/** Overrides and isolates of writing direction: they make a name read as another one ("Trojan Source"). */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/g;
/** Those, and what takes a character's place in the string but none on the screen. */
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const XML_FORBIDDEN = /[\ufffe\uffff]|[\u{1fffe}\u{1ffff}]/gu;

/** A `<` before a blank or a digit opens no tag, a `_` inside a word no emphasis; `>`, `#`, `+`, `-` mark up only a line's start. */
const MARKDOWN = /[\\`*[\]|~@]|&(?=[#\w])|<(?![ =\d])|^[>#+-]|(?<!\w)_|_(?!\w)/g;

const HTML_ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const XML_ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
/** The zero-width space keeps `@name` from being a mention: entities alone don't, mentions are found after decoding. */
const MARKDOWN_FOR: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '@': '@&#8203;' };
