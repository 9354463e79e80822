import { createServer } from 'node:net';

/**
 * A program: the cheapest server Node can be. It answers every request with 44 bytes of JSON and looks at nothing but
 * where requests end, so that the generator before it is what is measured.
 */

const BODY = '{"id":1234567,"name":"A thing","price":1999}';
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const END = '\r\n\r\n';

const server = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const text = rest + chunk.toString('latin1');
    let from = 0;
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, from)) {
      from = end + END.length;
      socket.write(ANSWER, 'latin1');
    }
    rest = text.slice(from);
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  const address = server.address();
  process.stdout.write(`listening ${typeof address === 'object' ? address?.port : ''}\n`);
});
