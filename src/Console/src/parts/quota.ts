import { bytes, GIB } from './format';

/** What of a project is limited, in the API's order, and how people count it. */
export const QUOTAS = [
  { name: 'computes', label: 'Machines' },
  { name: 'cores', label: 'Cores' },
  { name: 'memoryBytes', label: 'Memory', gib: true },
  { name: 'volumes', label: 'Volumes' },
  { name: 'diskBytes', label: 'Disk', gib: true },
  { name: 'networks', label: 'Networks' },
  { name: 'addresses', label: 'Reserved addresses' },
] as const satisfies readonly { name: string; label: string; gib?: true }[];

export type QuotaName = (typeof QUOTAS)[number]['name'];
type QuotaKind = { name: QuotaName; label: string; gib?: true };

/** GET /admin/projects/{id}/quota. */
export type Amounts = Record<QuotaName, { used: number; limit: number | null }>;

export const labelOf = (what: string) => QUOTAS.find((q) => q.name === what)?.label ?? what;

export const fieldOf = (q: QuotaKind) => `${q.label} at most${q.gib ? ', GiB' : ''}`;

export const shown = (q: QuotaKind, value: number) => (q.gib ? bytes(value) : String(value));

/** As a field holds it; nothing is no limit. */
export const typed = (q: QuotaKind, limit: number | null) => (limit === null ? '' : String(q.gib ? limit / GIB : limit));

/** The limits of fields that are filled in otherwise than before: what a PATCH names. */
export function changed(fields: Partial<Record<QuotaName, string>>, before?: Amounts): Partial<Record<QuotaName, number | null>> {
  const found: Partial<Record<QuotaName, number | null>> = {};
  for (const q of QUOTAS as readonly QuotaKind[]) {
    const field = fields[q.name];
    if (field === undefined || field === (before ? typed(q, before[q.name].limit) : '')) continue;
    found[q.name] = field === '' ? null : q.gib ? Math.round(Number(field) * GIB) : Number(field);
  }
  return found;
}

/** The months from one to another, both included, as a usage report takes them: from the first's beginning until the last's end. */
export function months(from: string, to: string): { from: string; to: string } {
  const [year, month] = to.split('-').map(Number) as [number, number];
  return { from: `${from}-01`, to: new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10) };
}
