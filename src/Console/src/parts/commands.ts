import type { NewEntity } from '../api/occi';
import { termOf } from '../api/occi';
import { quoted } from './format';

/** The same request with curl. */
export function asCurl(location: string, entity: NewEntity, origin: string): string {
  return [
    'curl -X POST -H "Authorization: Bearer $CONTROLLER_TOKEN" \\',
    "  -H 'Content-Type: application/occi+json' -H 'Accept: application/occi+json' \\",
    `  -d ${quoted(JSON.stringify(entity))} \\`,
    `  ${origin}${location}`,
  ].join('\n');
}

/** The same request with the command line. */
export function asCli(entity: NewEntity): string {
  const words = ['./controller', 'occi', 'create', termOf(entity.kind)];
  if (entity.title) words.push('--title', quoted(entity.title));
  for (const mixin of entity.mixins ?? []) words.push('-m', quoted(mixin));
  for (const [name, value] of Object.entries(entity.attributes ?? {})) {
    words.push('-a', quoted(`${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`));
  }
  for (const link of entity.links ?? []) words.push('--link', quoted(link.target.location));
  return words.join(' ') + ' --wait';
}
