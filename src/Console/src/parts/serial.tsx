import '@xterm/xterm/css/xterm.css';
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { useEffect, useRef, useState } from 'react';
import { send } from '../api/client';
import { closedWords, openConsole } from './opening';

/** The last of the serial log, and then the shell on the console itself; readers see the log alone, as it grows. */
export function Serial({ machine, mayType }: { machine: string; mayType: boolean }) {
  const element = useRef<HTMLDivElement>(null);
  const [status, setStatus] = useState('opening');
  const [why, setWhy] = useState('');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const terminal = new Terminal({ cursorBlink: true, fontSize: 13, scrollback: 5000, convertEol: true, screenReaderMode: true, theme: { background: '#101418' } });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(element.current!);
    fit.fit();
    const watching = new ResizeObserver(() => fit.fit());
    watching.observe(element.current!);
    let socket: WebSocket | undefined;
    setStatus('opening');
    setWhy('');

    const log = async (offset: number, wait: number) => {
      const answer = await send('GET', `/console/${machine}?offset=${offset}&wait=${wait}&max=65536`, { signal: stop.signal, headers: { Accept: '*/*' } });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      terminal.write(bytes);
      return { next: Number(answer.headers.get('X-Console-Offset') ?? offset) + bytes.length, size: Number(answer.headers.get('X-Console-Size') ?? 0) };
    };
    const run = async () => {
      const { next, size } = await log(0, 0);
      let at = next;
      if (size > 65536 + next) at = size - 65536;
      while (at < size) {
        const more = await log(at, 0);
        if (more.next <= at) break;
        at = more.next;
      }
      if (!mayType) {
        setStatus('following');
        while (!stop.signal.aborted) at = (await log(at, 20)).next;
        return;
      }
      socket = await openConsole(machine, 'serial');
      if (stop.signal.aborted) return socket.close();
      socket.onopen = () => {
        setStatus('open');
        terminal.focus();
      };
      socket.onmessage = (e: MessageEvent<ArrayBuffer>) => terminal.write(new Uint8Array(e.data));
      socket.onclose = (e) => {
        if (stop.signal.aborted) return;
        setStatus('closed');
        setWhy(closedWords(e.code, e.reason));
      };
      terminal.onData((typed) => socket?.readyState === WebSocket.OPEN && socket.send(new TextEncoder().encode(typed)));
    };
    run().catch((failure: Error) => {
      if (stop.signal.aborted) return;
      setStatus('closed');
      setWhy(failure.message);
    });
    return () => {
      stop.abort();
      watching.disconnect();
      socket?.close();
      terminal.dispose();
    };
  }, [machine, mayType, attempt]);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" role="status" data-console={status}>
          {status === 'open' ? 'Connected: what you type goes to the machine.' : status === 'following' ? 'The serial log, as it grows (the role reader may not type).' : status === 'closed' ? 'Closed.' : 'Opening…'}
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => setAttempt(attempt + 1)}>
          Open again
        </Button>
      </Group>
      {why && (
        <Alert color="orange" variant="default" role="alert">
          {why}
        </Alert>
      )}
      <div ref={element} className="terminal" data-testid="terminal" />
    </Stack>
  );
}
