import { describe, expect, it } from 'vitest';
import type { Kind, Mixin } from '../../src/api/occi';
import { filterHeaders, Model, stateOf } from '../../src/api/occi';

const kinds: Kind[] = [
  { term: 'entity', scheme: 'http://schemas.ogf.org/occi/core#', attributes: { 'occi.core.title': { mutable: true } } },
  { term: 'resource', scheme: 'http://schemas.ogf.org/occi/core#', location: '/resource/', parent: 'http://schemas.ogf.org/occi/core#entity' },
  { term: 'app', scheme: 'http://x.org/#', location: '/app/', parent: 'http://schemas.ogf.org/occi/core#resource', attributes: { 'org.x.size': { type: 'number', mutable: true } } },
];
const mixins: Mixin[] = [
  { term: 'tpl', scheme: 'http://x.org/#', attributes: { 'org.x.depth': { type: 'number' } } },
  { term: 'small', scheme: 'http://x.org/#', depends: ['http://x.org/#tpl'], applies: ['http://x.org/#app'] },
  { term: 'tiny', scheme: 'http://x.org/#', depends: ['http://x.org/#small'], applies: ['http://x.org/#other'] },
];
const model = new Model({ kinds, mixins });

describe('the model', () => {
  it('knows what descends from what', () => {
    expect(model.is('http://x.org/#app', 'http://schemas.ogf.org/occi/core#entity')).toBe(true);
    expect(model.is('http://schemas.ogf.org/occi/core#entity', 'http://x.org/#app')).toBe(false);
    expect(model.dependants('http://x.org/#tpl').map((m) => m.term)).toEqual(['small', 'tiny']);
    expect(model.applicable('http://x.org/#app').map((m) => m.term)).toEqual(['tpl', 'small']);
  });
  it('gathers the attributes of ancestors and of what mixins depend on', () => {
    expect(Object.keys(model.attributesOf('http://x.org/#app', ['http://x.org/#tiny']))).toEqual(['occi.core.title', 'org.x.size', 'org.x.depth']);
  });
  it('makes a path of kind and id', () => {
    expect(model.pathOf({ kind: 'http://x.org/#app', id: 'urn:uuid:1-2' })).toBe('/app/1-2');
  });
  it('does not go round for ever where mixins name what is not there', () => {
    expect(new Model({ mixins: [{ term: 'a', scheme: 'x#', depends: ['x#gone'] }] }).dependants('x#b')).toEqual([]);
  });
});

describe('a filter', () => {
  it('is no header where nothing is asked', () => expect(filterHeaders({ attributes: { a: '' }, mixins: [] })).toEqual({}));
  it('quotes what it asks for', () => {
    expect(filterHeaders({ attributes: { 'occi.core.title': 'say "a\\b"' } })).toEqual({ 'Content-Type': 'text/occi', 'X-OCCI-Attribute': 'occi.core.title="say \\"a\\\\b\\""' });
  });
  it('sends letters beyond ASCII as the bytes of UTF-8', () => {
    expect(filterHeaders({ attributes: { t: 'ž' } })['X-OCCI-Attribute']).toBe('t="\u00c5\u00be"');
  });
  it('names mixins by scheme and term', () => {
    expect(filterHeaders({ mixins: ['http://x.org/#small'] })['Category']).toBe('small; scheme="http://x.org/#"; class="mixin"');
  });
});

it('a state is found whatever the kind', () => {
  expect(stateOf({ kind: 'k', id: 'i', attributes: { 'org.x.app.state.message': 'm', 'org.x.app.state': 'up' } })).toBe('up');
  expect(stateOf({ kind: 'k', id: 'i' })).toBe('');
});
