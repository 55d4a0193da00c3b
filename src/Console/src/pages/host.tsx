import { Anchor, Button, Card, Group, Modal, Progress, Select, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { call } from '../api/client';
import { ago, bytes, moment } from '../parts/format';
import type { Host } from '../parts/fleet';
import { useAdmin, useDo } from '../parts/hooks';
import { Confirm, ErrorNote, Loaded, Page, StateBadge } from '../parts/parts';
import { Facts } from '../parts/table';

function DrainProgress({ host }: { host: Host }) {
  const drain = host.drain;
  const undrain = useDo('It takes machines again', () => call('POST', `/admin/hosts/${host.id}/undrain`));
  if (!drain) return null;
  const over = (state: string) => !['waiting', 'moving', 'stopping'].includes(state);
  const done = drain.objects.filter((o) => over(o.state)).length;
  return (
    <Card withBorder>
      <Group justify="space-between">
        <Text fw={600}>
          {drain.finished ? `Drained ${ago(drain.finished)}` : 'Being drained'} by {drain.by} ({drain.method}, stop {drain.stop})
        </Text>
        <Button size="xs" variant="default" onClick={() => undrain.mutate()} loading={undrain.isPending}>
          Let it take machines again
        </Button>
      </Group>
      <Progress my="xs" value={drain.objects.length === 0 ? 100 : (done / drain.objects.length) * 100} aria-label="Drained" />
      <Text size="sm" role="status">
        {done} of {drain.objects.length} are done with
      </Text>
      <Table>
        <Table.Tbody>
          {drain.objects.map((o) => (
            <Table.Tr key={o.id}>
              <Table.Td>
                {o.term} {o.title ?? o.id.slice(0, 8)}
              </Table.Td>
              <Table.Td>{o.state}</Table.Td>
              <Table.Td>{o.why}</Table.Td>
              <Table.Td>{o.to && <Anchor component={Link} to={`/hosts/${o.to}`} underline="always">to another host</Anchor>}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

export default function HostPage() {
  const { id = '' } = useParams();
  const go = useNavigate();
  const query = useAdmin<Host>(`/admin/hosts/${id}`, { every: 3_000 });
  const [asking, setAsking] = useState(false);
  const [method, setMethod] = useState('auto');
  const [stop, setStop] = useState('never');
  const drain = useDo('The host is being drained', () => call('POST', `/admin/hosts/${id}/drain`, { body: { method, stop } }), () => setAsking(false));
  const approve = useDo('Let in', () => call('POST', `/admin/hosts/${id}/approve`));
  const discard = useDo('Forgotten', () => call('DELETE', `/admin/hosts/${id}`), () => void go('/hosts'));
  const host = query.data;
  return (
    <Page title={host?.name ?? 'Host'} badge={host && <StateBadge state={host.status} />}
      actions={host && (
        <>
          {host.admission === 'pending' && <Button size="xs" onClick={() => approve.mutate()}>Let it in</Button>}
          {!host.drain && <Button size="xs" variant="default" onClick={() => setAsking(true)}>Drain…</Button>}
          <Confirm label="Forget" question={`Forget ${host.name} and revoke its certificate? Refused while anything is placed there.`} onConfirm={() => discard.mutate()} />
        </>
      )}>
      <Loaded query={query}>
        {(h) => {
          const c = h.capabilities;
          const rows: [string, React.ReactNode][] = [
            ['Agent', h.agentVersion],
            ['Hypervisor', c && `${c.driver}: ${c.hypervisor}`],
            ['Kernel', c?.kernel],
            ['Architecture', c?.architecture],
            ['Heard of', `${moment(h.lastSeen)} (${ago(h.lastSeen)})`],
            ['Zone', h.settings.zone ?? 'none'],
            ['Features', c?.features.join(', ')],
          ];
          return (
            <Stack>
              {h.why && <Text size="sm">{h.why}</Text>}
              <DrainProgress host={h} />
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                <Card withBorder>
                  <Text fw={600}>Claims</Text>
                  <Table>
                    <Table.Thead>
                      <Table.Tr>
                        {['', 'has', 'can be claimed', 'is claimed'].map((t) => (
                          <Table.Th key={t}>{t || <span hidden>What</span>}</Table.Th>
                        ))}
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      <Table.Tr>
                        <Table.Th scope="row">Cores</Table.Th>
                        <Table.Td>{c?.cores}</Table.Td>
                        <Table.Td>{h.use?.usableCores}</Table.Td>
                        <Table.Td>{h.use?.cores}</Table.Td>
                      </Table.Tr>
                      <Table.Tr>
                        <Table.Th scope="row">Memory</Table.Th>
                        <Table.Td>{bytes(c?.memoryBytes)}</Table.Td>
                        <Table.Td>{bytes(h.use?.usableMemoryBytes)}</Table.Td>
                        <Table.Td>{bytes(h.use?.memoryBytes)}</Table.Td>
                      </Table.Tr>
                      <Table.Tr>
                        <Table.Th scope="row">Disk</Table.Th>
                        <Table.Td>{bytes(c?.diskBytes)}</Table.Td>
                        <Table.Td>{bytes(h.use?.usableDiskBytes)}</Table.Td>
                        <Table.Td>{bytes(h.use?.diskBytes)}</Table.Td>
                      </Table.Tr>
                    </Table.Tbody>
                  </Table>
                  <Text size="sm" mt="xs">
                    Placed there: machines {h.use?.computes ?? 0}, volumes {h.use?.volumes ?? 0}. Machines there that are none of this cloud: {h.unmanaged.length}.
                  </Text>
                  {c?.pools.map((p) => (
                    <Text size="sm" key={p.id}>
                      Shared pool {p.name}: {bytes(p.freeBytes)} of {bytes(p.sizeBytes)} free
                    </Text>
                  ))}
                </Card>
                <Card withBorder>
                  <Text fw={600}>What it is</Text>
                  <Facts of={rows} width={120} />
                </Card>
              </SimpleGrid>
            </Stack>
          );
        }}
      </Loaded>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Drain the host" centered>
        <Stack>
          <Text size="sm">Nothing new is placed there from now on, and what is there is moved away. Nothing is ever removed.</Text>
          <Select label="How machines leave" data={[{ value: 'auto', label: 'live where that is possible, else cold' }, { value: 'live', label: 'live or not at all' }, { value: 'cold', label: 'stopped, moved, started again' }]}
            value={method} onChange={(v) => setMethod(v ?? 'auto')} allowDeselect={false} />
          <Select label="What cannot leave" data={[{ value: 'never', label: 'is left as it is' }, { value: 'graceful', label: 'is shut down' }, { value: 'powerOff', label: 'is switched off' }]}
            value={stop} onChange={(v) => setStop(v ?? 'never')} allowDeselect={false} />
          {drain.error && <ErrorNote error={drain.error} />}
          <Button onClick={() => drain.mutate()} loading={drain.isPending}>
            Drain
          </Button>
        </Stack>
      </Modal>
    </Page>
  );
}
