import { Tabs } from '@mantine/core';
import type { Entity } from '../api/occi';
import { STORAGE, text, uuidOf } from '../api/occi';
import { Collection, NewEntityButton } from '../parts/collection';
import { Page } from '../parts/parts';

const COPY = /storage#(snapshot|backup)$/;
const isCopy = (e: Entity) => (e.mixins ?? []).some((m) => COPY.test(m));
const size = ['Size', (e: Entity) => `${text(e, 'occi.storage.size')} GiB`] as const;
const origin = ['Of', (e: Entity) => uuidOf(text(e, 'local.controller.storage.origin')).slice(0, 8)] as const;

export default function Volumes() {
  return (
    <Page title="Volumes" actions={<NewEntityButton kind={STORAGE} label="New volume" />}>
      <Tabs defaultValue="volumes" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="volumes">Volumes</Tabs.Tab>
          <Tabs.Tab value="snapshots">Snapshots and backups</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="volumes" pt="md">
          <Collection location="/storage/" columns={[size]} only={(e) => !isCopy(e)} empty="There are no volumes yet" hint="Make one, then attach it on a machine's page under Disks." />
        </Tabs.Panel>
        <Tabs.Panel value="snapshots" pt="md">
          <Collection location="/storage/" columns={[size, origin]} only={isCopy} empty="There are no snapshots yet" hint="A volume's actions snapshot and backup make them: whole copies of one moment." />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
