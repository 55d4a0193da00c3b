import { Alert, Button, Card, Code, Group, NumberInput, Select, SimpleGrid, Stack, Table, Tabs, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/client';
import type { Membership, Role } from '../api/session';
import { atLeast } from '../api/session';
import { ago, bytes, GIB, moment } from '../parts/format';
import { useAdmin, useDo, useMe } from '../parts/hooks';
import { Confirm, Empty, ErrorNote, Loaded, Page } from '../parts/parts';

interface Project {
  id: string;
  name: string;
  created: string;
  quota: { computes: number | null; cores: number | null; memoryBytes: number | null; diskBytes: number | null };
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

interface Member {
  id: string;
  name: string;
  kind: string;
  displayName: string | null;
  role: Role;
  disabled: boolean;
}

interface User extends Omit<Member, 'role'> {
  created: string;
  lastSignIn: string | null;
  roles: { project: string | null; projectName: string | null; role: Role }[];
}

function Heads({ of }: { of: string[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {of.map((h) => (
          <Table.Th key={h}>{h}</Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

/** What is shown once. */
function Secret({ label, text }: { label: string; text: string }) {
  return (
    <Alert color="blue" variant="default" title="It is shown now and never again">
      <Code block className="mono" tabIndex={0} aria-label={label}>
        {text}
      </Code>
    </Alert>
  );
}

function Projects() {
  const projects = useAdmin<Project[]>('/admin/projects');
  const [name, setName] = useState('');
  const [limits, setLimits] = useState<{ computes: string; cores: string; memory: string; disk: string }>({ computes: '', cores: '', memory: '', disk: '' });
  const number = (text: string, unit = 1) => (text === '' ? null : Number(text) * unit);
  const make = useDo('The project is there', () =>
    call('POST', '/admin/projects', {
      body: { name, quota: { computes: number(limits.computes), cores: number(limits.cores), memoryBytes: number(limits.memory, GIB), diskBytes: number(limits.disk, GIB) } },
    }), () => setName(''));
  const limit = (value: number | null) => (value === null ? 'no limit' : String(value));
  return (
    <Stack>
      <Loaded query={projects}>
        {(all) => (
          <Table.ScrollContainer minWidth={640}>
            <Table>
              <Heads of={['Project', 'Machines', 'Cores', 'Memory', 'Disk', 'Made']} />
              <Table.Tbody>
                {all.map((p) => (
                  <Table.Tr key={p.id}>
                    <Table.Td title={p.id}>{p.name}</Table.Td>
                    <Table.Td>{limit(p.quota.computes)}</Table.Td>
                    <Table.Td>{limit(p.quota.cores)}</Table.Td>
                    <Table.Td>{p.quota.memoryBytes === null ? 'no limit' : bytes(p.quota.memoryBytes)}</Table.Td>
                    <Table.Td>{p.quota.diskBytes === null ? 'no limit' : bytes(p.quota.diskBytes)}</Table.Td>
                    <Table.Td>{ago(p.created)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
      <Card withBorder>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            make.mutate();
          }}
        >
          <Text fw={600} mb="xs">
            New project
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 3, lg: 5 }}>
            <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
            {([['computes', 'Machines at most'], ['cores', 'Cores at most'], ['memory', 'Memory at most, GiB'], ['disk', 'Disk at most, GiB']] as const).map(([key, label]) => (
              <NumberInput key={key} label={label} min={0} value={limits[key] === '' ? '' : Number(limits[key])} onChange={(v) => setLimits({ ...limits, [key]: String(v) })} placeholder="no limit" />
            ))}
          </SimpleGrid>
          {make.error && <ErrorNote error={make.error} />}
          <Button type="submit" mt="sm" loading={make.isPending}>
            Make it
          </Button>
        </form>
      </Card>
    </Stack>
  );
}

function Members({ of }: { of: Membership }) {
  const members = useAdmin<Member[]>(`/admin/projects/${of.id}/members`);
  const [user, setUser] = useState('');
  const [role, setRole] = useState<string>('member');
  const set = useDo('Done', () => call('PUT', `/admin/projects/${of.id}/members/${encodeURIComponent(user)}`, { body: { role } }), () => setUser(''));
  const take = useDo('No member any more', (id: string) => call('DELETE', `/admin/projects/${of.id}/members/${id}`));
  return (
    <Stack>
      <Loaded query={members}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={`Nobody has a role in ${of.name}`}>Tokens work in it nevertheless.{of.manages && ' Give somebody a role below.'}</Empty>
          ) : (
            <Table>
              <Heads of={['Name', 'Role', 'Sort', 'Actions']} />
              <Table.Tbody>
                {all.map((m) => (
                  <Table.Tr key={m.id}>
                    <Table.Td>{m.displayName ? `${m.displayName} (${m.name})` : m.name}</Table.Td>
                    <Table.Td>{m.role}</Table.Td>
                    <Table.Td>
                      {m.kind}
                      {m.disabled && ', disabled'}
                    </Table.Td>
                    <Table.Td>{of.manages && <Confirm label="Take away" question={`Take ${m.name}'s role in ${of.name} away?`} onConfirm={() => take.mutate(m.id)} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Loaded>
      {of.manages && (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            set.mutate();
          }}
        >
          <Group align="end">
            <TextInput label="Name of the user" value={user} onChange={(e) => setUser(e.currentTarget.value)} required />
            <Select label="Role" data={['reader', 'member', 'admin']} value={role} onChange={(v) => setRole(v ?? 'member')} allowDeselect={false} w={140} />
            <Button type="submit" loading={set.isPending}>
              Give the role
            </Button>
          </Group>
          {set.error && <ErrorNote error={set.error} />}
        </form>
      )}
    </Stack>
  );
}

function Users() {
  const queries = useQueryClient();
  const users = useAdmin<User[]>('/admin/users');
  const [name, setName] = useState('');
  const made = useMutation({
    mutationFn: async () => (await call<{ resetToken: string | null }>('POST', '/admin/users', { body: { name } })).body,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['admin'] }),
  });
  const change = useDo('Done', ({ id, disabled }: { id: string; disabled: boolean }) => call('PATCH', `/admin/users/${id}`, { body: { disabled } }));
  const discard = useDo('The user is gone', (id: string) => call('DELETE', `/admin/users/${id}`));
  return (
    <Stack>
      <Loaded query={users}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="There are no users yet">Make one below; tokens work without any.</Empty>
          ) : (
            <Table.ScrollContainer minWidth={640}>
              <Table>
                <Heads of={['Name', 'Sort', 'Roles', 'Signed in', 'Actions']} />
                <Table.Tbody>
                  {all.map((u) => (
                    <Table.Tr key={u.id}>
                      <Table.Td>{u.displayName ? `${u.displayName} (${u.name})` : u.name}</Table.Td>
                      <Table.Td>
                        {u.kind}
                        {u.disabled && ', disabled'}
                      </Table.Td>
                      <Table.Td>{u.roles.map((r) => `${r.role} in ${r.projectName ?? 'the cloud'}`).join(', ')}</Table.Td>
                      <Table.Td>{ago(u.lastSignIn)}</Table.Td>
                      <Table.Td>
                        <Group gap="xs">
                          <Button size="xs" variant="default" onClick={() => change.mutate({ id: u.id, disabled: !u.disabled })}>
                            {u.disabled ? 'Enable' : 'Disable'}
                          </Button>
                          <Confirm label="Delete" question={`Delete ${u.name} with all roles, sessions and tokens?`} onConfirm={() => discard.mutate(u.id)} />
                        </Group>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          made.mutate();
        }}
      >
        <Group align="end">
          <TextInput label="Name of a new user" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
          <Button type="submit" loading={made.isPending}>
            Make the user
          </Button>
        </Group>
        {made.error && <ErrorNote error={made.error} />}
      </form>
      {made.data?.resetToken && <Secret label="Token to set a password with" text={made.data.resetToken} />}
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
      <Loaded query={tokens}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="There are no tokens yet">Programs show one instead of a password.</Empty>
          ) : (
            <Table.ScrollContainer minWidth={640}>
              <Table>
                <Heads of={['Name', 'Role', 'Project', 'Made', 'Expires', 'Actions']} />
                <Table.Tbody>
                  {all.map((t) => (
                    <Table.Tr key={t.id}>
                      <Table.Td>{t.name}</Table.Td>
                      <Table.Td>{t.role ?? 'as its user'}</Table.Td>
                      <Table.Td>{projects.find((p) => p.id === t.project)?.name ?? t.project ?? 'all of its user'}</Table.Td>
                      <Table.Td>{ago(t.created)}</Table.Td>
                      <Table.Td>{t.expires ? moment(t.expires) : 'never'}</Table.Td>
                      <Table.Td>{t.revoked ? `revoked ${ago(t.revoked)}` : <Confirm label="Revoke" question={`Revoke ${t.name}? What uses it is refused from then on.`} onConfirm={() => revoke.mutate(t.id)} />}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          made.mutate();
        }}
      >
        <Group align="end">
          <TextInput label="Name of a new token" value={name} onChange={(e) => setName(e.currentTarget.value)} required />
          <Select label="In the project" data={projects.map((p) => ({ value: p.id, label: p.name }))} value={project} onChange={setProject} />
          <Select label="Role" data={['reader', 'member', 'operator', 'admin']} value={role} onChange={(v) => setRole(v ?? 'member')} allowDeselect={false} w={140} />
          <NumberInput label="Good for days" min={1} value={days} onChange={setDays} placeholder="for ever" w={130} />
          <Button type="submit" loading={made.isPending}>
            Make the token
          </Button>
        </Group>
        {made.error && <ErrorNote error={made.error} />}
      </form>
      {made.data && <Secret label="Token" text={made.data.token} />}
    </Stack>
  );
}

export default function ProjectsPage() {
  const me = useMe();
  const admin = atLeast(me, 'admin');
  const own = me.projects.find((p) => p.id === me.project);
  return (
    <Page title={admin ? 'Projects' : (own?.name ?? 'Project')}>
      <Tabs defaultValue={admin ? 'projects' : own ? 'members' : 'tokens'} keepMounted={false}>
        <Tabs.List>
          {admin && <Tabs.Tab value="projects">Projects and quotas</Tabs.Tab>}
          {own && <Tabs.Tab value="members">Members of {own.name}</Tabs.Tab>}
          {admin && <Tabs.Tab value="users">Users</Tabs.Tab>}
          {me.isUser && <Tabs.Tab value="own">Own tokens</Tabs.Tab>}
          {admin && <Tabs.Tab value="tokens">Tokens of nobody in particular</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="projects" pt="md">
          <Projects />
        </Tabs.Panel>
        <Tabs.Panel value="members" pt="md">
          {own && <Members of={own} />}
        </Tabs.Panel>
        <Tabs.Panel value="users" pt="md">
          <Users />
        </Tabs.Panel>
        <Tabs.Panel value="own" pt="md">
          <Tokens path="/auth/tokens" projects={me.projects} />
        </Tabs.Panel>
        <Tabs.Panel value="tokens" pt="md">
          <Tokens path="/admin/tokens" projects={me.projects} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
