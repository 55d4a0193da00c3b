import { call, get, headerText, OCCI } from './client';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Attributes = Record<string, Json>;

export interface Entity {
  kind: string;
  id: string;
  title?: string;
  summary?: string;
  mixins?: string[];
  attributes?: Attributes;
  /** Those that are applicable now. */
  actions?: string[];
  links?: Link[];
}

export interface End {
  location: string;
  kind?: string;
}

export interface Link extends Entity {
  source: End;
  target: End;
}

/** A JSON schema, as far as the API's own go. */
export interface Pattern {
  type?: string;
  enum?: Json[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  pattern?: string;
  format?: string;
}

export interface AttributeDefinition {
  mutable?: boolean;
  required?: boolean;
  type?: string;
  pattern?: Pattern;
  default?: Json;
  description?: string;
}

export interface Category {
  term: string;
  scheme: string;
  title?: string;
  location?: string;
  attributes?: Record<string, AttributeDefinition>;
}

export interface Kind extends Category {
  parent?: string;
  actions?: string[];
}

export interface Mixin extends Category {
  depends?: string[];
  applies?: string[];
  actions?: string[];
}

const INFRASTRUCTURE = 'http://schemas.ogf.org/occi/infrastructure#';
export const COMPUTE = INFRASTRUCTURE + 'compute';
export const STORAGE = INFRASTRUCTURE + 'storage';
export const NETWORK = INFRASTRUCTURE + 'network';
export const NIC = INFRASTRUCTURE + 'networkinterface';
export const STORAGELINK = INFRASTRUCTURE + 'storagelink';
export const IPRESERVATION = INFRASTRUCTURE + 'ipreservation';
export const OS_TPL = INFRASTRUCTURE + 'os_tpl';
export const RESOURCE_TPL = INFRASTRUCTURE + 'resource_tpl';
export const SSH_KEY = 'http://schemas.ogf.org/occi/infrastructure/credentials#ssh_key';
export const USER_DATA = 'http://schemas.ogf.org/occi/infrastructure/compute#user_data';
export const SECURITYGROUP = 'http://controller.local/occi/infrastructure#securitygroup';
export const SECURITYGROUPLINK = 'http://controller.local/occi/infrastructure#securitygrouplink';
/** What the actions snapshot and backup make of a volume. */
export const SNAPSHOT = 'http://controller.local/occi/storage#snapshot';
export const BACKUP = 'http://controller.local/occi/storage#backup';
export const LINK = 'http://schemas.ogf.org/occi/core#link';
export const RESOURCE = 'http://schemas.ogf.org/occi/core#resource';

export const identifier = (category: Category) => category.scheme + category.term;
export const termOf = (id: string) => id.slice(id.lastIndexOf('#') + 1);
export const uuidOf = (id: string) => id.replace(/^urn:uuid:/, '').replace(/^.*\//, '');

/** What the query interface says, to look things up in. */
export class Model {
  readonly kinds: readonly Kind[];
  readonly mixins: readonly Mixin[];
  readonly actions: readonly Category[];
  private readonly byId = new Map<string, Category>();

  constructor(said: { kinds?: Kind[]; mixins?: Mixin[]; actions?: Category[] }) {
    this.kinds = said.kinds ?? [];
    this.mixins = said.mixins ?? [];
    this.actions = said.actions ?? [];
    for (const one of [...this.kinds, ...this.mixins, ...this.actions]) this.byId.set(identifier(one), one);
  }

  kind = (id: string) => this.kinds.find((k) => identifier(k) === id);
  mixin = (id: string) => this.mixins.find((m) => identifier(m) === id);
  action = (id: string) => this.actions.find((a) => identifier(a) === id);
  titleOf = (id: string) => this.byId.get(id)?.title ?? termOf(id);

  /** Whether a kind is another one, or descends from it. */
  is(kind: string, ancestor: string): boolean {
    for (let at: string | undefined = kind; at; at = this.kind(at)?.parent) if (at === ancestor) return true;
    return false;
  }

  /** Kinds of which there can be instances. */
  get concrete() {
    return this.kinds.filter((k) => k.location && !k.scheme.endsWith('/core#'));
  }

  /** Mixins that depend on one, directly or not. */
  dependants(mixin: string): Mixin[] {
    const reach = (m: Mixin): boolean => (m.depends ?? []).some((d) => d === mixin || ((next) => next !== undefined && reach(next))(this.mixin(d)));
    return this.mixins.filter(reach);
  }

  /** Mixins that a kind can have; those that apply to nothing in particular apply to all. */
  applicable(kind: string): Mixin[] {
    return this.mixins.filter((m) => (m.applies ?? []).length === 0 || m.applies!.some((a) => this.is(kind, a)));
  }

  /** All attributes of a kind, those of its ancestors included. */
  attributesOf(kind: string, mixins: readonly string[] = []): Record<string, AttributeDefinition> {
    const all: Record<string, AttributeDefinition> = {};
    const chain: Category[] = [];
    for (let at = this.kind(kind); at; at = at.parent ? this.kind(at.parent) : undefined) chain.unshift(at);
    const withDependencies = (id: string): Mixin[] => {
      const mixin = this.mixin(id);
      return mixin ? [...(mixin.depends ?? []).flatMap(withDependencies), mixin] : [];
    };
    for (const one of [...chain, ...mixins.flatMap(withDependencies)]) Object.assign(all, one.attributes ?? {});
    return all;
  }

  pathOfTerm = (term: string, id: string) => (this.kinds.find((k) => k.term === term && k.location)?.location ?? `/${term}/`) + id;

  /** The path of an entity: its kind's collection, and its id. */
  pathOf(entity: Pick<Entity, 'kind' | 'id'>): string {
    return (this.kind(entity.kind)?.location ?? '/') + uuidOf(entity.id);
  }
}

/** Where an entity's state is: <c>occi.compute.state</c>, say. */
export function stateOf(entity: Entity): string {
  const found = Object.entries(entity.attributes ?? {}).find(([name]) => name.endsWith('.state'));
  return typeof found?.[1] === 'string' ? found[1] : '';
}

export function messageOf(entity: Entity): string {
  const found = Object.entries(entity.attributes ?? {}).find(([name]) => name.endsWith('.state.message'));
  return typeof found?.[1] === 'string' ? found[1] : '';
}

export const attribute = (entity: Entity, name: string) => entity.attributes?.[name];
export const text = (entity: Entity, name: string) => {
  const value = entity.attributes?.[name];
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
};
export const nameOf = (entity: Entity) => entity.title || uuidOf(entity.id);

export interface Filter {
  /** Part of the title, in capitals or not. */
  title?: string;
  /** Attributes with exactly these values. */
  attributes?: Record<string, string>;
  /** Identifiers of mixins that each entity has. */
  mixins?: string[];
}

/** The headers that carry a filter (GFD.223 §7). */
export function filterHeaders(filter: Filter): Record<string, string> {
  const quoted = (value: string) => `"${value.replace(/(["\\])/g, '\\$1')}"`;
  const attributes = Object.entries(filter.attributes ?? {}).filter(([, value]) => value !== '');
  const mixins = filter.mixins ?? [];
  if (attributes.length + mixins.length === 0) return {};
  const headers: Record<string, string> = { 'Content-Type': 'text/occi' };
  if (attributes.length > 0) headers['X-OCCI-Attribute'] = headerText(attributes.map(([name, value]) => `${name}=${quoted(value)}`).join(', '));
  if (mixins.length > 0) {
    headers['Category'] = mixins.map((id) => `${termOf(id)}; scheme="${id.slice(0, id.lastIndexOf('#') + 1)}"; class="mixin"`).join(', ');
  }
  return headers;
}

interface Collection {
  resources?: Entity[];
  links?: Link[];
}

export async function list(location: string, filter: Filter = {}, page?: { page: number; number: number }): Promise<Entity[]> {
  const query = new URLSearchParams({ ...(page ? { page: String(page.page), number: String(page.number) } : {}), ...(filter.title ? { title: filter.title } : {}) }).toString();
  const found = await get<Collection>(location + (query && `?${query}`), { headers: filterHeaders(filter) });
  return [...(found.resources ?? []), ...(found.links ?? [])];
}

export type NewEntity = Omit<Partial<Entity>, 'links'> & { kind: string; links?: (Partial<Link> & { kind: string; target: End })[]; source?: End; target?: End };

/** Creates an entity; its path. */
export async function create(location: string, entity: NewEntity): Promise<string> {
  const answer = await call<Entity>('POST', location, { body: entity, contentType: OCCI });
  const at = answer.headers.get('Location');
  if (at) return new URL(at, window.location.origin).pathname;
  return location + uuidOf(answer.body.id);
}

export const update = (path: string, change: Partial<Entity>) => call<Entity>('POST', path, { body: change, contentType: OCCI });

export const remove = (path: string) => call<unknown>('DELETE', path);

export const act = (path: string, action: string, attributes: Attributes = {}) =>
  call<unknown>('POST', `${path}?action=${encodeURIComponent(termOf(action))}`, { body: { action, attributes }, contentType: OCCI });
