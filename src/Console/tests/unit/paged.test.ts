import { describe, expect, it } from 'vitest';
import type { Entity, Filter } from '../../src/api/occi';
import { pageOfCollection, PER_PAGE, trailOf, withTrail } from '../../src/parts/paged';

const entities = (count: number): Entity[] => Array.from({ length: count }, (_, i) => ({ kind: 'http://x.org/#app', id: `urn:uuid:${i}` }));

/** A server that has so many, and what it was asked for. */
function server(count: number) {
  const asked: { location: string; filter: Filter | undefined; page: number; number: number }[] = [];
  const load = (location: string, filter?: Filter, page?: { page: number; number: number }) => {
    asked.push({ location, filter, ...page! });
    return Promise.resolve(entities(count).slice((page!.page - 1) * page!.number, page!.page * page!.number));
  };
  return { asked, load };
}

describe('a list that the server pages', () => {
  it('asks for a page at a time, with its filter, and for no more', async () => {
    const { asked, load } = server(PER_PAGE + 2);
    const first = await pageOfCollection('/app/', { title: 'a' }, null, load);
    expect([first.rows.length, first.next]).toEqual([PER_PAGE, '2']);
    const second = await pageOfCollection('/app/', { title: 'a' }, first.next, load);
    expect([second.rows[0]?.id, second.rows.length, second.next]).toEqual([`urn:uuid:${PER_PAGE}`, 2, null]);
    expect(asked).toEqual([1, 2].map((page) => ({ location: '/app/', filter: { title: 'a' }, page, number: PER_PAGE })));
  });
  it('begins at the beginning where the address has nonsense', async () => {
    const { asked, load } = server(1);
    for (const at of ['x', '-3', '0', '']) await pageOfCollection('/app/', {}, at, load);
    expect(asked.map((a) => a.page)).toEqual([1, 1, 1, 1]);
  });
  it('keeps the way back in the address, beside all else', () => {
    expect(trailOf(null)).toEqual([]);
    expect(trailOf('940.890')).toEqual(['940', '890']);
    const there = withTrail(new URLSearchParams('state=active'), 'page', ['940', '890']);
    expect(there.toString()).toBe('state=active&page=940.890');
    expect(withTrail(there, 'page', []).toString()).toBe('state=active');
  });
});
