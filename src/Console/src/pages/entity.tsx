import { Anchor, Card, Code, SimpleGrid, Table, Text } from '@mantine/core';
import { Link, Navigate, useNavigate, useParams } from 'react-router';
import { call, OCCI } from '../api/client';
import { COMPUTE, messageOf, nameOf, stateOf, STORAGE, termOf, text } from '../api/occi';
import { atLeast } from '../api/session';
import { ActionButtons } from '../parts/actions';
import { EntityForm } from '../parts/collection';
import { Timeline } from '../parts/explained';
import { settable, toValues } from '../parts/form';
import { useEntity, useMe, useModel } from '../parts/hooks';
import { SnapshotsOf } from '../parts/snapshots';
import { Loaded, Page, StateBadge } from '../parts/parts';

/** Any entity, of whatever kind: all of it, and what can be done with it. */
export default function EntityPage() {
  const { '*': rest = '' } = useParams();
  const path = '/' + rest;
  const me = useMe();
  const go = useNavigate();
  const { model } = useModel();
  const query = useEntity(path);
  const e = query.data;
  if (e?.kind === COMPUTE) return <Navigate to={path.replace('/compute/', '/machines/')} replace />;
  return (
    <Page title={e ? nameOf(e) : 'Entity'} badge={e && stateOf(e) && <StateBadge state={stateOf(e)} />}
      actions={e && atLeast(me, 'member') && <ActionButtons entity={e} onDeleted={() => void go(`/model/${termOf(e.kind)}`)} />}>
      <Loaded query={query}>
        {(entity) => {
          const mixins = entity.mixins ?? [];
          const definitions = model.attributesOf(entity.kind, mixins);
          const open = Object.fromEntries(settable(definitions).filter(([, d]) => d.mutable));
          return (
            <>
              <Text size="sm" role="status">
                {messageOf(entity)}
              </Text>
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                <Card withBorder>
                  <Table>
                    <Table.Tbody>
                      <Table.Tr>
                        <Table.Th scope="row">kind</Table.Th>
                        <Table.Td>
                          <Anchor component={Link} to={`/model/${termOf(entity.kind)}`} underline="always">
                            {termOf(entity.kind)}
                          </Anchor>
                        </Table.Td>
                      </Table.Tr>
                      <Table.Tr>
                        <Table.Th scope="row">path</Table.Th>
                        <Table.Td>
                          <Code>{path}</Code>
                        </Table.Td>
                      </Table.Tr>
                      <Table.Tr>
                        <Table.Th scope="row">mixins</Table.Th>
                        <Table.Td>{mixins.map(termOf).join(', ')}</Table.Td>
                      </Table.Tr>
                      {Object.keys(entity.attributes ?? {}).map((name) => (
                        <Table.Tr key={name}>
                          <Table.Th scope="row">{name}</Table.Th>
                          <Table.Td className="mono">{text(entity, name)}</Table.Td>
                        </Table.Tr>
                      ))}
                      {(entity.links ?? []).map((l) => (
                        <Table.Tr key={l.id}>
                          <Table.Th scope="row">{termOf(l.kind)}</Table.Th>
                          <Table.Td>
                            <Anchor component={Link} to={`/entity${l.target.location}`} underline="always">
                              {l.target.location}
                            </Anchor>
                          </Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </Card>
                {atLeast(me, 'member') && (
                  <Card withBorder>
                    <Text fw={600} mb="xs">
                      Change it
                    </Text>
                    <EntityForm key={path} kind={entity.kind} mixins={mixins} title={entity.title ?? ''} submit="Save"
                      initial={Object.fromEntries(Object.entries(toValues(entity.attributes)).filter(([name]) => name in open))}
                      save={(title, attributes) => call('POST', path, { body: { kind: entity.kind, id: entity.id, ...(title !== (entity.title ?? '') ? { title } : {}), attributes }, contentType: OCCI })} />
                  </Card>
                )}
              </SimpleGrid>
              {entity.kind === STORAGE && <SnapshotsOf disk={entity} />}
              <Timeline term={termOf(entity.kind)} id={path.replace(/^.*\//, '')} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
