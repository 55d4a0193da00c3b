import { expect, picture, signIn, startCloud, test as base } from './cloud';

/** With a guest that really boots, under QEMU. */
const test = base.extend<object, { real: Awaited<ReturnType<typeof startCloud>> }>({
  real: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const cloud = await startCloud('libvirt', 1);
      await use(cloud);
      await cloud.end();
    },
    { scope: 'worker', timeout: 960_000 },
  ],
});

test('with libvirt: from sign-in to a booted machine whose console is read, and to its screen', async ({ page, real }) => {
  test.skip(process.getuid?.() !== 0, 'libvirt in namespaces of its own needs root');
  test.setTimeout(300_000);
  await signIn(page, real, await real.token('member'), '/machines/new');
  await page.getByRole('radio', { name: /Demo/ }).click();
  await page.getByRole('radio', { name: /as I say/ }).click();
  await page.getByLabel('Memory in GiB').fill('0.25');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Title').fill('really booted');
  await page.getByRole('button', { name: 'Create machine' }).click();
  await page.getByRole('tab', { name: 'Serial console' }).click();
  await expect(page.getByTestId('terminal')).toContainText('DEMO: ready', { timeout: 180_000 });
  await picture(page, 'libvirt-serial');
  await page.getByRole('tab', { name: 'Screen' }).click();
  await expect(page.getByText(/Connected: keyboard and mouse/)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId('screen').locator('canvas')).toBeVisible();
  await picture(page, 'libvirt-screen');
});
