import type { Driver, WireRequest, WireResponse } from './driver.ts';

/** Test support: sends a request over a driver, `GET /` unless told, and waits for its end. Rejects with what failed. */
export function sending(
  driver: Driver,
  request: Partial<WireRequest> & { origin: string },
  onStart: (request: WireRequest) => void = () => {},
): Promise<WireResponse> {
  return new Promise((answered, failed) => {
    const whole: WireRequest = {
      path: '/',
      method: 'GET',
      headers: undefined,
      body: undefined,
      startedMs: performance.now(),
      timeoutMs: 5_000,
      owner: undefined,
      answered,
      failed,
      ...request,
    };
    driver.send(whole);
    onStart(whole);
  });
}
