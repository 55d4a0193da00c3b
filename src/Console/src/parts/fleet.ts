/** A host of GET /admin/hosts. */
export interface Host {
  id: string;
  name: string;
  status: string;
  why: string | null;
  admission: string;
  lastSeen: string | null;
  agentVersion: string | null;
  capabilities: {
    driver: string;
    hypervisor: string;
    kernel: string | null;
    architecture: string;
    cores: number;
    memoryBytes: number;
    diskBytes: number;
    features: string[];
    pools: { id: string; name: string; sizeBytes: number; freeBytes: number }[];
  } | null;
  settings: { zone: string | null; coresRatio: number | null; memoryRatio: number | null; diskRatio: number | null; reservedCores: number; reservedMemoryBytes: number; reservedDiskBytes: number };
  drain: {
    method: string;
    stop: string;
    by: string;
    since: string;
    finished: string | null;
    objects: { term: string; id: string; state: string; to: string | null; why: string | null; title: string | null; at: string }[];
  } | null;
  use: { computes: number; volumes: number; cores: number; memoryBytes: number; diskBytes: number; usableCores: number; usableMemoryBytes: number; usableDiskBytes: number } | null;
  unmanaged: { id: string; name?: string; state?: string }[];
  removing: boolean;
}
