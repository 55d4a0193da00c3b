import { readFile } from 'node:fs/promises';
import { expect, picture, signIn, test } from './cloud';

const COMPUTE = 'http://schemas.ogf.org/occi/infrastructure#compute';
const LABELS = ['Machines', 'Cores', 'Memory', 'Volumes', 'Disk', 'Networks', 'Reserved addresses'];

test('an administrator limits all that a project can use, and downloads what it used', async ({ page, cloud }) => {
  const name = `limited-${Date.now()}`;
  await signIn(page, cloud, cloud.admin, '/projects');
  await page.getByLabel(/^Name/).fill(name);
  await page.getByLabel('Machines at most').fill('4');
  await page.getByLabel('Reserved addresses at most').fill('3');
  await page.getByRole('button', { name: 'Make the project' }).click();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const row = (what: string) => page.locator(`[data-quota=${what}]`);
  await expect(page.locator('[data-quota]')).toHaveCount(7);
  for (const label of LABELS) await expect(page.getByRole('cell', { name: label, exact: true })).toBeVisible();
  await expect(row('computes')).toContainText(/0\s*4/);
  await expect(row('addresses')).toContainText('3');
  await expect(row('networks')).toContainText('none');

  // All seven by their fields, and as the API has them then.
  const wanted = { computes: '2', cores: '6', memoryBytes: '1.5', volumes: '5', diskBytes: '40', networks: '1', addresses: '' };
  for (const [at, value] of Object.values(wanted).entries()) await page.getByLabel(`${LABELS[at]} at most`).fill(value);
  await page.getByRole('button', { name: 'Set the limits' }).click();
  await expect(row('memoryBytes')).toContainText('1.5 GiB');
  await expect(row('addresses')).toContainText('none');
  const id = new URL(page.url()).pathname.split('/')[3]!;
  const limits = Object.fromEntries(Object.entries((await (await cloud.api('GET', `/admin/projects/${id}/quota`)).json()) as Record<string, { limit: number | null }>).map(([what, { limit }]) => [what, limit]));
  expect(limits).toEqual({ computes: 2, cores: 6, memoryBytes: 1.5 * 2 ** 30, volumes: 5, diskBytes: 40 * 2 ** 30, networks: 1, addresses: null });

  // What is used stands against it, and a member sees it too, but changes nothing.
  const member = await cloud.token('member', id);
  const made = await fetch(`${cloud.url}/compute/`, {
    method: 'POST', headers: { Authorization: `Bearer ${member}`, 'Content-Type': 'application/occi+json', Accept: 'application/occi+json' },
    body: JSON.stringify({ kind: COMPUTE, title: 'counted', mixins: ['http://controller.local/occi/os_tpl#demo'], attributes: { 'occi.compute.cores': 3, 'occi.compute.memory': 0.75 } }),
  });
  expect(made.status).toBe(201);
  await expect(row('cores')).toContainText(/3\s*6/, { timeout: 30_000 });
  await expect(row('memoryBytes').getByRole('progressbar')).toHaveAttribute('aria-valuenow', '50');
  await picture(page, 'quotas');

  await page.getByRole('tab', { name: 'Usage' }).click();
  const cores = page.locator('[data-usage=cores]');
  await expect(cores).toContainText(new Date().toISOString().slice(0, 7));
  await picture(page, 'usage');
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const csv = await waiting;
  expect(csv.suggestedFilename()).toMatch(/^usage-.*\.csv$/);
  const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\r\n');
  expect(lines[0]).toBe('project,name,month,what,amount,unit,entities');
  expect(lines.some((l) => l.startsWith(`${id},${name},`) && l.includes(',cores,'))).toBe(true);
  const waitingToo = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download JSON' }).click();
  const report = JSON.parse(await readFile(await (await waitingToo).path(), 'utf8')) as { lines: { project: string; what: string }[] };
  expect(report.lines.map((l) => l.what)).toContain('memoryBytes');
  expect(new Set(report.lines.map((l) => l.project))).toEqual(new Set([id]));
  await page.getByLabel('From').fill('2024-01');
  await page.getByLabel('To').fill('2024-02');
  await expect(page.getByText('Nothing was used then')).toBeVisible();

  // Refused while it owns something, in the API's own words.
  await page.getByRole('tab', { name: 'Rename and delete' }).click();
  await page.getByRole('button', { name: 'Delete the project' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the project' }).click();
  await expect(page.getByText('The project is gone: refused')).toBeVisible();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, cloud, member, '/projects');
  await expect(row('cores')).toContainText(/3\s*6/);
  await expect(page.getByText('An administrator of the cloud sets limits.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Set the limits' })).toHaveCount(0);
});
