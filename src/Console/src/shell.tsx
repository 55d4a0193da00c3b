import { ActionIcon, AppShell, Burger, Button, Group, Kbd, Modal, NavLink, Select, Table, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { project } from './api/client';
import type { CloudEvent, Liveness } from './api/events';
import { follow } from './api/events';
import { LINK, uuidOf } from './api/occi';
import { atLeast, signOut } from './api/session';
import { LiveContext, useMe, useModel } from './parts/hooks';

interface Place {
  to: string;
  label: string;
  key: string;
  needs?: 'operator' | 'admin';
}

const PLACES: Place[] = [
  { to: '/', label: 'Dashboard', key: 'd' },
  { to: '/machines', label: 'Machines', key: 'm' },
  { to: '/volumes', label: 'Volumes', key: 'v' },
  { to: '/networks', label: 'Networks', key: 'n' },
  { to: '/images', label: 'Images', key: 'i' },
  { to: '/hosts', label: 'Hosts', key: 'h', needs: 'operator' },
  { to: '/activity', label: 'Activity', key: 'a' },
  { to: '/projects', label: 'Projects', key: 'p' },
  { to: '/model', label: 'Model', key: 'o' },
];

/** Follows what happens, and has whatever is shown of it asked for anew: at most thrice a second, however much happens. */
function useFollowing() {
  const queries = useQueryClient();
  const { model } = useModel();
  const known = useRef(model);
  useEffect(() => {
    known.current = model;
  }, [model]);
  const [liveness, setLiveness] = useState<Liveness>('reconnecting');
  const [recent, setRecent] = useState<readonly CloudEvent[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    const touched = new Set<string>();
    let linked = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer = undefined;
      const keys = [...touched];
      const all = linked;
      touched.clear();
      linked = false;
      void queries.invalidateQueries({
        predicate: ({ queryKey: [what, where] }) =>
          // What a link tells is shown with what it begins at, which the event does not name.
          (all && (what === 'entity' || what === 'list')) ||
          what === 'summary' || what === 'operations' || (typeof where === 'string' && ((what === 'list' && keys.some((k) => k.startsWith(where))) || keys.includes(where) || keys.some((k) => where.endsWith(uuidOf(k))))),
      });
    };
    void follow(
      (event) => {
        setRecent((before) => [event, ...before].slice(0, 200));
        touched.add((known.current.kind(event.data.kind)?.location ?? '/') + uuidOf(event.data.id));
        linked ||= known.current.is(event.data.kind, LINK);
        timer ??= setTimeout(refresh, 300);
      },
      setLiveness,
      () => void queries.invalidateQueries(),
      stop.signal,
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [queries]);
  return useMemo(() => ({ liveness, recent }), [liveness, recent]);
}

export function Shell({ children }: { children: ReactNode }) {
  const me = useMe();
  const live = useFollowing();
  const at = useLocation();
  const go = useNavigate();
  const queries = useQueryClient();
  const [opened, menu] = useDisclosure();
  const [helped, help] = useDisclosure();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  const places = PLACES.filter((p) => !p.needs || atLeast(me, p.needs));
  const leading = useRef(0);
  useHotkeys([
    ['?', help.toggle],
    ['shift+?', help.toggle],
    ['/', (e) => {
      e.preventDefault();
      document.querySelector<HTMLInputElement>('[data-search]')?.focus();
    }],
    ['g', () => (leading.current = Date.now())],
    ['c', () => Date.now() - leading.current > 1500 && atLeast(me, 'member') && void go('/machines/new')],
    ...places.map((p): [string, () => void] => [p.key, () => {
      if (Date.now() - leading.current < 1500) void go(p.to);
      leading.current = 0;
    }]),
  ]);
  useEffect(() => {
    menu.close();
    // Where a page is new, the keyboard begins there.
    document.querySelector<HTMLElement>('main h1')?.focus();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at.pathname]);
  const active = (to: string) => (to === '/' ? at.pathname === '/' : at.pathname.startsWith(to) || (to === '/model' && at.pathname.startsWith('/entity')) || (to === '/projects' && at.pathname.startsWith('/project/')));
  return (
    <LiveContext value={live}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <AppShell header={{ height: 52 }} navbar={{ width: 190, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
        <AppShell.Header px="md">
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={opened} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
              <Text fw={700} visibleFrom="xs">
                OCCI controller
              </Text>
            </Group>
            <Group gap="xs" wrap="nowrap">
              <Tooltip label={live.liveness === 'live' ? 'What changes is shown as it happens' : 'The stream of events is being opened again; what you see may be some seconds old'}>
                <Text size="sm" role="status" data-live={live.liveness} visibleFrom="xs">
                  {live.liveness === 'live' ? '● live' : '○ reconnecting'}
                </Text>
              </Tooltip>
              {me.projects.length > 1 && (
                <Select aria-label="Project" size="xs" w={150} data={me.projects.map((p) => ({ value: p.id, label: p.name }))} value={me.project ?? null} allowDeselect={false}
                  onChange={(value) => {
                    project.set(value);
                    void queries.resetQueries();
                  }} />
              )}
              <Text size="sm" visibleFrom="sm">
                {me.name} ({me.role})
              </Text>
              <ActionIcon variant="default" aria-label={dark ? 'Light colours' : 'Dark colours'} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
                <span aria-hidden>{dark ? '☀' : '☾'}</span>
              </ActionIcon>
              <ActionIcon variant="default" aria-label="Keyboard shortcuts" onClick={help.open}>
                <span aria-hidden>?</span>
              </ActionIcon>
              <Button size="xs" variant="default"
                onClick={() => {
                  // Away first: what is shown here would be asked for anew, by nobody.
                  void go('/signin', { replace: true });
                  void signOut().then(() => queries.removeQueries({ predicate: ({ queryKey: [what] }) => what !== 'methods' }));
                }}>
                Sign out
              </Button>
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs">
          {places.map((p) => (
            <NavLink key={p.to} component={Link} to={p.to} label={p.label} active={active(p.to)} aria-current={active(p.to) ? 'page' : undefined} variant="filled" />
          ))}
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          {children}
        </AppShell.Main>
      </AppShell>
      <Modal opened={helped} onClose={help.close} title="Keyboard shortcuts" centered>
        <Table>
          <Table.Tbody>
            {[...places.map((p) => [`g ${p.key}`, p.label] as const), ['c', 'New machine'] as const, ['/', 'Search'] as const, ['?', 'This list'] as const].map(([key, what]) => (
              <Table.Tr key={key}>
                <Table.Td>
                  {key.split(' ').map((k) => (
                    <Kbd key={k} mr={4}>
                      {k}
                    </Kbd>
                  ))}
                </Table.Td>
                <Table.Td>{what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </LiveContext>
  );
}
