import { ApiError, call, get, project, token } from './client';

export type Role = 'reader' | 'member' | 'operator' | 'admin';
const ROLES: Role[] = ['reader', 'member', 'operator', 'admin'];

export interface Me {
  name: string;
  role: Role;
  /** Projects to choose from; empty where the API does not tell. */
  projects: Membership[];
  project?: string;
  /** A user, who has tokens of the own; else the token of nobody in particular. */
  isUser: boolean;
  /** A user without a role anywhere. */
  lost: boolean;
}

export interface Membership {
  id: string;
  name: string;
  role: Role;
  /** Whether one says who is a member. */
  manages: boolean;
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
  user: { name: string; kind: string; displayName?: string | null } | null;
  cloudRole: Role | null;
  projects: Membership[];
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

/** Who asks. Where there are several projects and none is chosen, the first one is. */
export async function whoAmI(): Promise<Me> {
  const said = await get<Said>('/auth/session');
  if (!said.signedIn) throw new ApiError(401, 'unauthenticated', token.get() ? 'The token is unknown, was revoked or has expired.' : 'Nobody is signed in.');
  const wanted = project.get();
  const chosen = said.projects.find((p) => p.id === (wanted ?? said.project?.id)) ?? said.projects.find((p) => p.id === said.project?.id) ?? said.projects[0];
  if (wanted && chosen?.id !== wanted) project.set(chosen?.id ?? null);
  else if (!said.project && chosen) project.set(chosen.id);
  return {
    name: said.user?.displayName || said.user?.name || 'token',
    role: greater(said.cloudRole, chosen?.role),
    projects: said.projects,
    project: chosen?.id,
    isUser: said.user !== null && said.user.kind !== 'token',
    lost: said.user?.kind !== 'token' && said.cloudRole === null && said.projects.length === 0,
  };
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
