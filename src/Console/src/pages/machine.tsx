import { Anchor, Code, List, SimpleGrid, Stack, Tabs, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Entity, Link as OcciLink } from '../api/occi';
import { attribute, messageOf, nameOf, NIC, remove, SECURITYGROUPLINK, stateOf, STORAGE, STORAGELINK, termOf, text, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import { ActionButtons } from '../parts/actions';
import { Chart, rates } from '../parts/chart';
import { ago, bytes, moment } from '../parts/format';
import { useAdmin, useDo, useEntities, useEntity, useMe } from '../parts/hooks';
import { Confirm, Empty, Loaded, Page, Part, StateBadge } from '../parts/parts';
import { SnapshotsOf } from '../parts/snapshots';
import { Facts, Rows } from '../parts/table';
import { AddLink } from '../parts/addlink';
import type { Explained } from '../parts/explained';
import { Timeline } from '../parts/explained';

const Serial = lazy(() => import('../parts/serial').then((m) => ({ default: m.Serial })));
const Screen = lazy(() => import('../parts/screen').then((m) => ({ default: m.Screen })));

interface Sample {
  taken: string;
  cpuSeconds?: number;
  memoryBytes?: number;
  memoryUsedBytes?: number;
  disks: { device: string; readBytes: number; writtenBytes: number }[];
  interfaces: { device: string; receivedBytes: number; sentBytes: number }[];
}

function Why({ id }: { id: string }) {
  const query = useAdmin<Explained>(`/admin/explain/compute/${id}`);
  return (
    <Loaded query={query}>
      {({ now, host, placement, refusal }) => (
        <Stack gap="xs">
          {now ? (
            <Text size="sm">
              It is <b>{now.state ?? 'not visible'}</b>{now.phase !== now.state && ` (${now.phase})`}. {now.message}
            </Text>
          ) : (
            <Text size="sm">It is not there: its creation was refused, or it was deleted.</Text>
          )}
          {now?.underWay.map((o) => (
            <Text size="sm" key={o.id}>
              Under way: <b>{o.what}</b> since {ago(o.since)}, {o.by ? `asked for by ${o.by}` : 'by itself'}, until {moment(o.deadline)} at most; attempts: {o.attempts}. {o.lastError}
            </Text>
          ))}
          {now && now.generation !== now.observedGeneration && (
            <Text size="sm">
              Its host has not yet done what is wanted now (generation {now.generation}, done is {now.observedGeneration}).
            </Text>
          )}
          <Text size="sm">
            {host ? (
              <>
                It is on {host.id ? <Anchor component={Link} to={`/hosts/${host.id}`} underline="always">{host.name}</Anchor> : 'a host'}, which is {host.status}. {host.why}
              </>
            ) : (
              'It is on no host.'
            )}
          </Text>
          {placement && (
            <Text size="sm">
              Placed {ago(placement.at)}
              {placement.detail.strategy ? `, by the strategy ${placement.detail.strategy}` : ''}
              {placement.detail.hosts?.[0]?.weights ? `: the host weighed ${Object.entries(placement.detail.hosts[0].weights).map(([n, w]) => `${w.toFixed(2)} for ${n}`).join(', ')}` : ''}.
            </Text>
          )}
          {refusal && (
            <Text size="sm">
              Refused a place {ago(refusal.at)} ({refusal.outcome}): {refusal.why}
            </Text>
          )}
          {Object.keys((refusal ?? placement)?.detail.rejected ?? {}).length > 0 && (
            <List size="sm">
              {Object.entries((refusal ?? placement)!.detail.rejected!).map(([name, r]) => (
                <List.Item key={name}>
                  {r.hosts} host(s) rejected: {r.words}
                </List.Item>
              ))}
            </List>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

function Metrics({ id }: { id: string }) {
  const query = useAdmin<{ samples: Sample[] }>(`/metrics/compute/${id}`, { every: 15_000 });
  return (
    <Loaded query={query}>
      {({ samples }) => {
        if (samples.length < 2) return <Empty title="There are no measures yet">A running machine is measured every 15 seconds; a rate takes two of them.</Empty>;
        const series = (total: (s: Sample) => number | undefined) => rates(samples.map((s) => ({ at: Date.parse(s.taken), total: total(s) })));
        const perSecond = (v: number) => `${bytes(v)}/s`;
        return (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            <Chart title="CPU" points={series((s) => s.cpuSeconds)} format={(v) => `${(v * 100).toFixed(1)} % of a core`} />
            <Chart title="Memory used" points={samples.map((s) => ({ at: Date.parse(s.taken), value: s.memoryUsedBytes ?? 0 }))} format={bytes} />
            {(samples.at(-1)?.disks ?? []).map(({ device }) => (
              <Chart key={device} title={`${device} read and written`} format={perSecond}
                points={series((s) => s.disks.filter((d) => d.device === device).map((d) => d.readBytes + d.writtenBytes)[0])} />
            ))}
            {(samples.at(-1)?.interfaces ?? []).flatMap(({ device }) => [
              <Chart key={device + 'in'} title={`${device} received`} format={perSecond} points={series((s) => s.interfaces.find((n) => n.device === device)?.receivedBytes)} />,
              <Chart key={device + 'out'} title={`${device} sent`} format={perSecond} points={series((s) => s.interfaces.find((n) => n.device === device)?.sentBytes)} />,
            ])}
          </SimpleGrid>
        );
      }}
    </Loaded>
  );
}

function Links({ machine, kinds, columns, empty, hint, target, heading, label }: {
  machine: Entity;
  kinds: string[];
  columns: [string, (l: OcciLink) => string][];
  empty: string;
  hint: string;
  heading: string;
  target: { link: string; location: string; kind: string };
  label: string;
}) {
  const me = useMe();
  const links = (machine.links ?? []).filter((l) => kinds.includes(l.kind));
  const targets = useEntities(target.location);
  const named = (l: OcciLink) => {
    const found = targets.data?.find((e) => uuidOf(e.id) === uuidOf(l.target.location));
    return found ? nameOf(found) : uuidOf(l.target.location).slice(0, 8);
  };
  const detach = useDo('Being detached', (l: OcciLink) => remove(`/${termOf(l.kind)}/${uuidOf(l.id)}`));
  return (
    <Stack gap="sm">
      {links.length === 0 ? (
        <Empty title={empty}>{hint}</Empty>
      ) : (
        <Rows rows={links} id={(l) => l.id} minWidth={560}
          columns={[
            ...columns,
            [heading, (l) => <Anchor component={Link} to={`/entity${l.target.location}`} underline="always">{named(l)}</Anchor>],
            ['State', (l) => <><StateBadge state={stateOf(l)} /> <Text size="xs">{messageOf(l)}</Text></>],
            ['Actions', (l) => atLeast(me, 'member') && <Confirm label="Detach" question={`Detach the ${label} ${named(l)} from ${nameOf(machine)}?`} onConfirm={() => detach.mutate(l)} />],
          ]} />
      )}
      {atLeast(me, 'member') && <AddLink source={machine} {...target} label={label} />}
    </Stack>
  );
}

/** Snapshots are of the disks that the machine has; of its root disk, an OS template is saved. */
function Snapshots({ machine }: { machine: Entity }) {
  const disks = (machine.links ?? []).filter((l) => l.kind === STORAGELINK).map((l) => uuidOf(l.target.location));
  return (
    <Stack>
      <Text size="sm">The root disk is saved as an OS template with the action “save”. Each disk that is attached can have snapshots.</Text>
      {disks.length === 0 && <Empty title="No disk is attached">Attach a volume under Disks, then its snapshots are here.</Empty>}
      {disks.map((id) => (
        <SnapshotsOfDisk key={id} id={id} />
      ))}
    </Stack>
  );
}

function SnapshotsOfDisk({ id }: { id: string }) {
  const query = useEntity(`/storage/${id}`);
  return <Loaded query={query}>{(disk) => <SnapshotsOf disk={disk} />}</Loaded>;
}

const TABS = [['overview', 'Overview'], ['timeline', 'Timeline'], ['metrics', 'Metrics'], ['disks', 'Disks'], ['interfaces', 'Interfaces'], ['snapshots', 'Snapshots'], ['serial', 'Serial console'], ['screen', 'Screen']] as const;

export default function Machine() {
  const { id = '', tab = 'overview' } = useParams();
  const me = useMe();
  const go = useNavigate();
  const query = useEntity(`/compute/${id}`);
  const machine = query.data;
  return (
    <Page title={machine ? nameOf(machine) : 'Machine'} badge={machine && <StateBadge state={stateOf(machine)} />}
      actions={machine && atLeast(me, 'member') && <ActionButtons entity={machine} onDeleted={() => void go('/machines')} />}>
      <Loaded query={query}>
        {(m) => (
          <>
            {messageOf(m) && (
              <Text size="sm" role="status">
                {messageOf(m)}
              </Text>
            )}
            <Tabs value={tab} onChange={(v) => void go(`/machines/${id}/${v ?? 'overview'}`)} keepMounted={false}>
              <Tabs.List>
                {TABS.map(([value, label]) => (
                  <Tabs.Tab key={value} value={value}>
                    {label}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value="overview" pt="md">
                <SimpleGrid cols={{ base: 1, md: 2 }}>
                  <Part title="Why it is as it is">
                    <Why id={id} />
                  </Part>
                  <Part title="What it is">
                    <Facts of={[
                      ['Id', <Code key="id">{uuidOf(m.id)}</Code>],
                      ['Cores', text(m, 'occi.compute.cores')],
                      ['Memory', `${text(m, 'occi.compute.memory')} GiB`],
                      ['Host name', text(m, 'occi.compute.hostname')],
                      ['Architecture', text(m, 'occi.compute.architecture')],
                      ['Root disk', attribute(m, 'occi.compute.ephemeral_storage.size') !== undefined ? `${text(m, 'occi.compute.ephemeral_storage.size')} GiB` : ''],
                      ['Mixins', (m.mixins ?? []).map(termOf).join(', ')],
                      ['Security groups', String((m.links ?? []).filter((l) => l.kind === SECURITYGROUPLINK).length)],
                    ]} />
                  </Part>
                </SimpleGrid>
              </Tabs.Panel>
              <Tabs.Panel value="timeline" pt="md">
                <Timeline term="compute" id={id} />
              </Tabs.Panel>
              <Tabs.Panel value="metrics" pt="md">
                <Metrics id={id} />
              </Tabs.Panel>
              <Tabs.Panel value="disks" pt="md">
                <Links machine={m} kinds={[STORAGELINK]} label="volume" empty="No volume is attached" target={{ link: STORAGELINK, location: '/storage/', kind: STORAGE }}
                  columns={[['Device', (l) => text(l, 'occi.storagelink.deviceid')]]} heading="Volume" hint="Choose one below; volumes are made under Volumes." />
              </Tabs.Panel>
              <Tabs.Panel value="interfaces" pt="md">
                <Links machine={m} kinds={[NIC]} label="network" empty="It has no network interface" target={{ link: NIC, location: '/network/', kind: 'http://schemas.ogf.org/occi/infrastructure#network' }}
                  columns={[['Device', (l) => text(l, 'occi.networkinterface.interface')], ['Address', (l) => text(l, 'occi.networkinterface.address')], ['MAC', (l) => text(l, 'occi.networkinterface.mac')]]} heading="Network" hint="Choose a network below; networks are made under Networks." />
              </Tabs.Panel>
              <Tabs.Panel value="snapshots" pt="md">
                <Snapshots machine={m} />
              </Tabs.Panel>
              <Tabs.Panel value="serial" pt="md">
                <Suspense>
                  {/* Anew with each state: a console of a machine that does not run yet is refused. */}
                  <Serial key={stateOf(m)} machine={id} mayType={atLeast(me, 'member')} />
                </Suspense>
              </Tabs.Panel>
              <Tabs.Panel value="screen" pt="md">
                {atLeast(me, 'member') ? (
                  <Suspense>
                    <Screen key={stateOf(m)} machine={id} />
                  </Suspense>
                ) : (
                  <Empty title="The role reader may not open a screen">The serial log is there for readers.</Empty>
                )}
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </Loaded>
    </Page>
  );
}

