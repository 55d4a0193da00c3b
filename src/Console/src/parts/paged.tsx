import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import type { Entity, Filter } from '../api/occi';
import { list } from '../api/occi';
import { Empty, Loaded } from './parts';
import { Pages, Rows } from './table';

export const PER_PAGE = 25;

/** What the server says of a list at a time. */
export interface PageOf<T> {
  rows: readonly T[];
  /** Where the page behind it begins; null: nothing is behind it. */
  next: string | null;
}

export interface Paged<T> {
  query: UseQueryResult<PageOf<T>>;
  rows: readonly T[];
  /** The first is 1. */
  page: number;
  forth: (() => void) | null;
  back: (() => void) | null;
  /** To the first page: whatever narrows the list has changed. */
  reset: () => void;
}

/** Where the pages before one began and where it begins, out of the address and into it: "2.3" is page 3, "940.890" what is behind 890. The first page begins nowhere. */
export const trailOf = (said: string | null) => (said ?? '').split('.').filter((at) => at !== '');

export function withTrail(params: URLSearchParams, name: string, trail: readonly string[]): URLSearchParams {
  const next = new URLSearchParams(params);
  if (trail.length === 0) next.delete(name);
  else next.set(name, trail.join('.'));
  return next;
}

/** A list that the server pages. Which page is shown stands in the address, so that one comes back to it. */
export function usePaged<T>(key: readonly unknown[], load: (at: string | null) => Promise<PageOf<T>>, options: { name?: string; every?: number } = {}): Paged<T> {
  const name = options.name ?? 'page';
  const [params, setParams] = useSearchParams();
  const trail = trailOf(params.get(name));
  const at = trail.at(-1) ?? null;
  const query = useQuery({ queryKey: [...key, { at }], queryFn: () => load(at), placeholderData: keepPreviousData, refetchInterval: options.every ?? false });
  const next = query.data?.next ?? null;
  const go = (to: readonly string[]) => setParams((before) => withTrail(before, name, to));
  return {
    query,
    rows: query.data?.rows ?? [],
    page: trail.length + 1,
    // What is shown while the next page is on its way would lead to that page once more.
    forth: next === null || query.isPlaceholderData ? null : () => go([...trail, next]),
    back: trail.length === 0 ? null : () => go(trail.slice(0, -1)),
    reset: () => setParams((before) => withTrail(before, name, []), { replace: true }),
  };
}

/** A page of a collection by its number; whether there is one behind a full page shows when it is asked for. */
export async function pageOfCollection(location: string, filter: Filter, at: string | null, load = list): Promise<PageOf<Entity>> {
  const page = at === null ? 1 : Math.max(1, Number.parseInt(at, 10) || 1);
  const rows = await load(location, filter, { page, number: PER_PAGE });
  return { rows, next: rows.length < PER_PAGE ? null : String(page + 1) };
}

/** A collection, kept up to date by events. */
export const usePagedEntities = (location: string, filter: Filter = {}, name?: string) =>
  usePaged(['list', location, filter], (at) => pageOfCollection(location, filter, at), name === undefined ? {} : { name });

/** A page's rows, and the way to the next and back. <c>only</c> leaves out rows that the server cannot: there may be fewer on one page than on another then. */
export function PagedRows<T>({ paged, only, empty, hint, action, children, ...rows }: {
  paged: Paged<T>;
  only?: ((row: T) => boolean) | undefined;
  empty: string;
  hint?: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
} & Omit<Parameters<typeof Rows<T>>[0], 'rows'>) {
  return (
    <Loaded query={paged.query}>
      {({ rows: all }) => {
        const found = only ? all.filter(only) : all;
        return (
          <>
            {found.length > 0 ? <Rows rows={found} {...rows} />
              : paged.page > 1 || paged.forth ? <Empty title="There is nothing on this page" />
              : <Empty title={empty} action={action}>{hint}</Empty>}
            {children}
            <Pages page={paged.page} onForth={paged.forth} onBack={paged.back} />
          </>
        );
      }}
    </Loaded>
  );
}
