import { Button, Group, NumberInput, Progress, Select, SimpleGrid, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { call, save } from '../api/client';
import type { Membership, Role } from '../api/session';
import { atLeast } from '../api/session';
import { Form } from '../parts/form';
import { useAdmin, useDo, useMe } from '../parts/hooks';
import { Confirm, Empty, Loaded, Page, Part } from '../parts/parts';
import type { Amounts, QuotaName } from '../parts/quota';
import { changed, fieldOf, labelOf, months, QUOTAS, shown, typed } from '../parts/quota';
import { Listed, Rows } from '../parts/table';

interface Member {
  id: string;
  name: string;
  kind: string;
  displayName: string | null;
  role: Role;
  disabled: boolean;
}

/** GET /admin/usage. */
interface Report {
  lines: { project: string; projectName: string | null; month: string; what: string; amount: number; unit: string; entities: number }[];
}

/** What is used against what may be; an administrator of the cloud changes the latter. */
function Quotas({ id }: { id: string }) {
  const admin = atLeast(useMe(), 'admin');
  const query = useAdmin<Amounts>(`/admin/projects/${id}/quota`, { every: 10_000 });
  const [fields, setFields] = useState<Partial<Record<QuotaName, string>>>({});
  const changes = changed(fields, query.data);
  const set = useDo('The limits are set', () => call('PATCH', `/admin/projects/${id}/quota`, { body: changes }), () => setFields({}));
  return (
    <Loaded query={query}>
      {(amounts) => (
        <Stack>
          <Rows rows={QUOTAS} id={(q) => q.name} minWidth={420} mark={(q) => ({ 'data-quota': q.name })}
            columns={[
              ['What', (q) => q.label],
              ['Used', (q) => shown(q, amounts[q.name].used)],
              ['Limit', (q) => (amounts[q.name].limit === null ? 'none' : shown(q, amounts[q.name].limit!))],
              ['Part of it', (q) => {
                const { used, limit } = amounts[q.name];
                if (limit === null) return null;
                const part = limit === 0 ? (used > 0 ? 100 : 0) : (used / limit) * 100;
                return <Progress value={Math.min(100, part)} color={part >= 90 ? 'red.8' : 'blue.8'} aria-label={`${q.label}: ${part.toFixed(0)} % of the limit`} miw={80} />;
              }],
            ]} />
          {admin ? (
            <Part title="Limits">
              <Form work={set} submit="Set the limits" what="The limits were not set" disabled={Object.keys(changes).length === 0}>
                <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
                  {QUOTAS.map((q) => {
                    const value = fields[q.name] ?? typed(q, amounts[q.name].limit);
                    return <NumberInput key={q.name} label={fieldOf(q)} min={0} allowDecimal={'gib' in q} value={value === '' ? '' : Number(value)} placeholder="no limit" onChange={(v) => setFields({ ...fields, [q.name]: String(v) })} />;
                  })}
                </SimpleGrid>
                <Text size="xs">An empty field is no limit. What is used already stays, also where it is more.</Text>
              </Form>
            </Part>
          ) : (
            <Text size="sm">An administrator of the cloud sets limits.</Text>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** What was used by month; of one project, or of all that one sees. */
export function Usage({ project }: { project?: string }) {
  const now = new Date().toISOString().slice(0, 7);
  const [from, setFrom] = useState(now);
  const [to, setTo] = useState(now);
  const arguments_ = new URLSearchParams({ ...(project ? { project } : {}), ...(from && to ? months(from, to) : {}) }).toString();
  const query = useAdmin<Report>(`/admin/usage?${arguments_}`, { every: 60_000 });
  const download = useDo('Downloaded', (format: 'csv' | 'json') => save(`/admin/usage?${arguments_}&format=${format}`, `usage-${from}-${to}.${format}`));
  return (
    <Stack>
      <Group align="end" gap="sm">
        <TextInput label="From" type="month" value={from} max={to} onChange={(e) => setFrom(e.currentTarget.value)} />
        <TextInput label="To" type="month" value={to} min={from} max={now} onChange={(e) => setTo(e.currentTarget.value)} />
        <Button variant="default" loading={download.isPending} onClick={() => download.mutate('csv')}>
          Download CSV
        </Button>
        <Button variant="default" loading={download.isPending} onClick={() => download.mutate('json')}>
          Download JSON
        </Button>
      </Group>
      <Loaded query={query}>
        {({ lines }) =>
          lines.length === 0 ? (
            <Empty title="Nothing was used then">What machines, volumes, networks and addresses take is counted from when they are made until they are gone.</Empty>
          ) : (
            <Rows rows={lines} id={(l) => `${l.project} ${l.month} ${l.what}`} minWidth={480} mark={(l) => ({ 'data-usage': l.what })}
              columns={[
                ['Month', (l) => <Text span inherit style={{ whiteSpace: 'nowrap' }}>{l.month}</Text>],
                ...(project ? [] : [['Project', (l: Report['lines'][number]) => l.projectName ?? `${l.project} (gone)`] as const]),
                ['What', (l) => labelOf(l.what)],
                ['Amount', (l) => `${l.amount.toLocaleString(undefined, { maximumFractionDigits: 3 })} ${l.unit}`],
                ['Of so many', (l) => l.entities],
              ]} />
          )
        }
      </Loaded>
      <Text size="xs">h: one of it for one hour. Months are those of UTC; the one that goes on is counted until now.</Text>
    </Stack>
  );
}

function Members({ of }: { of: Membership }) {
  const members = useAdmin<Member[]>(`/admin/projects/${of.id}/members`);
  const [user, setUser] = useState('');
  const [role, setRole] = useState<string>('member');
  const set = useDo('The role is given', () => call('PUT', `/admin/projects/${of.id}/members/${encodeURIComponent(user)}`, { body: { role } }), () => setUser(''));
  const take = useDo('No member any more', (id: string) => call('DELETE', `/admin/projects/${of.id}/members/${id}`));
  return (
    <Stack>
      <Listed query={members} empty={`Nobody has a role in ${of.name}`} hint={`Tokens work in it nevertheless.${of.manages ? ' Give somebody a role below.' : ''}`} id={(m) => m.id} minWidth={420}
        columns={[
          ['Name', (m) => (m.displayName ? `${m.displayName} (${m.name})` : m.name)],
          ['Role', (m) => m.role],
          ['Kind', (m) => m.kind + (m.disabled ? ', disabled' : '')],
          ...(of.manages ? [['Actions', (m: Member) => <Confirm label="Take away" question={`Take ${m.name}'s role in ${of.name} away?`} onConfirm={() => take.mutate(m.id)} />] as const] : []),
        ]} />
      {of.manages && (
        <Form work={set} submit="Give the role" what="The role was not given" inline>
          <TextInput label="Name of the user" value={user} onChange={(e) => setUser(e.currentTarget.value)} required />
          <Select label="Role" data={['reader', 'member', 'admin']} value={role} onChange={(v) => setRole(v ?? 'member')} allowDeselect={false} w={140} />
        </Form>
      )}
    </Stack>
  );
}

function Change({ of }: { of: Membership }) {
  const go = useNavigate();
  const [name, setName] = useState(of.name);
  const rename = useDo('The project has another name', () => call('PATCH', `/admin/projects/${of.id}`, { body: { name } }));
  const discard = useDo('The project is gone', () => call('DELETE', `/admin/projects/${of.id}`), () => void go('/projects'));
  return (
    <Stack maw={520}>
      <Form work={rename} submit="Rename" what="Not renamed" inline disabled={name === of.name}>
        <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
      </Form>
      <Group>
        <Confirm label="Delete the project" question={`Delete ${of.name} with the roles in it, and revoke its tokens? Refused while it owns anything.`} onConfirm={() => discard.mutate()} />
      </Group>
    </Stack>
  );
}

const TABS = [['quotas', 'Quotas'], ['usage', 'Usage'], ['members', 'Members'], ['change', 'Rename and delete']] as const;

/** What there is to know of one project; tabs of somebody else's may follow. */
export function ProjectTabs({ of, tab, onTab, more = [] }: { of: Membership; tab: string; onTab: (tab: string) => void; more?: readonly (readonly [string, string, React.ReactNode])[] }) {
  const admin = atLeast(useMe(), 'admin');
  return (
    <Tabs value={tab} onChange={(v) => onTab(v ?? 'quotas')} keepMounted={false}>
      <Tabs.List>
        {[...TABS.filter(([value]) => value !== 'change' || admin), ...more].map(([value, label]) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="quotas" pt="md">
        <Quotas id={of.id} />
      </Tabs.Panel>
      <Tabs.Panel value="usage" pt="md">
        <Usage project={of.id} />
      </Tabs.Panel>
      <Tabs.Panel value="members" pt="md">
        <Members of={of} />
      </Tabs.Panel>
      <Tabs.Panel value="change" pt="md">
        <Change key={of.name} of={of} />
      </Tabs.Panel>
      {more.map(([value, , content]) => (
        <Tabs.Panel key={value} value={value} pt="md">
          {content}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

export default function ProjectPage() {
  const { id = '', tab = 'quotas' } = useParams();
  const go = useNavigate();
  const admin = atLeast(useMe(), 'admin');
  const projects = useAdmin<{ id: string; name: string }[]>('/admin/projects', { enabled: admin });
  const own = useMe().projects.find((p) => p.id === id);
  const named = projects.data?.find((p) => p.id === id);
  // An administrator of the cloud sees all, those that were made since signing in too.
  const of = named ? { ...named, role: 'admin' as const, manages: true } : own;
  return (
    <Page title={of?.name ?? 'Project'}>
      {of ? (
        <ProjectTabs of={of} tab={tab} onTab={(t) => void go(`/project/${id}/${t}`)} />
      ) : projects.isFetching ? (
        <Loaded query={projects}>{() => null}</Loaded>
      ) : (
        <Empty title="There is no such project">It was deleted, or you have no role in it.</Empty>
      )}
    </Page>
  );
}
