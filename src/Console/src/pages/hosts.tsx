import { Alert, Anchor, Button, Checkbox, Code, CopyButton, Group, NumberInput, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { call } from '../api/client';
import { ago, bytes, moment } from '../parts/format';
import type { Host } from '../parts/fleet';
import { useAdmin, useDo } from '../parts/hooks';
import { Confirm, Empty, ErrorNote, Loaded, Page, StateBadge } from '../parts/parts';

interface JoinToken {
  id: string;
  state: string;
  createdBy: string;
  created: string | null;
  expires: string;
  host: string | null;
  needsApproval: boolean;
}

function Join() {
  const queries = useQueryClient();
  const [approval, setApproval] = useState(false);
  const [minutes, setMinutes] = useState(60);
  const tokens = useAdmin<JoinToken[]>('/admin/hosts/join-tokens');
  const make = useMutation({
    mutationFn: async () => (await call<{ token: string; expires: string }>('POST', '/admin/hosts/join-tokens', { body: { ttlSeconds: minutes * 60, needsApproval: approval } })).body,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['admin'] }),
  });
  const revoke = useDo('Taken back', (id: string) => call('DELETE', `/admin/hosts/join-tokens/${id}`));
  return (
    <Stack>
      <Text fw={600}>Let a host in</Text>
      <Group align="end">
        <NumberInput label="Good for minutes" min={1} value={minutes} onChange={(v) => setMinutes(Number(v))} w={150} />
        <Checkbox label="Waits for approval" checked={approval} onChange={(e) => setApproval(e.currentTarget.checked)} mb={8} />
        <Button onClick={() => make.mutate()} loading={make.isPending}>
          Make a join token
        </Button>
      </Group>
      {make.error && <ErrorNote error={make.error} />}
      {make.data && (
        <Alert color="blue" variant="default" title="It is shown now and never again">
          <Stack gap="xs">
            <Text size="sm">Put it into the file that Agent:JoinTokenFile names on the new host, and start its agent. It opens for one host, until {moment(make.data.expires)}.</Text>
            <Code block className="mono" tabIndex={0} aria-label="Join token">
              {make.data.token}
            </Code>
            <CopyButton value={make.data.token}>{({ copied, copy }) => <Button size="compact-xs" variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
          </Stack>
        </Alert>
      )}
      <Loaded query={tokens}>
        {(all) => (
          <Table>
            <Table.Thead>
              <Table.Tr>
                {['Token', 'State', 'By', 'Expires', 'Actions'].map((h) => (
                  <Table.Th key={h}>{h}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {all.map((t) => (
                <Table.Tr key={t.id}>
                  <Table.Td>
                    <Code>{t.id.slice(0, 8)}</Code>
                  </Table.Td>
                  <Table.Td>
                    <StateBadge state={t.state} />
                  </Table.Td>
                  <Table.Td>{t.createdBy}</Table.Td>
                  <Table.Td>{moment(t.expires)}</Table.Td>
                  <Table.Td>{t.state === 'open' && <Confirm label="Take back" question="No host joins with it any more then." onConfirm={() => revoke.mutate(t.id)} />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
    </Stack>
  );
}

export default function Hosts() {
  const hosts = useAdmin<Host[]>('/admin/hosts', { every: 5_000 });
  return (
    <Page title="Hosts">
      <Loaded query={hosts}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No host has joined yet">Make a join token below, and start an agent with it.</Empty>
          ) : (
            <Table.ScrollContainer minWidth={760}>
              <Table verticalSpacing="xs" highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    {['Name', 'Status', 'Machines', 'Cores claimed', 'Memory claimed', 'Disk claimed', 'Agent', 'Heard of'].map((h) => (
                      <Table.Th key={h}>{h}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((h) => (
                    <Table.Tr key={h.id}>
                      <Table.Td>
                        <Anchor component={Link} to={`/hosts/${h.id}`} underline="always">
                          {h.name}
                        </Anchor>
                      </Table.Td>
                      <Table.Td>
                        <Group gap={4}>
                          <StateBadge state={h.status} />
                          {h.admission === 'pending' && <StateBadge state="pending" />}
                          {h.drain && <StateBadge state={h.drain.finished ? 'drained' : 'draining'} />}
                        </Group>
                        <Text size="xs">{h.why}</Text>
                      </Table.Td>
                      <Table.Td>{h.use?.computes ?? 0}</Table.Td>
                      <Table.Td>
                        {h.use?.cores ?? 0} of {h.use?.usableCores ?? 0}
                      </Table.Td>
                      <Table.Td>
                        {bytes(h.use?.memoryBytes)} of {bytes(h.use?.usableMemoryBytes)}
                      </Table.Td>
                      <Table.Td>
                        {bytes(h.use?.diskBytes)} of {bytes(h.use?.usableDiskBytes)}
                      </Table.Td>
                      <Table.Td>{h.agentVersion}</Table.Td>
                      <Table.Td>{ago(h.lastSeen)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
      <Join />
    </Page>
  );
}
