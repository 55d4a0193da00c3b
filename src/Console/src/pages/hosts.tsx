import { Anchor, Button, Checkbox, Code, Group, NumberInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { call } from '../api/client';
import { bytes, moment } from '../parts/format';
import type { Host } from '../parts/fleet';
import { useAdmin, useDo } from '../parts/hooks';
import { Confirm, ErrorNote, Page, Secret, StateBadge } from '../parts/parts';
import { Listed, When } from '../parts/table';

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
        <Secret label="Join token" text={make.data.token}>
          Put it into the file that Agent:JoinTokenFile names on the new host, and start its agent. It opens for one host, until {moment(make.data.expires)}.
        </Secret>
      )}
      <Listed query={tokens} empty="There are no join tokens" hint="Each one lets one host in." id={(t) => t.id} minWidth={520}
        columns={[
          ['Token', (t) => <Code>{t.id.slice(0, 8)}</Code>],
          ['State', (t) => <StateBadge state={t.state} />],
          ['By', (t) => t.createdBy],
          ['Expires', (t) => moment(t.expires)],
          ['Actions', (t) => t.state === 'open' && <Confirm label="Take back" question="No host joins with it any more then." onConfirm={() => revoke.mutate(t.id)} />],
        ]} />
    </Stack>
  );
}

export default function Hosts() {
  const hosts = useAdmin<Host[]>('/admin/hosts', { every: 5_000 });
  return (
    <Page title="Hosts">
      <Listed query={hosts} empty="No host has joined yet" hint="Make a join token below, and start an agent with it." id={(h) => h.id} minWidth={760}
        columns={[
          ['Name', (h) => <Anchor component={Link} to={`/hosts/${h.id}`} underline="always">{h.name}</Anchor>],
          ['Status', (h) => (
            <>
              <Group gap={4}>
                <StateBadge state={h.status} />
                {h.admission === 'pending' && <StateBadge state="pending" />}
                {h.drain && <StateBadge state={h.drain.finished ? 'drained' : 'draining'} />}
              </Group>
              <Text size="xs">{h.why}</Text>
            </>
          )],
          ['Machines', (h) => h.use?.computes ?? 0],
          ['Cores claimed', (h) => `${h.use?.cores ?? 0} of ${h.use?.usableCores ?? 0}`],
          ['Memory claimed', (h) => `${bytes(h.use?.memoryBytes)} of ${bytes(h.use?.usableMemoryBytes)}`],
          ['Disk claimed', (h) => `${bytes(h.use?.diskBytes)} of ${bytes(h.use?.usableDiskBytes)}`],
          ['Agent', (h) => h.agentVersion],
          ['Heard of', (h) => <When at={h.lastSeen} />],
        ]} />
      <Join />
    </Page>
  );
}
