import { printFigures, scrollToChart, startFigures } from './figures.js';
import { element, one, run } from './page.js';
import { startEvents, startTables } from './tables.js';
import { isZoomed, onView, readHash, setTheme, view, zoom, zoomOut, zoomToWindow } from './view.js';

document.getElementById('needs-script')?.remove();
startTables();
startEvents();
startTools();
readHash();
if (run.charts.length > 0) startZoomButtons();
startFigures();
if (view.chart !== '') scrollToChart(view.chart);

/** A click on a cell or an event is a change of the address. */
addEventListener('hashchange', () => {
  if (!location.hash.includes('=')) return;
  scrollToChart(readHash());
});

function startTools() {
  const tools = one('#tools', HTMLElement);
  tools.hidden = false;
  const theme = one('#theme', HTMLSelectElement);
  theme.addEventListener('change', () => setTheme(theme.value));
  onView(() => {
    theme.value = view.theme;
  });
  const copy = one('#copy', HTMLButtonElement);
  copy.addEventListener('click', async () => {
    const copied = await navigator.clipboard.writeText(run.markdown).then(
      () => true,
      () => false,
    );
    copy.textContent = copied ? 'Copied' : 'Your browser does not allow it';
    setTimeout(() => {
      copy.textContent = 'Copy summary as Markdown';
    }, 2000);
  });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') zoomOut();
  });
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
}

function startZoomButtons() {
  const bar = one('#zoom', HTMLElement);
  bar.hidden = false;
  const all = element('button', '', 'all');
  all.type = 'button';
  all.addEventListener('click', zoomOut);
  bar.append(all);
  /** @type {Map<HTMLButtonElement, string>} */
  const buttons = new Map([[all, '']]);
  for (const { name, from, to } of run.windows) {
    if (name === 'whole') continue;
    const button = element('button', '', name);
    button.type = 'button';
    button.addEventListener('click', () => (name === 'steady' ? zoom(from, to, name) : zoomToWindow(name)));
    bar.append(button);
    buttons.set(button, name);
  }
  const show = () => {
    for (const [button, name] of buttons) {
      const on = name === view.window && (name !== '' || !isZoomed());
      button.setAttribute('aria-pressed', String(on));
    }
  };
  onView(show);
  show();
}

/** @type {HTMLDetailsElement[]} */
let opened = [];
let themeBefore = '';
let printing = false;

/** @param {boolean} on */
function print(on) {
  if (on === printing) return;
  printing = on;
  if (on) {
    opened = [...document.querySelectorAll('details')].filter((details) => !details.open);
    themeBefore = document.documentElement.dataset.theme ?? '';
  }
  for (const details of opened) details.open = on;
  if (on) document.documentElement.dataset.theme = 'light';
  else if (themeBefore === '') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = themeBefore;
  printFigures(on);
}
