import { call } from '../api/client';

interface Ticket {
  path: string;
}

/** A WebSocket to a machine's console: a ticket first, since a browser shows no token to a WebSocket. */
export async function openConsole(machine: string, type: 'serial' | 'vnc'): Promise<WebSocket> {
  const { path } = (await call<Ticket>('POST', `/console/${machine}/tickets`, { body: { type } })).body;
  const url = new URL(path, window.location.origin);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, 'binary');
  socket.binaryType = 'arraybuffer';
  return socket;
}

/** What the close codes of docs/consoles.md say. */
export function closedWords(code: number, reason: string): string {
  return reason || (code === 1000 ? 'The console was closed.' : code === 1006 ? 'The connection was lost.' : `The console was closed (${code}).`);
}
