import { expect, picture, signIn, test } from './cloud';

const COMPUTE = 'http://schemas.ogf.org/occi/infrastructure#compute';

test('an operator sees the fleet, drains a host and lets another one in', async ({ page, cloud }) => {
  const made = await cloud.api('POST', '/compute/', { kind: COMPUTE, title: 'to be moved', mixins: ['http://controller.local/occi/os_tpl#demo', 'http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#small'] });
  expect(made.status).toBe(201);
  await signIn(page, cloud, await cloud.token('operator'));
  await expect(page.getByRole('region', { name: 'Machines by state' }).getByRole('link', { name: /active/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Hosts' }).getByText('host-1')).toBeVisible();
  await picture(page, 'dashboard');

  await page.getByRole('link', { name: 'Hosts', exact: true }).click();
  await page.getByRole('button', { name: 'Make a join token' }).click();
  await expect(page.getByLabel('Join token')).not.toBeEmpty();
  await page.getByRole('link', { name: 'host-1' }).click();
  await page.getByRole('button', { name: 'Drain…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
  await expect(page.getByText(/Drained .* by operator of a test/)).toBeVisible({ timeout: 60_000 });
  await picture(page, 'host');
  await page.getByRole('button', { name: 'Let it take machines again' }).click();
  await expect(page.getByRole('button', { name: 'Drain…' })).toBeVisible();

  await page.getByRole('link', { name: 'Activity' }).click();
  await page.getByRole('tab', { name: 'Audit' }).click();
  await expect(page.getByText(/admin\/hosts\/.*\/undrain/).first()).toBeVisible();
  await page.getByRole('tab', { name: 'Events' }).click();
  await expect(page.getByRole('link', { name: 'to be moved' }).first()).toBeVisible();
});

test('what happens elsewhere is shown without asking', async ({ page, cloud }) => {
  await signIn(page, cloud, cloud.admin, '/machines');
  const title = `by another client ${Date.now()}`;
  const made = await cloud.api('POST', '/compute/', { kind: COMPUTE, title, mixins: ['http://controller.local/occi/os_tpl#demo'], attributes: { 'occi.compute.cores': 1, 'occi.compute.memory': 0.25 } });
  const path = new URL(made.headers.get('Location')!).pathname;
  const row = page.locator(`[data-machine="${title}"]`);
  await expect(row.locator('[data-state=active]')).toBeVisible();
  // Searched by the server, by a part of the title in capitals or not.
  const search = page.getByLabel('Title');
  await search.fill(title.slice(3).toUpperCase());
  await expect(page.locator('[data-machine]')).toHaveCount(1);
  await search.fill(`${title} of nobody`);
  await expect(page.getByText('No machine is like that')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await row.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete selected' }).click();
  await expect(row).toHaveCount(0);
  expect((await cloud.api('GET', path)).status).toBe(404);
});

test('a refusal is told in the words of the API', async ({ page, cloud }) => {
  await page.goto(`${cloud.url}/ui/`);
  await page.getByLabel('API token').fill('of nobody');
  await page.getByRole('button', { name: 'Sign in with token' }).click();
  await expect(page.getByRole('alert')).toContainText('The token is unknown');
  await signIn(page, cloud, cloud.admin, '/machines/new');
  await page.getByRole('radio', { name: /Demo/ }).click();
  await page.getByRole('radio', { name: /as I say/ }).click();
  await page.getByLabel('Cores', { exact: true }).fill('500');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create machine' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The machine was not made' })).toContainText('no-capacity');
});
