import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  html,
  jsonForScript,
  markdownCell,
  markdownCode,
  plain,
  stripAnsi,
  workflowMessage,
  workflowProperty,
  xml,
} from './escape.ts';

const ESC = '\u001b';

/** Any code points, most of them from where the control characters are. */
const point = fc.oneof(fc.integer({ min: 0, max: 0xa0 }), fc.integer({ min: 0, max: 0x10ffff }));
const anyText = fc.array(point, { maxLength: 40 }).map((points) => String.fromCodePoint(...points));

describe('a terminal', () => {
  it('gets one line without escape sequences, control characters and turned text', () => {
    expect(plain(`${ESC}[31mred${ESC}[0m\r\nnext\u0007 \u202eevil\u2066 ${ESC}]0;title\u0007x`)).toBe(
      'red next evil x',
    );
    expect(plain('half \ud800 pair')).toBe('half \ufffd pair');
  });

  it('keeps line breaks where only the escapes have to go', () => {
    expect(stripAnsi(`${ESC}[1ma${ESC}[22m\nb\tc\u0000`)).toBe('a\nb\tc');
  });

  it('never gets a character that moves the cursor, whatever came', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
        expect(plain(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('HTML', () => {
  it('has no way out of text or of an attribute', () => {
    expect(html(`<b a='1' b="2">&\u0000${ESC}[0m`)).toBe('&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;');
  });

  it('carries data that can end neither its script nor the page', () => {
    const hostile = { name: '</script><!--<script>', line: '\u2028' };
    const text = jsonForScript(hostile);
    expect(text).not.toContain('<');
    expect(JSON.parse(text)).toEqual(hostile);
  });
});

describe('Markdown', () => {
  it('loses markup, table breaks and mentions, and keeps what reads well', () => {
    expect(markdownCell('a|b `c` *d* [e](f) <img> @octocat\nx')).toBe(
      'a\\|b \\`c\\` \\*d\\* \\[e\\](f) &lt;img> @&#8203;octocat x',
    );
    expect(markdownCell('p99 < 400 ms, orders_total & more')).toBe('p99 < 400 ms, orders_total & more');
    expect(markdownCell('&lt;b&gt;')).toBe('&amp;lt;b&amp;gt;');
    expect(markdownCell('# title')).toBe('\\# title');
    expect(markdownCell('_x_')).toBe('\\_x\\_');
  });

  it('has code spans that nothing can close', () => {
    expect(markdownCode('a`b|c')).toBe("`a'b\\|c`");
    expect(markdownCode('')).toBe('` `');
  });
});

describe('XML', () => {
  it('has only characters that XML 1.0 allows', () => {
    expect(xml(`a<b>&"c"'d' ]]> \u0000\u000b${ESC}[31m\ud800\ufffe`)).toBe(
      'a&lt;b&gt;&amp;&quot;c&quot;&apos;d&apos; ]]&gt; \ufffd',
    );
    expect(xml('a\nb\tc')).toBe('a&#10;b&#9;c');
  });
});

describe('workflow commands', () => {
  it('can be ended neither by a message nor by a property', () => {
    expect(workflowMessage('100 %\r\n::error::x')).toBe('100 %25%0D%0A::error::x');
    expect(workflowProperty('a:b,c\n')).toBe('a%3Ab%2Cc%0A');
  });
});
