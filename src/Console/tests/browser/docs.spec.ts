import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, results, root, signIn, test } from './cloud';
import { withPalette } from './palette';

const OCCI = 'http://schemas.ogf.org/occi/infrastructure#';
// The pictures of docs/console.md are taken with "npm run pictures"; otherwise they lie beside the others.
const directory = process.env['CONSOLE_PICTURES'] ? join(root, 'docs', 'console') : join(results, 'screenshots', 'docs');

/** A shop's project with a bit of everything in it: what docs/console.md shows, page by page. */
test('the pages that the documentation shows', async ({ page, cloud }) => {
  test.setTimeout(240_000);
  await mkdir(directory, { recursive: true });
  const make = (name: string) => cloud.api('POST', '/admin/projects', { name, quota: { computes: 10, cores: 40, memoryBytes: 64 * 2 ** 30, networks: 3 } });
  let made = await make('shop');
  if (made.status === 409) made = await make(`shop-${Date.now().toString(36)}`);
  const project = (await made.json()) as { id: string; name: string };
  const member = await cloud.token('member', project.name);
  const as = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(cloud.url + path, { method, headers: { Authorization: `Bearer ${member}`, Accept: 'application/occi+json', 'Content-Type': 'application/occi+json' }, body: body === undefined ? null : JSON.stringify(body) });
    expect(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? '' : await answer.text()}`).toBe(true);
    return answer.headers.get('Location') ? new URL(answer.headers.get('Location')!).pathname : '';
  };
  try {
    const lan = await as('POST', '/network/', { kind: `${OCCI}network`, title: 'lan', mixins: [`${OCCI}network`.replace('#network', '/network#ipnetwork')], attributes: { 'occi.network.address': '10.80.0.0/24', 'occi.network.gateway': '10.80.0.1', 'occi.network.allocation': 'dynamic' } });
    await as('POST', '/securitygroup/', { kind: 'http://controller.local/occi/infrastructure#securitygroup', title: 'web', attributes: { 'local.controller.securitygroup.rules': [{ direction: 'ingress', protocol: 'tcp', ports: 443, remote: '0.0.0.0/0' }] } });
    const volume = await as('POST', '/storage/', { kind: `${OCCI}storage`, title: 'orders', attributes: { 'occi.storage.size': 20 } });
    await as('POST', '/storage/', { kind: `${OCCI}storage`, title: 'backups of the shop', attributes: { 'occi.storage.size': 100 } });
    await expect.poll(async () => (await cloud.api('GET', volume)).text(), { timeout: 60_000 }).toContain('"online"');
    const machines: string[] = [];
    for (const title of ['shop-1', 'shop-2', 'db']) {
      machines.push(await as('POST', '/compute/', {
        kind: `${OCCI}compute`, title, mixins: ['http://controller.local/occi/os_tpl#demo', 'http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#small'],
        // Linked from the beginning: it is placed where the volume is.
        links: [{ kind: `${OCCI}networkinterface`, target: { location: lan, kind: `${OCCI}network` } }, ...(title === 'db' ? [{ kind: `${OCCI}storagelink`, target: { location: volume, kind: `${OCCI}storage` } }] : [])],
      }));
    }

    const take = async (name: string) => {
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
      await writeFile(join(directory, `${name}.png`), withPalette(await page.screenshot({ animations: 'disabled', caret: 'hide' })));
    };
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.goto(`${cloud.url}/ui/signin`);
    await expect(page.getByLabel('API token')).toBeVisible();
    await take('sign-in');
    // An administrator who looks at that project.
    await page.addInitScript((id) => sessionStorage.setItem('controller.project', id), project.id);
    await signIn(page, cloud, cloud.admin, '/machines');
    await expect(page.locator('[data-state=active]')).toHaveCount(3);
    await expect(page.getByText('10.80.0.', { exact: false }).first()).toBeVisible();
    await take('machines');
    const see = async (at: string, name: string, ready: string | RegExp) => {
      await page.goto(`${cloud.url}/ui/${at}`);
      await expect(page.getByText('● live')).toBeVisible();
      await expect(page.locator('main').getByText(ready).first()).toBeVisible();
      await take(name);
    };
    await see('', 'dashboard', 'Capacity against claims');
    await page.goto(`${cloud.url}/ui/machines/new`);
    await page.getByRole('radio', { name: /Demo/ }).click();
    await page.getByRole('radio', { name: /^small/ }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Title').fill('shop-3');
    await expect(page.getByLabel('With the command line')).toContainText('shop-3');
    await take('new-machine');
    await see(`machines/${machines[2]!.slice('/compute/'.length)}`, 'machine', 'Why it is as it is');
    await see('volumes', 'volumes', 'backups of the shop');
    await see('networks', 'networks', '10.80.0.0/24');
    await see('images', 'images', 'Upload');
    await see('hosts', 'hosts', 'Let a host in');
    await see('activity/audit', 'activity', 'POST');
    await see(`project/${project.id}`, 'projects', /Memory/);
    await see('model', 'model', 'securitygrouplink');
  } finally {
    await as('DELETE', '/');
    await expect.poll(async () => (await cloud.api('DELETE', `/admin/projects/${project.id}`)).status, { timeout: 60_000 }).toBe(200);
  }
});
