import { type Dispatcher, Pool } from 'undici';

/**
 * A program that is nothing but undici: `dispatch` in a closed loop, with handlers that look at nothing. What our driver
 * over undici costs more than this is ours. Arguments: URL, connections, seconds.
 */

const [url = '', connections = '', seconds = ''] = process.argv.slice(2);
const pool = new Pool(url, { connections: Number(connections), pipelining: 1 });
const done = { requests: 0, errors: 0, isOver: false };
const options: Dispatcher.DispatchOptions = { path: '/', method: 'GET' };

function loop(): Promise<void> {
  return new Promise((resolve) => {
    const next = () => {
      if (done.isOver) resolve();
      else pool.dispatch(options, handler);
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd() {
        done.requests++;
        next();
      },
      onResponseError() {
        done.errors++;
        next();
      },
    };
    next();
  });
}

setTimeout(() => {
  done.isOver = true;
}, Number(seconds) * 1_000);
await Promise.all(Array.from({ length: Number(connections) }, loop));
await pool.close();
process.stdout.write(`${JSON.stringify({ requests: done.requests, errors: done.errors })}\n`);
