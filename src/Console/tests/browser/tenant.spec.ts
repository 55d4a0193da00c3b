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
