import { Select } from '@mantine/core';
import { useState } from 'react';
import type { Entity } from '../api/occi';
import { create, nameOf, termOf, uuidOf } from '../api/occi';
import { Form } from './form';
import { useDo, useEntities, useModel } from './hooks';

/** Links an entity to one of a collection, chosen by name. */
export function AddLink({ source, link, location, kind, label }: { source: Entity; link: string; location: string; kind: string; label: string }) {
  const { model } = useModel();
  const candidates = useEntities(location);
  const [chosen, setChosen] = useState<string | null>(null);
  const attach = useDo('Being attached', (id: string) =>
    create(model.kind(link)?.location ?? `/${termOf(link)}/`, {
      kind: link, source: { location: model.pathOf(source), kind: source.kind }, target: { location: location + uuidOf(id), kind },
    }), () => setChosen(null));
  return (
    <Form work={{ ...attach, mutate: () => chosen && attach.mutate(chosen) }} submit="Attach" what="Not attached" inline disabled={chosen === null}>
      <Select label={`Attach a ${label}`} placeholder={candidates.data?.length === 0 ? `There is no ${label} yet` : 'Choose one'} searchable w={280} value={chosen} onChange={setChosen}
        data={(candidates.data ?? []).map((e) => ({ value: e.id, label: nameOf(e) }))} />
    </Form>
  );
}
