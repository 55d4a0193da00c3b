import { Button, Group, Modal, Stack } from '@mantine/core';
import { useState } from 'react';
import type { Entity } from '../api/occi';
import { act, nameOf, remove, termOf } from '../api/occi';
import { ErrorNote, Confirm } from './parts';
import type { Values } from './form';
import { Fields, toAttributes } from './form';
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
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (asked) invoke.mutate({ action: asked, given: values });
          }}
        >
          <Stack>
            <Fields definitions={Object.entries(definitions)} values={values} onChange={setValues} />
            {invoke.error && <ErrorNote error={invoke.error} />}
            <Button type="submit" loading={invoke.isPending}>
              {asked ? termOf(asked) : ''}
            </Button>
          </Stack>
        </form>
      </Modal>
    </Group>
  );
}
