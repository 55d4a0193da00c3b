import { expect, it } from 'vitest';
import { SentEvents } from '../../src/api/stream';

const TEXT = 'retry: 1000\n: from 6\nid: 6\n\nid: 7\ndata: {"a":\ndata: 1}\n\n: alive\nid: 9\n\n';

it('reads events, comments and positions', () => {
  const events = new SentEvents();
  expect(events.take(TEXT)).toEqual([{ id: '7', data: '{"a":\n1}' }]);
  expect(events.lastId).toBe('9');
});

it('reads the same however it is cut', () => {
  for (let size = 1; size < TEXT.length; size++) {
    const events = new SentEvents();
    const found = [];
    for (let at = 0; at < TEXT.length; at += size) found.push(...events.take(TEXT.slice(at, at + size)));
    expect(found).toEqual([{ id: '7', data: '{"a":\n1}' }]);
    expect(events.lastId).toBe('9');
  }
});

it('takes a carriage return and a line feed for one end, also where they come apart', () => {
  const events = new SentEvents();
  expect([...events.take('data: x\r'), ...events.take('\n\r\n')]).toEqual([{ id: '', data: 'x' }]);
});
