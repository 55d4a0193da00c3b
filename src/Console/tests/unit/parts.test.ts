import { expect, it } from 'vitest';
import { COMPUTE, NIC } from '../../src/api/occi';
import { rates } from '../../src/parts/chart';
import { asCli, asCurl } from '../../src/parts/commands';
import { toAttributes } from '../../src/parts/form';
import { bytes, duration, quoted } from '../../src/parts/format';

it('counts bytes and time for people', () => {
  expect([0, 1023, 1536, 2 ** 31, null].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '2.0 GiB', '–']);
  expect([400, 89_000, 600_000, 7_200_000, 864_000_000].map(duration)).toEqual(['0 s', '89 s', '10 min', '2 h', '10 d']);
});

it('a counter that began anew makes no rate', () => {
  expect(rates([{ at: 0, total: 10 }, { at: 2000, total: 14 }, { at: 4000, total: 1 }, { at: 6000, total: 3 }, { at: 8000, total: undefined }])).toEqual([{ at: 2000, value: 2 }, { at: 6000, value: 1 }]);
});

it('quotes for a shell', () => {
  expect([quoted('a-b'), quoted('a b'), quoted("it's")]).toEqual(['a-b', "'a b'", "'it'\\''s'"]);
});

it('shows the same request as commands', () => {
  const entity = { kind: COMPUTE, title: "my web's", mixins: ['http://controller.local/occi/os_tpl#demo'], attributes: { 'occi.compute.cores': 2 }, links: [{ kind: NIC, target: { location: '/network/1' } }] };
  expect(asCli(entity)).toBe("./controller occi create compute --title 'my web'\\''s' -m http://controller.local/occi/os_tpl#demo -a occi.compute.cores=2 --link /network/1 --wait");
  expect(asCurl('/compute/', entity, 'http://h:1')).toContain('http://h:1/compute/');
  expect(asCurl('/compute/', entity, 'http://h:1')).toContain("my web'\\''s");
});

it('turns what was typed into what attributes are', () => {
  const definitions = { n: { type: 'number' }, b: { type: 'boolean' }, l: { type: 'array' } };
  expect(toAttributes(definitions, { n: '1.5', b: 'true', l: '[1]', s: 'x', gone: '' })).toEqual({ n: 1.5, b: true, l: [1], s: 'x' });
  expect(() => toAttributes(definitions, { l: '[1' })).toThrow(/l must be JSON/);
});
