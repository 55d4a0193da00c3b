import { Tabs } from '@mantine/core';
import type { Entity } from '../api/occi';
import { BACKUP, SNAPSHOT, STORAGE, text, uuidOf } from '../api/occi';
import { Collection, NewEntityButton } from '../parts/collection';
import { Page } from '../parts/parts';

const COPIES = [['snapshot', SNAPSHOT], ['backup', BACKUP]] as const;
const isCopy = (e: Entity) => (e.mixins ?? []).some((m) => m === SNAPSHOT || m === BACKUP);
const size = ['Size', (e: Entity) => `${text(e, 'occi.storage.size')} GiB`] as const;
const origin = ['Of', (e: Entity) => uuidOf(text(e, 'local.controller.storage.origin')).slice(0, 8)] as const;

export default function Volumes() {
  return (
    <Page title="Volumes" actions={<NewEntityButton kind={STORAGE} label="New volume" />}>
      <Tabs defaultValue="volumes" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="volumes">Volumes</Tabs.Tab>
          <Tabs.Tab value="snapshot">Snapshots</Tabs.Tab>
          <Tabs.Tab value="backup">Backups</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="volumes" pt="md">
          <Collection location="/storage/" columns={[size]} only={(e) => !isCopy(e)} empty="There are no volumes yet" hint="Make one, then attach it on a machine's page under Disks." />
        </Tabs.Panel>
        {COPIES.map(([copy, mixin]) => (
          <Tabs.Panel key={copy} value={copy} pt="md">
            <Collection location="/storage/" name={`${copy}s`} filter={{ mixins: [mixin] }} columns={[size, origin]} empty={`There are no ${copy}s yet`} hint={`A volume's action ${copy} makes them: whole copies of one moment.`} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
