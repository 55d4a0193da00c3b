import { Anchor, Button, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Entity } from '../api/occi';
import { act, nameOf, remove, SNAPSHOT, stateOf, text, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import { useDo, useMe } from './hooks';
import { PagedRows, usePagedEntities } from './paged';
import { Confirm, Part, StateBadge } from './parts';

const TAKE = 'http://schemas.ogf.org/occi/infrastructure/storage/action#snapshot';
const REVERT = 'http://controller.local/occi/storage/action#revert';
const at = (e: Entity) => `/storage/${uuidOf(e.id)}`;

/** A volume's snapshots: makes one, goes back to one, deletes one. */
export function SnapshotsOf({ disk }: { disk: Entity }) {
  const me = useMe();
  const snapshots = usePagedEntities('/storage/', { mixins: [SNAPSHOT], attributes: { 'local.controller.storage.origin': at(disk) } }, `snapshots-${uuidOf(disk.id).slice(0, 8)}`);
  const take = useDo('A snapshot is being made', () => act(at(disk), TAKE));
  const revert = useDo('Going back to the snapshot', (s: Entity) => act(at(s), REVERT));
  const discard = useDo('The snapshot is being deleted', (s: Entity) => remove(at(s)));
  const may = atLeast(me, 'member');
  return (
    <Part title={`Snapshots of ${nameOf(disk)}`} actions={may && <Button size="xs" onClick={() => take.mutate()} loading={take.isPending}>Take a snapshot</Button>}>
      <PagedRows paged={snapshots} id={(s) => s.id} minWidth={420} mark={(s) => ({ 'data-snapshot': uuidOf(s.id) })}
          empty="There is none yet" hint="One is a whole copy of this moment, and a volume like any other; it counts as one."
          columns={[
            ['Title', (s) => <Anchor component={Link} to={`/entity${at(s)}`} underline="always">{nameOf(s)}</Anchor>],
            ['State', (s) => <StateBadge state={stateOf(s)} />],
            ['Size', (s) => `${text(s, 'occi.storage.size')} GiB`],
            ...(may
              ? [['Actions', (s: Entity) => (
                  <Group gap="xs">
                    <Confirm label="Go back to it" question={`Put the content of ${nameOf(s)} back into ${nameOf(disk)}? What was written since is gone then.`} disabled={!s.actions?.includes(REVERT)} onConfirm={() => revert.mutate(s)} />
                    <Confirm label="Delete" question={`Delete ${nameOf(s)}?`} onConfirm={() => discard.mutate(s)} />
                  </Group>
                )] as const]
              : []),
          ]}>
        {may && snapshots.rows.length > 0 && <Text size="xs">A volume goes back to a snapshot while no machine has it: detach it first.</Text>}
      </PagedRows>
    </Part>
  );
}
