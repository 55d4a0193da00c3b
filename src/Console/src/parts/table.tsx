import { Button, Group, Table, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ago, moment } from './format';
import { Empty, Loaded } from './parts';

/** A heading, and what is below it in each row; where there is none to read, what it is of. */
export type Column<T> = readonly [heading: ReactNode, cell: (row: T) => ReactNode];

/** Rows in columns; where the screen is narrower than they are, they are moved sideways. */
export function Rows<T>({ rows, id, columns, minWidth = 640, mark }: {
  rows: readonly T[];
  id: (row: T) => string;
  columns: readonly Column<T>[];
  minWidth?: number;
  /** Attributes of the row itself. */
  mark?: (row: T) => Record<`data-${string}`, string>;
}) {
  return (
    <Table.ScrollContainer minWidth={minWidth}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {columns.map(([heading], i) => (
              <Table.Th key={i}>{heading}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={id(row)} {...mark?.(row)}>
              {columns.map(([, cell], i) => (
                <Table.Td key={i}>{cell(row)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What a query brought as rows; while it is on its way, where it was refused and where nothing is there, what <c>Loaded</c> and <c>Empty</c> say. */
export function Listed<T>({ query, empty, hint, action, ...rows }: {
  query: UseQueryResult<readonly T[]>;
  empty: string;
  hint?: ReactNode;
  action?: ReactNode;
} & Omit<Parameters<typeof Rows<T>>[0], 'rows'>) {
  return (
    <Loaded query={query}>
      {(all) =>
        all.length === 0 ? (
          <Empty title={empty} action={action}>
            {hint}
          </Empty>
        ) : (
          <Rows rows={all} {...rows} />
        )
      }
    </Loaded>
  );
}

/** How long ago; when, for who points at it. */
export const When = ({ at }: { at: string | null | undefined }) => <Text span inherit title={moment(at)} style={{ whiteSpace: 'nowrap' }}>{ago(at)}</Text>;

/** Names and values beneath each other; those without a value are left out. */
export function Facts({ of, width = 140 }: { of: readonly (readonly [string, ReactNode])[]; width?: number }) {
  return (
    <Table>
      <Table.Tbody>
        {of
          .filter(([, value]) => value !== '' && value !== null && value !== undefined)
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w={width}>
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}

/** From one page to the next, and back. */
export function Pages({ page, onForth, onBack }: { page: number; onForth: (() => void) | null; onBack: (() => void) | null }) {
  if (onForth === null && onBack === null) return null;
  return (
    <Group justify="flex-end" role="navigation" aria-label="Pages">
      <Button size="xs" variant="default" disabled={onBack === null} onClick={() => onBack?.()}>
        Previous
      </Button>
      <Text size="sm">page {page}</Text>
      <Button size="xs" variant="default" disabled={onForth === null} onClick={() => onForth?.()}>
        Next
      </Button>
    </Group>
  );
}
