import { Anchor, Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Attributes, Entity } from '../api/occi';
import { create, messageOf, stateOf, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import { ActionButtons } from './actions';
import type { Values } from './form';
import { Fields, settable, toAttributes } from './form';
import { useDo, useEntities, useMe, useModel } from './hooks';
import { Empty, ErrorNote, Loaded, StateBadge } from './parts';

export type Column = readonly [string, (e: Entity) => React.ReactNode];

/** The entities of a kind in a table, each with what can be done with it. */
export function Collection({ location, columns, empty, hint, only }: { location: string; columns: readonly Column[]; empty: string; hint: string; only?: (e: Entity) => boolean }) {
  const me = useMe();
  const { model } = useModel();
  const query = useEntities(location);
  return (
    <Loaded query={query}>
      {(all) => {
        const found = only ? all.filter(only) : all;
        if (found.length === 0) return <Empty title={empty}>{hint}</Empty>;
        return (
          <Table.ScrollContainer minWidth={640}>
            <Table verticalSpacing="xs" highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  {['Title', 'State', ...columns.map(([h]) => h), 'Actions'].map((h) => (
                    <Table.Th key={h}>{h}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((e) => (
                  <Table.Tr key={e.id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/entity${model.pathOf(e)}`} underline="always">
                        {e.title || uuidOf(e.id).slice(0, 8)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>
                      <StateBadge state={stateOf(e)} />
                      <Text size="xs">{messageOf(e)}</Text>
                    </Table.Td>
                    {columns.map(([h, value]) => (
                      <Table.Td key={h}>{value(e)}</Table.Td>
                    ))}
                    <Table.Td>{atLeast(me, 'member') && <ActionButtons entity={e} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        );
      }}
    </Loaded>
  );
}

/** A form for a new entity of any kind: what the model says can be set. */
export function NewEntityButton({ kind, label, mixins = [], initial, onDone }: { kind: string; label: string; mixins?: string[]; initial?: Values; onDone?: (path: string) => void }) {
  const { model } = useModel();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button size="xs" onClick={() => setOpened(true)}>
        {label}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={label} size="lg" centered>
        {opened && (
          <EntityForm kind={kind} mixins={mixins} initial={initial ?? {}} submit="Create"
            save={(title, attributes, chosen) => create(model.kind(kind)?.location ?? '/', { kind, ...(title ? { title } : {}), mixins: chosen, attributes })}
            onDone={(path) => {
              setOpened(false);
              onDone?.(path as string);
            }} />
        )}
      </Modal>
    </>
  );
}

/** Title and attributes of an entity, with those of the mixins that it has. */
export function EntityForm({ kind, mixins, initial, title: named = '', submit, save, onDone, children }: {
  kind: string;
  mixins: string[];
  initial: Values;
  title?: string;
  submit: string;
  save: (title: string, attributes: Attributes, mixins: string[]) => Promise<unknown>;
  onDone?: (result: unknown) => void;
  children?: React.ReactNode;
}) {
  const { model } = useModel();
  // Only what was typed is kept here: what changes in the cloud meanwhile shows through, and is not sent back.
  const [typedTitle, setTitle] = useState<string | null>(null);
  const [typed, setTyped] = useState<Values>({});
  const title = typedTitle ?? named;
  const values = { ...initial, ...typed };
  const definitions = model.attributesOf(kind, mixins);
  const work = useDo(`${submit}: done`, async () => {
    const sent = Object.fromEntries(Object.entries(values).filter(([name, value]) => name in definitions && (submit === 'Create' || value !== initial[name])));
    const result = await save(title, toAttributes(definitions, sent), mixins);
    onDone?.(result);
    setTyped({});
    setTitle(null);
  });
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        work.mutate();
      }}
    >
      <Stack>
        {children}
        <TextInput label="Title" value={title} onChange={(e) => setTitle(e.currentTarget.value)} data-autofocus />
        <Fields definitions={settable(definitions)} values={values} onChange={setTyped} />
        {work.error && <ErrorNote error={work.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={work.isPending}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

