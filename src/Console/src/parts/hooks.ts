import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { createContext, use } from 'react';
import type { CloudEvent, Liveness } from '../api/events';
import { get } from '../api/client';
import type { Entity, Filter, Kind, Mixin } from '../api/occi';
import { list, messageOf, Model } from '../api/occi';
import type { Me } from '../api/session';

export interface Live {
  liveness: Liveness;
  /** The newest first. */
  recent: readonly CloudEvent[];
}

export const MeContext = createContext<Me | null>(null);
export const LiveContext = createContext<Live>({ liveness: 'off', recent: [] });

export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error('Nobody is signed in.');
  return me;
}

export const useLive = () => use(LiveContext);

const empty = new Model({});

/** What the query interface says; an empty model until it has. */
export function useModel() {
  const query = useQuery({
    queryKey: ['model'],
    queryFn: async () => new Model(await get<{ kinds: Kind[]; mixins: Mixin[] }>('/-/')),
    staleTime: 60_000,
    structuralSharing: false,
  });
  return { ...query, model: query.data ?? empty };
}

/** All of a collection, kept up to date by events: to choose from. What is shown as a list is paged (paged.tsx). */
export function useEntities(location: string, filter: Filter = {}) {
  return useQuery({ queryKey: ['list', location, filter], queryFn: () => list(location, filter), placeholderData: keepPreviousData });
}

/** How soon what is under way is looked at again: that it has ended is no event where the state stays what it was. */
export const UNDER_WAY = 3_000;

export const useEntity = (path: string) =>
  useQuery({ queryKey: ['entity', path], queryFn: () => get<Entity>(path), refetchInterval: ({ state }) => state.data !== undefined && messageOf(state.data) !== '' && UNDER_WAY });

/** An endpoint beside OCCI, asked again now and then, or as long as there is a reason in what it said. */
export const useAdmin = <T>(path: string, options: { every?: number | ((said: T) => number | false); enabled?: boolean } = {}) =>
  useQuery({
    queryKey: ['admin', path], queryFn: () => get<T>(path),
    refetchInterval: ({ state }) => (typeof options.every === 'function' ? state.data !== undefined && options.every(state.data) : (options.every ?? false)),
    enabled: options.enabled ?? true, placeholderData: keepPreviousData,
  });

/** Something that changes the cloud; what it is refused is told in the API's own words. */
export function useDo<T = void>(what: string, work: (argument: T) => Promise<unknown>, then?: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: () => {
      void queries.invalidateQueries();
      notifications.show({ message: what, color: 'teal' });
      then?.();
    },
    onError: (error) => notifications.show({ title: `${what}: refused`, message: error.message, color: 'red', autoClose: 15_000 }),
  });
}
