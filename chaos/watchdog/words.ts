/** What the harness says to its watchdog when it has undone everything itself. */
export const FAREWELL = 'all is well\n';

/** What the watchdog says when nothing that ends a terminal's processes ends it any more. */
export const READY = 'watching\n';
