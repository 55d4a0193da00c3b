import { Anchor, Button, Modal, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Attributes, Entity, Filter } from '../api/occi';
import { create, messageOf, stateOf, uuidOf } from '../api/occi';
import { atLeast } from '../api/session';
import { ActionButtons } from './actions';
import type { Values } from './form';
import { Fields, Form, settable, toAttributes } from './form';
import { useDo, useMe, useModel } from './hooks';
import { PagedRows, usePagedEntities } from './paged';
import { StateBadge } from './parts';
import type { Column } from './table';

/** The entities of a kind in a table, each with what can be done with it. <c>name</c>: of its page in the address, where there are several tables. */
export function Collection({ location, name, filter = {}, columns, empty, hint, only }: {
  location: string;
  name?: string;
  filter?: Filter;
  columns: readonly Column<Entity>[];
  empty: string;
  hint: string;
  only?: (e: Entity) => boolean;
}) {
  const me = useMe();
  const { model } = useModel();
  const paged = usePagedEntities(location, filter, name);
  return (
    <PagedRows paged={paged} only={only} id={(e) => e.id} empty={empty} hint={atLeast(me, 'member') ? hint : 'Your role looks at things; a member of the project makes them.'}
      columns={[
        ['Title', (e) => <Anchor component={Link} to={`/entity${model.pathOf(e)}`} underline="always">{e.title || uuidOf(e.id).slice(0, 8)}</Anchor>],
        ['State', (e) => <><StateBadge state={stateOf(e)} /><Text size="xs">{messageOf(e)}</Text></>],
        ...columns,
        ...(atLeast(me, 'member') ? [['Actions', (e: Entity) => <ActionButtons entity={e} />] as const] : []),
      ]} />
  );
}

/** A form for a new entity of any kind: what the model says can be set. */
export function NewEntityButton({ kind, label, mixins = [], initial, onDone }: { kind: string; label: string; mixins?: string[]; initial?: Values; onDone?: (path: string) => void }) {
  const { model } = useModel();
  const me = useMe();
  const [opened, setOpened] = useState(false);
  if (!atLeast(me, 'member')) return null;
  return (
    <>
      <Button size="xs" onClick={() => setOpened(true)} style={{ alignSelf: 'flex-start' }}>
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
    <Form work={work} submit={submit}>
      {children}
      <TextInput label="Title" value={title} onChange={(e) => setTitle(e.currentTarget.value)} data-autofocus />
      <Fields definitions={settable(definitions)} values={values} onChange={setTyped} />
    </Form>
  );
}
