import { ApiError, call, get, project, token } from './client';

export type Role = 'reader' | 'member' | 'operator' | 'admin';
const ROLES: Role[] = ['reader', 'member', 'operator', 'admin'];

export interface Me {
  name: string;
  role: Role;
  /** Projects to choose from; empty where the API does not tell. */
  projects: { id: string; name: string; role: Role }[];
  project?: string;
}

/** A way to sign in, as the API offers it. */
export interface Method {
  type: string;
  title: string;
  path: string;
}

export const atLeast = (me: Me, role: Role) => ROLES.indexOf(me.role) >= ROLES.indexOf(role);

interface Said {
  signedIn: boolean;
  user: { name: string; displayName?: string | null } | null;
  cloudRole: Role | null;
  projects: { id: string; name: string; role: Role }[];
  project: { id: string; name: string } | null;
  methods: Method[];
}

const greater = (a: Role | null | undefined, b: Role | null | undefined): Role => ROLES[Math.max(ROLES.indexOf(a ?? 'reader'), ROLES.indexOf(b ?? 'reader'))]!;

/** How one can sign in here, beside with a token. */
export async function methods(): Promise<Method[]> {
  try {
    return (await get<Said>('/auth/session')).methods ?? [];
  } catch {
    return [];
  }
}

const allowed = async (path: string) => {
  try {
    await get(path);
    return true;
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 403) return false;
    throw failure;
  }
};

/** Who asks. An API without sessions tells by what it allows. */
export async function whoAmI(): Promise<Me> {
  try {
    const said = await get<Said>('/auth/session');
    if (!said.signedIn) throw new ApiError(401, 'unauthenticated', 'Nobody is signed in.');
    const chosen = said.project?.id ?? said.projects[0]?.id;
    return {
      name: said.user?.displayName || said.user?.name || 'token',
      role: greater(said.cloudRole, said.projects.find((p) => p.id === chosen)?.role),
      projects: said.projects,
      project: chosen,
    };
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 404) throw failure;
  }
  const role: Role = (await allowed('/admin/projects')) ? 'admin' : (await allowed('/admin/hosts')) ? 'operator' : (await allowed('/compute/?page=1&number=1')) ? 'member' : 'reader';
  return { name: 'token', role, projects: [] };
}

export async function signInWithToken(secret: string): Promise<Me> {
  token.set(secret);
  try {
    return await whoAmI();
  } catch (failure) {
    token.set(null);
    throw failure;
  }
}

export async function signInWithPassword(name: string, password: string): Promise<Me> {
  token.set(null);
  await call('POST', '/auth/sessions', { body: { name, password } });
  return whoAmI();
}

export async function signOut() {
  const secret = token.get();
  token.set(null);
  project.set(null);
  if (!secret) await call('DELETE', '/auth/sessions/current').catch(() => undefined);
}
