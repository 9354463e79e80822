import { element, one } from './page.js';

/** Makes the heads of `table.sortable` buttons. Cells carry their value in `data-v`; without one they sort as text. */
export function startTables() {
  for (const table of document.querySelectorAll('table.sortable')) {
    const heads = [...table.querySelectorAll('thead th')];
    for (const [column, head] of heads.entries()) {
      const button = element('button', '', head.textContent ?? '');
      button.type = 'button';
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') !== 'descending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        sortRows(one('tbody', HTMLElement, table), column, down ? -1 : 1);
      });
    }
  }
}

/** Shows only the events that have the text in them. */
export function startEvents() {
  const input = document.querySelector('#find-event');
  if (!(input instanceof HTMLInputElement)) return;
  one('#event-tools', HTMLElement).hidden = false;
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    for (const row of document.querySelectorAll('#events tbody tr')) {
      row.classList.toggle('gone', !(row.textContent ?? '').toLowerCase().includes(wanted));
    }
  });
}

/**
 * @param {HTMLElement} body
 * @param {number} column
 * @param {number} direction
 */
function sortRows(body, column, direction) {
  /** @param {HTMLTableRowElement} row */
  const key = (row) => row.cells[column]?.dataset.v ?? row.cells[column]?.textContent ?? '';
  const rows = [...body.querySelectorAll('tr')];
  rows.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const [leftNumber, rightNumber] = [Number(left), Number(right)];
    const both = left !== '' && right !== '' && !Number.isNaN(leftNumber) && !Number.isNaN(rightNumber);
    return direction * (both ? leftNumber - rightNumber : left.localeCompare(right));
  });
  body.append(...rows);
}
