import RFB from '@novnc/novnc';
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { closedWords, openConsole } from './opening';

/** A machine's screen, keyboard and mouse. */
export function Screen({ machine }: { machine: string }) {
  const element = useRef<HTMLDivElement>(null);
  const [rfb, setRfb] = useState<RFB | null>(null);
  const [status, setStatus] = useState('opening');
  const [why, setWhy] = useState('');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let over = false;
    let screen: RFB | undefined;
    setStatus('opening');
    setWhy('');
    openConsole(machine, 'vnc')
      .then((socket) => {
        if (over) return socket.close();
        socket.addEventListener('close', (e) => {
          if (over) return;
          setStatus('closed');
          setWhy(closedWords(e.code, e.reason));
        });
        screen = new RFB(element.current!, socket);
        screen.scaleViewport = true;
        screen.background = '#101418';
        screen.addEventListener('connect', () => setStatus('open'));
        setRfb(screen);
      })
      .catch((failure: Error) => {
        if (over) return;
        setStatus('closed');
        setWhy(failure.message);
      });
    return () => {
      over = true;
      screen?.disconnect();
      setRfb(null);
    };
  }, [machine, attempt]);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" role="status" data-console={status}>
          {status === 'open' ? 'Connected: keyboard and mouse are the machine’s while the picture has the focus.' : status === 'closed' ? 'Closed.' : 'Opening…'}
        </Text>
        <Group gap="xs">
          <Button size="compact-sm" variant="default" disabled={status !== 'open'} onClick={() => rfb?.sendCtrlAltDel()}>
            Ctrl-Alt-Del
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setAttempt(attempt + 1)}>
            Open again
          </Button>
        </Group>
      </Group>
      {why && (
        <Alert color="orange" variant="default" role="alert">
          {why}
        </Alert>
      )}
      <div ref={element} className="screen" data-testid="screen" />
    </Stack>
  );
}
