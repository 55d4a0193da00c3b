import AxeBuilder from '@axe-core/playwright';
import { expect, picture, signIn, test } from './cloud';

const PAGES = ['', 'machines', 'machines/new', 'volumes', 'networks', 'images', 'hosts', 'activity/operations', 'activity/events', 'activity/audit', 'projects', 'projects/usage', 'projects/users', 'projects/tokens', 'model', 'model/storage'];

for (const scheme of ['light', 'dark'] as const) {
  test(`no page has an obstacle that axe finds, in ${scheme} colours`, async ({ page, cloud }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.goto(`${cloud.url}/ui/signin`);
    await expect(page.getByLabel('API token')).toBeVisible();
    const found: string[] = [];
    const look = async (name: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
      found.push(...violations.map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3).join(' | ')}`));
    };
    await look('signin');
    if (scheme === 'light') await picture(page, 'signin');
    await signIn(page, cloud, cloud.admin);
    for (const at of PAGES) {
      await page.goto(`${cloud.url}/ui/${at}`);
      await expect(page.locator('main h1')).toBeVisible();
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
      await look(at || 'dashboard');
      if (scheme === 'light') await picture(page, (at || 'dashboard').replace('/', '-'));
    }
    expect(found).toEqual([]);
  });
}

test('the keyboard is enough, and narrow screens too', async ({ page, cloud }) => {
  await signIn(page, cloud, cloud.admin);
  await page.locator('main h1').focus();
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await expect(page).toHaveURL(/\/ui\/machines$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Machines' })).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.getByLabel('Title')).toBeFocused();
  await page.locator('main h1').focus();
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/\/ui\/machines\/new$/);
  await page.setViewportSize({ width: 380, height: 740 });
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Volumes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Volumes' })).toBeVisible();
  // What is wide is moved sideways by itself; the page is not.
  for (const at of PAGES) {
    await page.goto(`${cloud.url}/ui/${at}`);
    await expect(page.locator('main h1')).toBeVisible();
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), at).toBeLessThanOrEqual(380);
  }
});

test('any kind has a form, made of the model', async ({ page, cloud }) => {
  await signIn(page, cloud, cloud.admin, '/model/storage');
  await page.getByLabel('Title').fill('made by a form');
  await page.getByLabel(/storage\.size/).fill('1');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'made by a form' })).toBeVisible();
  await expect(page.locator('[data-state=online]')).toBeVisible();
  await page.getByLabel('Title').fill('renamed');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'renamed' })).toBeVisible();
});
