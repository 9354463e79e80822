import { PortReservation } from '../supervisor/ports.ts';

/** Ports below the ephemeral ones, free a moment ago: nothing but another test can take them meanwhile. For tests. */
export async function freePorts(count: number): Promise<number[]> {
  const reservation = new PortReservation();
  const ports: number[] = [];
  while (ports.length < count) ports.push(await reservation.take());
  await reservation.release();
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('expected a port');
  return port;
}

/** One after the other. */
export async function freePortsInARow(count: number): Promise<number[]> {
  for (;;) {
    const reservation = new PortReservation();
    const first = await reservation.take();
    const ports = Array.from({ length: count }, (_, index) => first + index);
    let free = true;
    for (const port of ports.slice(1)) free &&= await reservation.takeThis(port);
    await reservation.release();
    if (free) return ports;
  }
}
