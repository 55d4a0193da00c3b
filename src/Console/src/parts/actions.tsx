import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import type { Entity } from '../api/occi';
import { act, nameOf, remove, termOf } from '../api/occi';
import { Confirm } from './parts';
import type { Values } from './form';
import { Fields, Form, toAttributes } from './form';
import { useDo, useModel } from './hooks';

/** A button for each action that is applicable now; what takes parameters asks for them. */
export function ActionButtons({ entity, onDeleted, deletable = true }: { entity: Entity; onDeleted?: () => void; deletable?: boolean }) {
  const { model } = useModel();
  const path = model.pathOf(entity);
  const [asked, setAsked] = useState<string | null>(null);
  const [values, setValues] = useState<Values>({});
  const definitions = (asked && model.action(asked)?.attributes) || {};
  const invoke = useDo('Done', ({ action, given }: { action: string; given: Values }) => act(path, action, toAttributes(model.action(action)?.attributes ?? {}, given)), () => setAsked(null));
  const discard = useDo(`${nameOf(entity)} is being deleted`, () => remove(path), onDeleted);
  return (
    <Group gap="xs">
      {(entity.actions ?? []).map((action) => {
        const takes = Object.keys(model.action(action)?.attributes ?? {}).length > 0;
        return (
          <Button key={action} size="xs" variant="default" loading={invoke.isPending && invoke.variables.action === action} title={model.titleOf(action)}
            onClick={() => {
              if (!takes) return invoke.mutate({ action, given: {} });
              setValues({});
              setAsked(action);
            }}>
            {termOf(action) + (takes ? '…' : '')}
          </Button>
        );
      })}
      {deletable && <Confirm label="Delete" question={`Delete ${nameOf(entity)}? What is on it is gone then.`} onConfirm={() => discard.mutate()} loading={discard.isPending} />}
      <Modal opened={asked !== null} onClose={() => setAsked(null)} title={asked ? model.titleOf(asked) : ''} centered>
        <Form work={{ ...invoke, mutate: () => asked && invoke.mutate({ action: asked, given: values }) }} submit={asked ? termOf(asked) : ''}>
          <Fields definitions={Object.entries(definitions)} values={values} onChange={setValues} />
        </Form>
      </Modal>
    </Group>
  );
}
