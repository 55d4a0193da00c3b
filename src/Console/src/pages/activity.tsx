import { Anchor, Button, Checkbox, Code, Group, Tabs, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { call, get } from '../api/client';
import type { CloudEvent } from '../api/events';
import { termOf, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import type { AuditRow } from '../parts/explained';
import { moment } from '../parts/format';
import { useDo, useLive, useMe, useModel } from '../parts/hooks';
import type { Operation } from '../parts/operations';
import { PagedRows, PER_PAGE, usePaged } from '../parts/paged';
import { Empty, Loaded, Page, StateBadge } from '../parts/parts';
import { Listed, Rows, When } from '../parts/table';

function Operations() {
  const me = useMe();
  const { model } = useModel();
  const [stuck, setStuck] = useState(false);
  const query = useQuery({ queryKey: ['operations', stuck], queryFn: () => get<Operation[]>(`/admin/operations?stuck=${stuck}`), refetchInterval: 5_000 });
  const retry = useDo('Its next step is done now', (id: string) => call('POST', `/admin/operations/${id}/retry`));
  return (
    <>
      <Checkbox label="Only those past their deadline" checked={stuck} onChange={(e) => setStuck(e.currentTarget.checked)} my="sm" />
      <Listed query={query} empty={stuck ? 'Nothing is stuck' : 'Nothing is under way'} hint="What has ended is in the timeline of its entity, and in the audit log." id={(o) => o.id} minWidth={760}
        columns={[
          ['Since', (o) => <When at={o.since} />],
          ['What', (o) => o.what],
          ['Of', (o) => <>{o.kind} <Anchor component={Link} to={`/entity${model.pathOfTerm(o.kind, o.entity)}`} underline="always">{o.title ?? o.entity.slice(0, 8)}</Anchor></>],
          ['By', (o) => o.by ?? 'the controller'],
          ['Deadline', (o) => <>{moment(o.deadline)} {o.stuck && <StateBadge state="error" />}</>],
          ['Attempts', (o) => o.attempts],
          ['Last error', (o) => o.lastError],
          ...(atLeast(me, 'operator') ? [['Actions', (o: Operation) => <Button size="xs" variant="default" onClick={() => retry.mutate(o.id)}>Do it now</Button>] as const] : []),
        ]} />
    </>
  );
}

function Events() {
  const { model } = useModel();
  const { recent, liveness } = useLive();
  const [kind, setKind] = useState('');
  // What was there before this page, too: the stream begins with now.
  const before = useQuery({
    queryKey: ['events', 'first'],
    queryFn: async () => {
      let after = 'first';
      let all: CloudEvent[] = [];
      for (let pages = 0; pages < 20; pages++) {
        const { events, last } = await get<{ events: CloudEvent[]; last: string }>(`/events?limit=1000&after=${after}`);
        all = [...all, ...events].slice(-200);
        if (events.length < 1000) break;
        after = last;
      }
      return all.reverse();
    },
    staleTime: Infinity,
  });
  const seen = new Set(recent.map((e) => e.id));
  const all = [...recent, ...(before.data ?? []).filter((e) => !seen.has(e.id))].filter((e) => !kind || termOf(e.data.kind).includes(kind));
  return (
    <>
      <Group my="sm" align="end">
        <TextInput label="Kind" placeholder="compute" value={kind} onChange={(e) => setKind(e.currentTarget.value)} data-search />
        <Text size="sm">{liveness === 'live' ? 'New ones come by themselves.' : 'The stream is being opened again.'}</Text>
      </Group>
      <Loaded query={before}>
        {() =>
          all.length === 0 ? (
            <Empty title={kind ? 'Nothing of that kind has happened' : 'Nothing has happened yet'}>What happens to machines, volumes and networks is here, as it is committed.</Empty>
          ) : (
            <Rows rows={all.slice(0, 200)} id={(e) => e.id} minWidth={560}
              columns={[
                ['When', (e) => <When at={e.time} />],
                ['What', (e) => e.type.replace(/^.*\./, '')],
                ['Kind', (e) => termOf(e.data.kind)],
                ['Title', (e) => <Anchor component={Link} to={`/entity${model.pathOf(e.data)}`} underline="always">{e.data.title ?? uuidOf(e.data.id).slice(0, 8)}</Anchor>],
                ['State', (e) => (e.data.before ? `${e.data.before} → ${e.data.state ?? ''}` : e.data.state)],
              ]} />
          )
        }
      </Loaded>
    </>
  );
}

function Audit() {
  const [user, setUser] = useState('');
  const [entity, setEntity] = useState('');
  const [denied, setDenied] = useState(false);
  const [filter] = useDebouncedValue(new URLSearchParams({ limit: String(PER_PAGE), ...(user ? { user } : {}), ...(entity ? { entity: uuidOf(entity.trim()) } : {}), ...(denied ? { denied: 'true' } : {}) }).toString(), 300);
  const audit = usePaged<AuditRow>(['audit', filter], async (at) => {
    const { entries, before } = await get<{ entries: AuditRow[]; before: number | null }>(`/admin/audit?${filter}${at === null ? '' : `&before=${at}`}`);
    return { rows: entries, next: before === null ? null : String(before) };
  });
  const narrow = (set: () => void) => {
    set();
    audit.reset();
  };
  return (
    <>
      <Group my="sm" align="end">
        <TextInput label="By" value={user} onChange={(e) => narrow(() => setUser(e.currentTarget.value))} data-search />
        <TextInput label="Entity" placeholder="UUID" value={entity} onChange={(e) => narrow(() => setEntity(e.currentTarget.value))} w={320} />
        <Checkbox label="Only what was denied" checked={denied} onChange={(e) => narrow(() => setDenied(e.currentTarget.checked))} mb={8} />
      </Group>
      <PagedRows paged={audit} id={(a) => String(a.id)} minWidth={760} empty={user || entity || denied ? 'Nobody has done anything like that' : 'Nobody has done anything yet'}
        columns={[
          ['When', (a) => <When at={a.at} />],
          ['By', (a) => a.user ?? 'nobody known'],
          ['Role', (a) => a.role],
          ['What', (a) => `${a.action ? `${a.action} of` : a.method} ${a.path}${a.times > 1 ? ` (${a.times} times)` : ''}`],
          ['Result', (a) => `${a.status} ${a.result}`],
          ['Trace', (a) => a.trace && <Code title={a.trace}>{a.trace.slice(0, 12)}</Code>],
        ]} />
    </>
  );
}

export default function Activity() {
  const { tab = 'operations' } = useParams();
  const go = useNavigate();
  return (
    <Page title="Activity">
      <Tabs value={tab} onChange={(v) => void go(`/activity/${v ?? 'operations'}`)} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="operations">Operations</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
          <Tabs.Tab value="audit">Audit</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="operations">
          <Operations />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <Events />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
