import { Anchor, Group, List, Progress, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { get } from '../api/client';
import { termOf, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import { ago, bytes, moment } from '../parts/format';
import type { AuditRow } from '../parts/explained';
import type { Host } from '../parts/fleet';
import { useAdmin, useLive, useMe } from '../parts/hooks';
import type { Operation } from '../parts/operations';
import { Empty, GoButton, Loaded, Page, Part, StateBadge } from '../parts/parts';

/** GET /admin/summary. */
interface Summary {
  kinds: { kind: string; total: number; states: Record<string, number> }[];
}

function Claimed({ label, used, usable, format }: { label: string; used: number; usable: number; format: (v: number) => string }) {
  const part = usable === 0 ? 0 : (used / usable) * 100;
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm">{label}</Text>
        <Text size="sm">
          {format(used)} of {format(usable)}
        </Text>
      </Group>
      <Progress value={part} color={part > 90 ? 'red.8' : 'blue.8'} aria-label={`${label} claimed`} />
    </div>
  );
}

function Fleet() {
  const hosts = useAdmin<Host[]>('/admin/hosts', { every: 10_000 });
  return (
    <>
      <Part title="Hosts">
        <Loaded query={hosts}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="No host has joined" action={<GoButton to="/hosts" label="Let one in" />} />
            ) : (
              <Stack gap={4}>
                {all.map((h) => (
                  <Group key={h.id} justify="space-between">
                    <Anchor component={Link} to={`/hosts/${h.id}`} size="sm" underline="always">
                      {h.name}
                    </Anchor>
                    <Group gap="xs">
                      {h.drain && <StateBadge state={h.drain.finished ? 'drained' : 'draining'} />}
                      <StateBadge state={h.status} />
                    </Group>
                  </Group>
                ))}
              </Stack>
            )
          }
        </Loaded>
      </Part>
      <Part title="Capacity against claims">
        <Loaded query={hosts}>
          {(all) => {
            const sum = (of: (h: Host) => number | undefined) => all.reduce((total, h) => total + (of(h) ?? 0), 0);
            return (
              <Stack gap="xs">
                <Claimed label="Cores" used={sum((h) => h.use?.cores)} usable={sum((h) => h.use?.usableCores)} format={(v) => String(v)} />
                <Claimed label="Memory" used={sum((h) => h.use?.memoryBytes)} usable={sum((h) => h.use?.usableMemoryBytes)} format={bytes} />
                <Claimed label="Disk" used={sum((h) => h.use?.diskBytes)} usable={sum((h) => h.use?.usableDiskBytes)} format={bytes} />
              </Stack>
            );
          }}
        </Loaded>
      </Part>
    </>
  );
}

export default function Dashboard() {
  const me = useMe();
  const { recent } = useLive();
  const summary = useQuery({ queryKey: ['summary'], queryFn: () => get<Summary>('/admin/summary'), refetchInterval: 30_000 });
  const operations = useQuery({ queryKey: ['operations'], queryFn: () => get<Operation[]>('/admin/operations'), refetchInterval: 10_000 });
  const audit = useAdmin<{ entries: AuditRow[] }>('/admin/audit?limit=200', { every: 30_000 });
  return (
    <Page title="Dashboard" actions={atLeast(me, 'member') && <GoButton to="/machines/new" label="New machine" />}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        <Part title="Machines by state">
          <Loaded query={summary}>
            {({ kinds }) => {
              const machines = kinds.find((k) => k.kind === 'compute');
              if (!machines) return <Empty title="There are no machines yet" action={atLeast(me, 'member') && <GoButton to="/machines/new" label="Make the first one" />} />;
              return (
                <Group>
                  {Object.entries(machines.states).map(([state, count]) => (
                    <Anchor key={state} component={Link} to={`/machines?state=${state}`} underline="never" aria-label={`${count} ${state}`}>
                      <Stack gap={0} align="center">
                        <Text size="xl" fw={700}>
                          {count}
                        </Text>
                        <StateBadge state={state} />
                      </Stack>
                    </Anchor>
                  ))}
                </Group>
              );
            }}
          </Loaded>
        </Part>
        {atLeast(me, 'operator') && <Fleet />}
        <Part title="Everything there is">
          <Loaded query={summary}>
            {({ kinds }) =>
              kinds.length === 0 ? (
                <Text size="sm">Nothing yet.</Text>
              ) : (
                <Table>
                  <Table.Tbody>
                    {kinds.map((k) => (
                      <Table.Tr key={k.kind}>
                        <Table.Th scope="row">
                          <Anchor component={Link} to={`/model/${k.kind}`} size="sm" underline="always">
                            {k.kind}
                          </Anchor>
                        </Table.Th>
                        <Table.Td>{k.total}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              )
            }
          </Loaded>
        </Part>
        <Part title="Oldest unfinished operation">
          <Loaded query={operations}>
            {(all) => {
              const [oldest] = all;
              if (!oldest) return <Text size="sm">Nothing is under way.</Text>;
              return (
                <Stack gap={4}>
                  <Group gap="xs">
                    <Text size="sm">
                      <b>{oldest.what}</b> of the {oldest.kind} {oldest.title ?? oldest.entity}
                    </Text>
                    {oldest.stuck && <StateBadge state="error" />}
                  </Group>
                  <Text size="sm">
                    since {ago(oldest.since)}, until {moment(oldest.deadline)} at most; attempts: {oldest.attempts}
                  </Text>
                  {oldest.lastError && <Text size="sm">{oldest.lastError}</Text>}
                  <Anchor component={Link} to="/activity/operations" size="sm" underline="always">
                    All {all.length} under way
                  </Anchor>
                </Stack>
              );
            }}
          </Loaded>
        </Part>
        <Part title="Last errors">
          <Loaded query={audit}>
            {({ entries }) => {
              const errors = entries.filter((e) => e.status >= 400).slice(0, 6);
              if (errors.length === 0) return <Text size="sm">Nothing was refused lately.</Text>;
              return (
                <List size="sm" listStyleType="none">
                  {errors.map((e) => (
                    <List.Item key={e.id}>
                      {ago(e.at)}: {e.status} {e.result}, {e.action ?? e.method} {e.path} {e.user && `by ${e.user}`}
                    </List.Item>
                  ))}
                </List>
              );
            }}
          </Loaded>
        </Part>
        <Part title="What happens">
          {recent.length === 0 ? (
            <Text size="sm">Nothing since this page was opened. What happens is shown here as it does.</Text>
          ) : (
            <List size="sm" listStyleType="none">
              {recent.slice(0, 8).map((e) => (
                <List.Item key={e.id}>
                  {termOf(e.data.kind)} {e.data.title ?? uuidOf(e.data.id).slice(0, 8)}: {e.type.replace(/^.*\./, '')} {e.data.before && `${e.data.before} → `}
                  {e.data.state}
                </List.Item>
              ))}
            </List>
          )}
        </Part>
      </SimpleGrid>
    </Page>
  );
}
