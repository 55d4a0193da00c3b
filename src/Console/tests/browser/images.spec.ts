import { randomBytes } from 'node:crypto';
import { expect, picture, signIn, test } from './cloud';

test('an image is uploaded, and how far it is shows; cancelled and refused ones are not there', async ({ page, cloud }) => {
  test.setTimeout(120_000);
  const term = `raw-${Date.now()}`;
  const bytes = randomBytes(4 * 2 ** 20);
  await signIn(page, cloud, cloud.admin, '/images');
  const choose = async () => {
    await page.locator('input[type=file]').setInputFiles({ name: `${term}.img`, mimeType: 'application/octet-stream', buffer: bytes });
    await page.getByLabel('Term').first().fill(term);
  };
  await choose();
  await expect(page.getByLabel('Format').first()).toHaveValue('raw');
  // As slow as a line of 8 Mbit/s: so that there is something to see, and to cancel.
  const line = await page.context().newCDPSession(page);
  const slow = (bytesPerSecond: number) => line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond });
  await line.send('Network.enable');
  await slow(2 ** 20);
  const bar = page.getByRole('progressbar', { name: 'Uploaded' });
  const button = page.getByRole('button', { name: 'Upload' });
  await button.click();
  await expect(bar).toBeVisible();
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow')), { intervals: [50] }).toBeGreaterThan(0);
  await picture(page, 'upload');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('alert')).toContainText('Cancelled.');
  expect(((await (await cloud.api('GET', '/admin/images')).json()) as { term: string }[]).some((i) => i.term === term)).toBe(false);

  // Not what it is said to be: in the API's own words.
  await slow(-1);
  await page.getByLabel('Format').first().click();
  await page.getByRole('option', { name: 'qcow2' }).click();
  await button.click();
  await expect(page.getByRole('alert')).toContainText(/qcow2/);

  await page.getByLabel('Format').first().click();
  await page.getByRole('option', { name: 'raw' }).click();
  await slow(2 ** 20);
  await button.click();
  const seen = new Set<number>();
  await expect.poll(async () => {
    const now = Number(await bar.getAttribute('aria-valuenow', { timeout: 1000 }).catch(() => 100));
    if (now > 0 && now < 100) seen.add(now);
    return seen.size;
  }, { intervals: [100] }).toBeGreaterThan(1);
  const row = page.getByRole('row', { name: new RegExp(term) });
  await expect(row.locator('[data-state=ready]')).toBeVisible();
  await expect(row).toContainText('4.0 MiB');
  await slow(-1);
  // A machine can be made of it at once.
  await page.getByRole('link', { name: 'Machines', exact: true }).click();
  await page.getByRole('link', { name: 'New machine' }).click();
  await expect(page.getByRole('radio', { name: new RegExp(term) })).toBeEnabled();
  await page.getByRole('link', { name: 'Images', exact: true }).click();
  await row.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});
