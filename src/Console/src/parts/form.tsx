import { Button, Checkbox, Group, NumberInput, Select, Stack, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AttributeDefinition, Attributes, Json } from '../api/occi';
import { ErrorNote } from './parts';

export type Values = Record<string, string>;

/** What the fields hold, as the API takes it; what is left empty is left out. Throws where JSON can't be read. */
export function toAttributes(definitions: Record<string, AttributeDefinition>, values: Values): Attributes {
  const found: Attributes = {};
  for (const [name, value] of Object.entries(values)) {
    const type = definitions[name]?.type ?? 'string';
    if (value === '') continue;
    if (type === 'number') found[name] = Number(value);
    else if (type === 'boolean') found[name] = value === 'true';
    else if (type === 'array' || type === 'object') {
      try {
        found[name] = JSON.parse(value) as Json;
      } catch (failure) {
        throw new Error(`${name} must be JSON: ${(failure as Error).message}`, { cause: failure });
      }
    } else found[name] = value;
  }
  return found;
}

export function toValues(attributes: Attributes | undefined): Values {
  return Object.fromEntries(Object.entries(attributes ?? {}).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value)]));
}

/** The attributes that a client sets; core's title and summary have fields of their own. */
export const settable = (definitions: Record<string, AttributeDefinition>) =>
  Object.entries(definitions).filter(([name, d]) => !/^occi\.core\.(id|title|summary|source|target)/.test(name) && (d.mutable || d.required) && !/\.state(\.message)?$/.test(name));

const label = (name: string) => name.replace(/^(occi|local\.controller)\./, '');

/** A field for each attribute, by its definition: whatever kind or mixin it is of. */
export function Fields({ definitions, values, onChange }: {
  definitions: readonly (readonly [string, AttributeDefinition])[];
  values: Values;
  onChange: (values: Values) => void;
}) {
  return (
    <Stack gap="sm">
      {definitions.map(([name, d]) => {
        const set = (value: string) => onChange({ ...values, [name]: value });
        const common = { label: label(name), description: d.description, required: d.required ?? false, name };
        const value = values[name] ?? '';
        const otherwise = d.default === undefined ? '' : `${typeof d.default === 'object' ? JSON.stringify(d.default) : String(d.default)} where nothing is said`;
        if (d.pattern?.enum) return <Select key={name} {...common} data={d.pattern.enum.map(String)} value={value || null} onChange={(v) => set(v ?? '')} clearable placeholder={otherwise} />;
        if (d.type === 'boolean') return <Checkbox key={name} label={common.label} description={d.description} checked={value === 'true'} onChange={(e) => set(String(e.currentTarget.checked))} />;
        if (d.type === 'number') {
          return (
            <NumberInput key={name} {...common} value={value === '' ? '' : Number(value)} onChange={(v) => set(String(v))} placeholder={otherwise}
              allowDecimal={d.pattern?.type !== 'integer'} min={d.pattern?.minimum} max={d.pattern?.maximum} />
          );
        }
        if (d.type === 'array' || d.type === 'object' || /userdata|user_data|publickey/.test(name)) {
          return <Textarea key={name} {...common} value={value} onChange={(e) => set(e.currentTarget.value)} autosize minRows={2} maxRows={12} placeholder={otherwise || (d.type === 'array' ? '[]' : '')} ff="monospace" />;
        }
        return <TextInput key={name} {...common} value={value} onChange={(e) => set(e.currentTarget.value)} placeholder={otherwise || d.pattern?.pattern} />;
      })}
    </Stack>
  );
}

/** Fields and a button that does something with them; what is refused stands beneath. */
export function Form({ work, submit, what, inline = false, disabled = false, children }: {
  work: { mutate: () => void; isPending: boolean; error: Error | null };
  submit: string;
  /** What did not happen, where the work was refused. */
  what?: string;
  /** Whether all of it is in one line where there is room. */
  inline?: boolean;
  disabled?: boolean;
  children: ReactNode;
}) {
  const button = (
    <Button type="submit" loading={work.isPending} disabled={disabled}>
      {submit}
    </Button>
  );
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        work.mutate();
      }}
    >
      <Stack gap="sm">
        {inline ? (
          <Group align="end" gap="sm">
            {children}
            {button}
          </Group>
        ) : (
          <>
            {children}
            <Group>{button}</Group>
          </>
        )}
        {work.error && <ErrorNote error={work.error} what={what} />}
      </Stack>
    </form>
  );
}
