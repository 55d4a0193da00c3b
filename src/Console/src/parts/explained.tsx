import { Code } from '@mantine/core';
import { duration, moment } from './format';
import { UNDER_WAY, useAdmin } from './hooks';
import { Empty, Loaded } from './parts';
import { Rows, When } from './table';

export interface Under {
  id: string;
  what: string;
  since: string;
  deadline: string;
  attempts: number;
  by: string | null;
  lastError: string | null;
}

interface Placed {
  at: string;
  outcome: string;
  why: string | null;
  detail: { strategy?: string; rejected?: Record<string, { hosts: number; words: string }>; hosts?: { name: string; weights?: Record<string, number> }[] };
}

export interface AuditRow {
  id: number;
  at: string;
  user: string | null;
  role: string | null;
  method: string;
  path: string;
  action: string | null;
  kind: string | null;
  entity: string | null;
  status: number;
  result: string;
  trace: string | null;
  times: number;
}

/** GET /admin/explain. */
export interface Explained {
  now: {
    state: string | null;
    phase: string;
    message: string | null;
    generation: number;
    observedGeneration: number;
    underWay: Under[];
    past: (Omit<Under, 'deadline'> & { ended: string; state: string | null; trace: string | null })[];
  } | null;
  host: { id: string | null; name: string | null; status: string | null; why: string | null } | null;
  placement: Placed | null;
  refusal: Placed | null;
  audit: AuditRow[];
}

/** What was done with something and what came of it, the newest first. */
export function Timeline({ term, id }: { term: string; id: string }) {
  const query = useAdmin<Explained>(`/admin/explain/${term}/${id}`, { every: ({ now }) => (now?.underWay ?? []).length > 0 && UNDER_WAY });
  return (
    <Loaded query={query}>
      {({ now, audit }) => {
        const rows = [
          ...(now?.underWay ?? []).map((o) => ({ key: o.id, at: o.since, what: `${o.what} is under way`, by: o.by, result: o.lastError ?? `until ${moment(o.deadline)} at most, attempts: ${o.attempts}`, trace: null as string | null })),
          ...(now?.past ?? []).map((o) => ({
            key: o.id, at: o.ended, what: `${o.what} ended after ${duration(Date.parse(o.ended) - Date.parse(o.since))}`, by: o.by, result: [o.state, o.lastError].filter(Boolean).join(': '), trace: o.trace,
          })),
          ...audit.map((a) => ({ key: `audit-${a.id}`, at: a.at, what: a.action ?? `${a.method} ${a.path}`, by: a.user, result: `${a.status} ${a.result}`, trace: a.trace })),
        ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
        if (rows.length === 0) return <Empty title="Nothing was done with it yet" />;
        return (
          <Rows rows={rows} id={(r) => r.key}
            columns={[
              ['When', (r) => <When at={r.at} />],
              ['What', (r) => r.what],
              ['By', (r) => r.by ?? 'the controller'],
              ['Result', (r) => r.result],
              ['Trace', (r) => r.trace && <Code title={r.trace}>{r.trace.slice(0, 12)}</Code>],
            ]} />
        );
      }}
    </Loaded>
  );
}
