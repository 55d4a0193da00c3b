import { expect, picture, signIn, test } from './cloud';

const INFRASTRUCTURE = 'http://schemas.ogf.org/occi/infrastructure#';

test('a machine is measured, and what it uses is drawn', async ({ page, cloud }) => {
  test.setTimeout(150_000);
  const made = await cloud.api('POST', '/compute/', {
    kind: INFRASTRUCTURE + 'compute', title: 'measured', mixins: ['http://controller.local/occi/os_tpl#demo'], attributes: { 'occi.compute.cores': 2, 'occi.compute.memory': 0.5 },
    links: [{ kind: INFRASTRUCTURE + 'networkinterface', target: { location: await defaultNetwork(cloud), kind: INFRASTRUCTURE + 'network' } }],
  });
  expect(made.status).toBe(201);
  const id = new URL(made.headers.get('Location')!).pathname.split('/').pop()!;
  await signIn(page, cloud, await cloud.token('reader'), `/machines/${id}/metrics`);
  await expect(page.getByText('There are no measures yet')).toBeVisible();
  const chart = (title: string) => page.getByRole('img', { name: new RegExp(`^${title}: `) });
  // Simulated: a tenth of each core, a quarter of the memory.
  await expect(chart('CPU')).toHaveAccessibleName(/CPU: (19|20|21)\.\d % of a core now/, { timeout: 90_000 });
  await expect(chart('Memory used')).toHaveAccessibleName(/128 MiB now, 128 MiB at most/);
  await expect(chart('.* received')).toHaveAccessibleName(/\/s now/);
  // As soon as there are three measures there is a line, which goes from one side to the other.
  await expect(chart('CPU').locator('path')).toHaveAttribute('d', /^M0\.0,.* L320\.0,/, { timeout: 60_000 });
  await picture(page, 'metrics');
});

test('a volume is snapshotted, goes back to the snapshot, and loses it', async ({ page, cloud }) => {
  test.setTimeout(150_000);
  const title = `kept-${Date.now()}`;
  const volume = await cloud.api('POST', '/storage/', { kind: INFRASTRUCTURE + 'storage', title, attributes: { 'occi.storage.size': 1 } });
  expect(volume.status).toBe(201);
  const disk = new URL(volume.headers.get('Location')!).pathname;
  const made = await cloud.api('POST', '/compute/', {
    kind: INFRASTRUCTURE + 'compute', title: `of ${title}`, mixins: ['http://controller.local/occi/os_tpl#demo'], attributes: { 'occi.compute.cores': 1, 'occi.compute.memory': 0.25 },
    links: [{ kind: INFRASTRUCTURE + 'storagelink', target: { location: disk, kind: INFRASTRUCTURE + 'storage' } }],
  });
  expect(made.status).toBe(201);
  const id = new URL(made.headers.get('Location')!).pathname.split('/').pop()!;

  await signIn(page, cloud, await cloud.token('member'), `/machines/${id}/disks`);
  await expect(page.locator('main tbody [data-state=active]')).toBeVisible();
  await page.getByRole('tab', { name: 'Snapshots' }).click();
  const part = page.getByRole('region', { name: `Snapshots of ${title}` });
  await part.getByRole('button', { name: 'Take a snapshot' }).click();
  const row = part.locator('[data-snapshot]');
  await expect(row).toHaveCount(1);
  await expect(row.locator('[data-state=online]')).toBeVisible();
  await picture(page, 'snapshots');
  // While the machine has the disk it cannot go back, and says why.
  await row.getByRole('button', { name: 'Go back to it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to it' }).click();
  await expect(page.getByText('Going back to the snapshot: refused')).toBeVisible();

  await page.getByRole('tab', { name: 'Disks' }).click();
  await page.getByRole('button', { name: 'Detach' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Detach' }).click();
  await expect(page.getByText('No volume is attached')).toBeVisible();
  await page.goto(`${cloud.url}/ui/entity${disk}`);
  await row.getByRole('button', { name: 'Go back to it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to it' }).click();
  await expect(page.getByText('Going back to the snapshot', { exact: true })).toBeVisible();
  // It is done, and not only asked for: the operation ended in the timeline of the volume.
  await expect(page.getByRole('cell', { name: /revert.* ended after/i })).toBeVisible({ timeout: 30_000 });
  await page.goto(`${cloud.url}/ui/machines/${id}/disks`);
  await expect(page.getByText('No volume is attached')).toBeVisible();
  await page.getByRole('textbox', { name: 'Attach a volume' }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await page.getByRole('button', { name: 'Attach' }).click();
  await expect(page.locator('main tbody [data-state=active]')).toBeVisible();
  await page.getByRole('tab', { name: 'Snapshots' }).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
  await expect(part).toContainText('There is none yet');
});

async function defaultNetwork(cloud: { api: (method: string, path: string) => Promise<Response> }): Promise<string> {
  const { resources } = (await (await cloud.api('GET', '/network/')).json()) as { resources: { id: string; title?: string; kind: string }[] };
  return `/network/${resources.find((n) => n.kind === INFRASTRUCTURE + 'network' && n.title === 'default')!.id.replace('urn:uuid:', '')}`;
}
