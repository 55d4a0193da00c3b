import { Anchor, Button, Group, NumberInput, Select, SimpleGrid, Stack, Tabs, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { call } from '../api/client';
import type { Role } from '../api/session';
import { atLeast } from '../api/session';
import { Form } from '../parts/form';
import { moment } from '../parts/format';
import { useAdmin, useDo, useMe } from '../parts/hooks';
import { Confirm, Empty, Page, Part, Secret } from '../parts/parts';
import type { QuotaName } from '../parts/quota';
import { changed, fieldOf, QUOTAS, shown } from '../parts/quota';
import { Listed, When } from '../parts/table';
import { ProjectTabs, Usage } from './project';

interface Project {
  id: string;
  name: string;
  created: string;
  quota: Record<QuotaName, number | null>;
}

interface Token {
  id: string;
  name: string;
  project: string | null;
  role: Role | null;
  created: string;
  expires: string | null;
  revoked?: string | null;
  lastUsed?: string | null;
}

interface User {
  id: string;
  name: string;
  kind: string;
  displayName: string | null;
  disabled: boolean;
  created: string;
  lastSignIn: string | null;
  roles: { project: string | null; projectName: string | null; role: Role }[];
}

function limits(p: Project): string {
  const said = QUOTAS.filter((q) => p.quota[q.name] !== null).map((q) => `${q.label}: ${shown(q, p.quota[q.name]!)}`);
  return said.length === 0 ? 'no limit' : said.join(', ');
}

function Projects() {
  const projects = useAdmin<Project[]>('/admin/projects');
  const [name, setName] = useState('');
  const [fields, setFields] = useState<Partial<Record<QuotaName, string>>>({});
  const make = useDo('The project is there', () => call('POST', '/admin/projects', { body: { name, quota: changed(fields) } }), () => {
    setName('');
    setFields({});
  });
  return (
    <Stack>
      <Listed query={projects} empty="There are no projects yet" hint="Make one below." id={(p) => p.id} minWidth={480}
        columns={[
          ['Project', (p) => <Anchor component={Link} to={`/project/${p.id}`} underline="always">{p.name}</Anchor>],
          ['Limits', limits],
          ['Made', (p) => <When at={p.created} />],
        ]} />
      <Part title="New project">
        <Form work={make} submit="Make the project" what="The project was not made">
          <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
            <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
            {QUOTAS.map((q) => (
              <NumberInput key={q.name} label={fieldOf(q)} min={0} allowDecimal={'gib' in q} value={fields[q.name] ? Number(fields[q.name]) : ''} placeholder="no limit" onChange={(v) => setFields({ ...fields, [q.name]: String(v) })} />
            ))}
          </SimpleGrid>
        </Form>
      </Part>
    </Stack>
  );
}

function Users() {
  const queries = useQueryClient();
  const users = useAdmin<User[]>('/admin/users');
  const [name, setName] = useState('');
  const made = useMutation({
    mutationFn: async () => (await call<{ resetToken: string | null }>('POST', '/admin/users', { body: { name } })).body,
    onSuccess: () => {
      setName('');
      void queries.invalidateQueries({ queryKey: ['admin'] });
    },
  });
  const change = useDo('Done', ({ id, disabled }: { id: string; disabled: boolean }) => call('PATCH', `/admin/users/${id}`, { body: { disabled } }));
  const discard = useDo('The user is gone', (id: string) => call('DELETE', `/admin/users/${id}`));
  return (
    <Stack>
      <Listed query={users} empty="There are no users yet" hint="Make one below; tokens work without any." id={(u) => u.id}
        columns={[
          ['Name', (u) => (u.displayName ? `${u.displayName} (${u.name})` : u.name)],
          ['Kind', (u) => u.kind + (u.disabled ? ', disabled' : '')],
          ['Roles', (u) => u.roles.map((r) => `${r.role} in ${r.projectName ?? 'the cloud'}`).join(', ') || 'none'],
          ['Signed in', (u) => (u.lastSignIn ? <When at={u.lastSignIn} /> : 'never')],
          ['Actions', (u) => (
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={() => change.mutate({ id: u.id, disabled: !u.disabled })}>
                {u.disabled ? 'Enable' : 'Disable'}
              </Button>
              <Confirm label="Delete" question={`Delete ${u.name} with all roles, sessions and tokens?`} onConfirm={() => discard.mutate(u.id)} />
            </Group>
          )],
        ]} />
      <Form work={made} submit="Make the user" what="The user was not made" inline>
        <TextInput label="Name of a new user" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
      </Form>
      {made.data?.resetToken && (
        <Secret label="Token to set a password with" text={made.data.resetToken}>
          Give it to the user, who sets a password with it; then give the user a role under Members of a project.
        </Secret>
      )}
    </Stack>
  );
}

function Tokens({ path, projects }: { path: '/auth/tokens' | '/admin/tokens'; projects: readonly { id: string; name: string }[] }) {
  const queries = useQueryClient();
  const me = useMe();
  const tokens = useAdmin<Token[]>(path);
  const [name, setName] = useState('');
  const [project, setProject] = useState<string | null>(me.project ?? null);
  const [role, setRole] = useState('member');
  const [days, setDays] = useState<number | string>(30);
  const made = useMutation({
    mutationFn: async () => (await call<{ token: string }>('POST', path, { body: { name, project, role, ...(days === '' ? {} : { expiresInSeconds: Number(days) * 86_400 }) } })).body,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['admin'] }),
  });
  const revoke = useDo('Revoked', (id: string) => call('DELETE', `${path}/${id}`));
  return (
    <Stack>
      <Listed query={tokens} empty="There are no tokens yet" hint="Programs show one instead of a password. Make one below." id={(t) => t.id}
        columns={[
          ['Name', (t) => t.name],
          ['Role', (t) => t.role ?? 'as its user'],
          ['Project', (t) => projects.find((p) => p.id === t.project)?.name ?? t.project ?? 'all of its user'],
          ['Made', (t) => <When at={t.created} />],
          ['Expires', (t) => (t.expires ? moment(t.expires) : 'never')],
          ['Actions', (t) => (t.revoked ? <>revoked <When at={t.revoked} /></> : <Confirm label="Revoke" question={`Revoke ${t.name}? What uses it is refused from then on.`} onConfirm={() => revoke.mutate(t.id)} />)],
        ]} />
      <Form work={made} submit="Make the token" what="The token was not made" inline>
        <TextInput label="Name of a new token" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
        <Select label="In the project" data={projects.map((p) => ({ value: p.id, label: p.name }))} value={project} onChange={setProject} />
        <Select label="Role" data={['reader', 'member', 'operator', 'admin']} value={role} onChange={(v) => setRole(v ?? 'member')} allowDeselect={false} w={140} />
        <NumberInput label="Good for days" min={1} value={days} onChange={setDays} placeholder="for ever" w={130} />
      </Form>
      {made.data && <Secret label="Token" text={made.data.token} />}
    </Stack>
  );
}

/** All projects, users and tokens for administrators of the cloud; for everybody else the project that one acts in. */
export default function ProjectsPage() {
  const { tab } = useParams();
  const me = useMe();
  const go = useNavigate();
  const onTab = (t: string | null) => void go(`/projects/${t ?? ''}`);
  const own = me.projects.find((p) => p.id === me.project);
  const tokens = me.isUser ? [['own', 'Own tokens', <Tokens key="own" path="/auth/tokens" projects={me.projects} />] as const] : [];
  if (!atLeast(me, 'admin')) {
    return (
      <Page title={own?.name ?? 'Projects'}>
        {own ? <ProjectTabs of={own} tab={tab ?? 'quotas'} onTab={onTab} more={tokens} /> : <Empty title="You have no role in any project">An administrator of the cloud or of a project gives you one.</Empty>}
      </Page>
    );
  }
  const tabs = [
    ['all', 'Projects', <Projects key="all" />],
    ['usage', 'Usage', <Usage key="usage" />],
    ['users', 'Users', <Users key="users" />],
    ['tokens', 'Tokens', <Tokens key="tokens" path="/admin/tokens" projects={me.projects} />],
    ...tokens,
  ] as const;
  return (
    <Page title="Projects">
      <Tabs value={tab ?? 'all'} onChange={onTab} keepMounted={false}>
        <Tabs.List>
          {tabs.map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(([value, , content]) => (
          <Tabs.Panel key={value} value={value} pt="md">
            {content}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
