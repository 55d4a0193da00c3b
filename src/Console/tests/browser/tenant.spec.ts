import { expect, picture, signIn, test } from './cloud';

test('a tenant signs in, makes a machine in four steps and reads its console', async ({ page, cloud }) => {
  await signIn(page, cloud, await cloud.token('member'), '/machines/new');
  await page.getByRole('radio', { name: /Demo/ }).click();
  await page.getByRole('radio', { name: /^small/ }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Title').fill('web of a tenant');
  await expect(page.getByLabel('With the command line')).toContainText("occi create compute --title 'web of a tenant' -m http://controller.local/occi/os_tpl#demo");
  await picture(page, 'create');
  await page.getByRole('button', { name: 'Create machine' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'web of a tenant' })).toBeVisible();
  await expect(page.locator('[data-state=active]').first()).toBeVisible();
  await picture(page, 'machine');
  await page.getByRole('tab', { name: 'Serial console' }).click();
  await expect(page.getByTestId('terminal')).toContainText('DEMO: ready');
  await expect(page.getByText('Connected: what you type goes to the machine.')).toBeVisible();
  await page.keyboard.type('echo typed-in-the-browser\r');
  await expect(page.getByTestId('terminal')).toContainText(/typed-in-the-browser[\s\S]*typed-in-the-browser/);
  await picture(page, 'serial');
});

test('a user signs in with a password, sees the own project alone, and signs out', async ({ page, cloud }) => {
  const name = `ana-${Date.now()}`;
  const project = (await (await cloud.api('POST', '/admin/projects', { name: `of ${name}` })).json()) as { id: string };
  expect((await cloud.api('POST', '/admin/users', { name, password: 'a long enough one' })).status).toBe(201);
  expect((await cloud.api('PUT', `/admin/users/${name}/roles`, { project: project.id, role: 'member' })).status).toBe(200);
  await page.goto(`${cloud.url}/ui/machines`);
  await page.getByLabel(/^Name/).fill(name);
  await page.getByLabel(/^Password/).fill('a wrong password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('The name or the password is wrong');
  await page.getByLabel(/^Password/).fill('a long enough one');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByText('There are no machines yet')).toBeVisible();
  await expect(page.getByText(`${name} (member)`)).toBeVisible();
  await expect(page.getByText('● live')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Hosts' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Projects' }).click();
  await expect(page.locator('[data-quota=computes]')).toBeVisible();
  await page.getByRole('tab', { name: 'Members' }).click();
  await expect(page.getByRole('cell', { name, exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('API token')).toBeVisible();
  await page.goto(`${cloud.url}/ui/machines`);
  await expect(page.getByLabel('API token')).toBeVisible();
});
