import { Anchor, Button, Checkbox, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Entity, Filter } from '../api/occi';
import { act, messageOf, nameOf, NIC, OS_TPL, remove, stateOf, termOf, text, uuidOf } from '../api/occi';
import { useDo, useMe, useModel } from '../parts/hooks';
import { atLeast } from '../api/session';
import { PagedRows, usePagedEntities } from '../parts/paged';
import { Confirm, GoButton, Page, StateBadge } from '../parts/parts';

const ACTION = 'http://schemas.ogf.org/occi/infrastructure/compute/action#';

const addresses = (m: Entity) => (m.links ?? []).filter((l) => l.kind === NIC).map((l) => text(l, 'occi.networkinterface.address')).filter(Boolean).join(', ');

/** One after the other would take long, all at once would be refused: four at a time, and what failed is told together. */
async function each(machines: readonly Entity[], work: (machine: Entity) => Promise<unknown>) {
  const waiting = [...machines];
  const failures: string[] = [];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const machine = one;
      await work(machine).catch((failure: Error) => failures.push(`${nameOf(machine)}: ${failure.message}`));
    }
  }));
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

export default function Machines() {
  const { model } = useModel();
  const may = atLeast(useMe(), 'member');
  const [params, setParams] = useSearchParams();
  const state = params.get('state') ?? '';
  const image = params.get('image') ?? '';
  const [title, setTitle] = useState(params.get('title') ?? '');
  const [searched] = useDebouncedValue(title, 300);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const filter: Filter = { title: searched, attributes: { 'occi.compute.state': state }, mixins: image ? [image] : [] };
  const machines = usePagedEntities('/compute/', filter);
  const set = (changes: Record<string, string>) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      next.delete('page');
      for (const [name, value] of Object.entries(changes)) if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  const selected = machines.rows.filter((m) => chosen.has(m.id));
  const invoke = useDo('Asked for', (term: string) => each(selected, (m) => act('/compute/' + uuidOf(m.id), ACTION + term)), () => setChosen(new Set()));
  const discard = useDo('Being deleted', () => each(selected, (m) => remove('/compute/' + uuidOf(m.id))), () => setChosen(new Set()));
  const can = (term: string) => selected.length > 0 && selected.every((m) => m.actions?.includes(ACTION + term));
  const narrowed = state !== '' || image !== '' || searched !== '';
  return (
    <Page title="Machines" actions={may && <GoButton to="/machines/new" label="New machine" hotkey="c" />}>
      <Group gap="sm" align="end">
        <TextInput label="Title" placeholder="or a part of it" maxLength={255} data-search value={title} onChange={(e) => { setTitle(e.currentTarget.value); set({ title: e.currentTarget.value }); }} w={180} />
        <Select label="State" placeholder="any" clearable data={['active', 'inactive', 'suspended', 'error']} value={state || null} onChange={(v) => set({ state: v ?? '' })} w={140} />
        <Select label="Image" placeholder="any" clearable searchable w={180} value={image || null} onChange={(v) => set({ image: v ?? '' })}
          data={model.dependants(OS_TPL).map((m) => ({ value: m.scheme + m.term, label: m.title ?? m.term }))} />
        {may && <Group gap="xs" role="group" aria-label="With the selected machines">
          {['start', 'stop', 'restart', 'suspend'].map((term) => (
            <Button key={term} size="xs" variant="default" disabled={!can(term)} onClick={() => invoke.mutate(term)} loading={invoke.isPending && invoke.variables === term}>
              {term}
            </Button>
          ))}
          <Confirm label="Delete selected" question={`Delete ${selected.length} machine(s) with their root disks: ${selected.map(nameOf).join(', ')}?`} disabled={selected.length === 0} loading={discard.isPending} onConfirm={() => discard.mutate()} />
        </Group>}
      </Group>
      <PagedRows paged={machines} id={(m) => m.id} minWidth={620} mark={(m) => ({ 'data-machine': nameOf(m) })}
        {...(narrowed
          ? { empty: 'No machine is like that', action: <Button variant="default" onClick={() => { setTitle(''); setParams({}); }}>Show all</Button> }
          : {
              empty: 'There are no machines yet', action: may && <GoButton to="/machines/new" label="Make the first one" />,
              hint: may ? 'A machine is made of an image and a size. It takes a few seconds.' : 'Your role looks at things; a member of the project makes them.',
            })}
        columns={[
          [
            <Checkbox key="all" aria-label="Select all" checked={selected.length === machines.rows.length} indeterminate={selected.length > 0 && selected.length < machines.rows.length}
              onChange={(e) => setChosen(new Set(e.currentTarget.checked ? machines.rows.map((m) => m.id) : []))} />,
            (m) => (
              <Checkbox aria-label={`Select ${nameOf(m)}`} checked={chosen.has(m.id)}
                onChange={(e) => {
                  const next = new Set(chosen);
                  if (e.currentTarget.checked) next.add(m.id);
                  else next.delete(m.id);
                  setChosen(next);
                }} />
            ),
          ],
          ['Title', (m) => <Anchor component={Link} to={`/machines/${uuidOf(m.id)}`} underline="always">{nameOf(m)}</Anchor>],
          ['State', (m) => <><StateBadge state={stateOf(m)} /><Text size="xs">{messageOf(m)}</Text></>],
          ['Cores', (m) => text(m, 'occi.compute.cores')],
          ['Memory', (m) => `${text(m, 'occi.compute.memory')} GiB`],
          ['Addresses', addresses],
          ['Image', (m) => (m.mixins ?? []).filter((x) => /os_tpl#/.test(x)).map(termOf).join(', ')],
        ]} />
    </Page>
  );
}

