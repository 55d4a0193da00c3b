import { expect, signIn, test } from './cloud';

const GROUP = 'http://controller.local/occi/infrastructure#securitygroup';
const STORAGE = 'http://schemas.ogf.org/occi/infrastructure#storage';

test('lists come a page at a time from the server, and the address says which', async ({ page, cloud }) => {
  const project = `pages-${Date.now()}`;
  expect((await cloud.api('POST', '/admin/projects', { name: project })).status).toBe(201);
  const member = await cloud.token('member', project);
  const titles = Array.from({ length: 27 }, (_, i) => `group ${String(i + 1).padStart(2, '0')}`);
  const as = (method: string, path: string, body?: unknown) =>
    fetch(cloud.url + path, { method, headers: { Authorization: `Bearer ${member}`, Accept: 'application/occi+json', 'Content-Type': 'application/occi+json' }, body: body === undefined ? null : JSON.stringify(body) });
  for (const title of titles) expect((await as('POST', '/securitygroup/', { kind: GROUP, title })).status).toBe(201);
  const asked: string[] = [];
  page.on('request', (r) => {
    const at = new URL(r.url());
    if (['/securitygroup/', '/admin/audit'].includes(at.pathname)) asked.push(at.pathname + at.search);
  });

  await signIn(page, cloud, member, '/networks');
  await page.getByRole('tab', { name: 'Security groups' }).click();
  const rows = page.getByRole('tabpanel').locator('tbody tr');
  await expect(rows).toHaveCount(25);
  await expect(rows.first()).toContainText('group 01');
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.last()).toContainText('group 27');
  await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled();
  await expect(page).toHaveURL(/groups=2/);
  // What goes elsewhere is gone here, too; and back is where one was, by the button and by the browser.
  const gone = (await (await as('GET', '/securitygroup/?title=group%2027')).json()) as { resources: { id: string }[] };
  expect((await as('DELETE', `/securitygroup/${gone.resources[0]!.id.replace('urn:uuid:', '')}`)).status).toBe(200);
  await expect(rows).toHaveCount(1);
  await page.getByRole('button', { name: 'Previous' }).click();
  await expect(rows).toHaveCount(25);
  await page.goBack();
  await expect(rows).toHaveCount(1);
  expect(asked.filter((a) => a.startsWith('/securitygroup/'))).not.toContain('/securitygroup/');

  // The audit log goes on behind the oldest that was shown.
  await page.goto(`${cloud.url}/ui/activity/audit`);
  await expect(rows).toHaveCount(25);
  const newest = await rows.first().textContent();
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByText('page 2')).toBeVisible();
  await expect(rows.first()).not.toHaveText(newest!);
  await page.getByLabel('Only what was denied').check();
  await expect(page.getByText('Nobody has done anything like that')).toBeVisible();
  expect(asked.some((a) => /^\/admin\/audit\?limit=25&before=\d+$/.test(a))).toBe(true);
});

test('snapshots are found by the server', async ({ page, cloud }) => {
  const title = `copied ${Date.now()}`;
  const made = await cloud.api('POST', '/storage/', { kind: STORAGE, title, attributes: { 'occi.storage.size': 1 } });
  expect(made.status).toBe(201);
  const path = new URL(made.headers.get('Location')!).pathname;
  await signIn(page, cloud, cloud.admin, `/entity${path}`);
  await expect(page.getByText('There is none yet', { exact: true })).toBeVisible();
  await expect(page.locator('[data-state=online]').first()).toBeVisible();
  await page.getByRole('button', { name: 'Take a snapshot' }).click();
  await expect(page.locator('[data-snapshot]')).toHaveCount(1);
  await page.goto(`${cloud.url}/ui/volumes`);
  await expect(page.getByRole('link', { name: title, exact: true })).toHaveCount(1);
  await page.getByRole('tab', { name: 'Snapshots' }).click();
  await expect(page.getByRole('cell', { name: path.slice('/storage/'.length, '/storage/'.length + 8), exact: true })).toBeVisible();
  await page.getByRole('tab', { name: 'Backups' }).click();
  await expect(page.getByText('There are no backups yet')).toBeVisible();
});
