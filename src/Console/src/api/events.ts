import { ApiError, send } from './client';
import { SentEvents } from './stream';

/** A CloudEvent of docs/events.md. */
export interface CloudEvent {
  id: string;
  type: string;
  time: string;
  data: { kind: string; id: string; project?: string; state?: string; before?: string; title?: string; version?: number };
}

export type Liveness = 'live' | 'reconnecting' | 'off';

const pause = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });

/**
 * Follows the log of events until it is told to stop, without a gap: what broke off goes on behind the last event that was seen. Read with fetch, since an
 * EventSource cannot show a token. Where the log begins later than that by now, whatever is known has to be asked for anew.
 */
export async function follow(told: (event: CloudEvent) => void, liveness: (now: Liveness) => void, anew: () => void, signal: AbortSignal) {
  let last = '';
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await send('GET', '/events', { headers: { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) }, signal });
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      const events = new SentEvents();
      liveness('live');
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        failures = 0;
        for (const one of events.take(value)) told(JSON.parse(one.data) as CloudEvent);
        last = events.lastId || last;
      }
    } catch (failure) {
      if (signal.aborted) break;
      if (failure instanceof ApiError && failure.status === 401) break;
      if (failure instanceof ApiError && failure.status === 410) {
        last = '';
        anew();
      }
    }
    if (signal.aborted) break;
    liveness('reconnecting');
    await pause(Math.min(15_000, 500 * 2 ** failures++), signal);
  }
  liveness('off');
}
