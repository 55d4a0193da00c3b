import { Stack, Tabs } from '@mantine/core';
import type { Entity } from '../api/occi';
import { IPRESERVATION, NETWORK, SECURITYGROUP, termOf, text } from '../api/occi';
import { Collection, NewEntityButton } from '../parts/collection';
import { useEntities, useModel } from '../parts/hooks';
import { Page } from '../parts/parts';

const IPNETWORK = 'http://schemas.ogf.org/occi/infrastructure/network#ipnetwork';

function rules(e: Entity): string {
  const all = e.attributes?.['local.controller.securitygroup.rules'];
  if (!Array.isArray(all) || all.length === 0) return 'none: nothing is let in';
  return all
    .map((r) => r as Record<string, string | number>)
    .map((r) => `${r['direction'] === 'egress' ? 'out' : 'in'} ${r['protocol'] ?? 'any'}${r['ports'] ? ` ${r['ports']}` : ''}${r['remote'] ? ` ${r['direction'] === 'egress' ? 'to' : 'from'} ${r['remote']}` : ''}`)
    .join('; ');
}

export default function Networks() {
  const { model } = useModel();
  const machines = useEntities('/compute/');
  const members = (network: Entity) =>
    (machines.data ?? [])
      .flatMap((m) => (m.links ?? []).filter((l) => l.target.location === model.pathOf(network)).map((l) => `${m.title ?? 'machine'} ${text(l, 'occi.networkinterface.address')}`.trim()))
      .join(', ');
  return (
    <Page title="Networks">
      <Tabs defaultValue="networks" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="networks">Networks</Tabs.Tab>
          <Tabs.Tab value="addresses">Reserved addresses</Tabs.Tab>
          <Tabs.Tab value="groups">Security groups</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="networks" pt="md">
          <Stack>
            <NewEntityButton kind={NETWORK} label="New network" mixins={[IPNETWORK]} initial={{ 'occi.network.allocation': 'dynamic' }} />
            <Collection location="/network/" only={(e) => e.kind === NETWORK} empty="There are no networks yet" hint="Make one with an address range such as 10.20.0.0/24: machines get their addresses from it."
              columns={[
                ['Range', (e) => text(e, 'occi.network.address')],
                ['Gateway', (e) => text(e, 'occi.network.gateway')],
                ['Addresses given', members],
                ['Mixins', (e) => (e.mixins ?? []).map(termOf).join(', ')],
              ]} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="addresses" pt="md">
          <Stack>
            <NewEntityButton kind={IPRESERVATION} label="Reserve an address" />
            <Collection location="/ipreservation/" name="addresses" empty="No address is reserved" hint="A reserved address stays yours, and is given to a machine on its page under Interfaces. An admin makes the network that they come from (mixins bridged and floating)."
              columns={[['Address', (e) => text(e, 'occi.ipreservation.address')], ['Used', (e) => (text(e, 'occi.ipreservation.used') === 'true' ? 'yes' : 'no')]]} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="groups" pt="md">
          <Stack>
            <NewEntityButton kind={SECURITYGROUP} label="New security group"
              initial={{ 'local.controller.securitygroup.rules': '[{"direction":"ingress","protocol":"tcp","ports":22,"remote":"0.0.0.0/0"}]' }} />
            <Collection location="/securitygroup/" name="groups" columns={[['Rules', rules]]} empty="There are no security groups yet" hint="A machine in no group is open. Make a group with rules, then choose it when you make a machine." />
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
