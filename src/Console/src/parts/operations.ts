/** GET /admin/operations. */
export interface Operation {
  id: string;
  kind: string;
  entity: string;
  title: string | null;
  state: string | null;
  what: string;
  by: string | null;
  since: string;
  deadline: string;
  due: string;
  attempts: number;
  lastError: string | null;
  trace: string | null;
  stuck: boolean;
}
