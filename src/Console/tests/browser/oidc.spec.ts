import type { Page } from '@playwright/test';
import type { Cloud } from './cloud';
import { expect, picture, test } from './cloud';

/** To the identity provider's page, which asks who one is: another site, and another program. */
async function toProvider(page: Page, cloud: Cloud, at = '/') {
  await page.goto(`${cloud.url}/ui${at}`);
  await page.getByRole('link', { name: 'Single sign-on' }).click();
  await expect(page.getByRole('heading', { name: 'Who are you?' })).toBeVisible();
  expect(new URL(page.url()).hostname).toBe('localhost');
}

async function consent(page: Page, name: string, groups: string) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Groups').fill(groups);
  await page.getByRole('button', { name: 'Consent', exact: true }).click();
}

test('somebody signs in by an identity provider, has the roles of the groups, and signs out', async ({ page, cloud }) => {
  const name = `olga-${Date.now()}`;
  await toProvider(page, cloud, '/machines/new');
  await consent(page, name, 'web-team, others');
  // Where one wanted to go, as who the provider said, with what the group is mapped to.
  await expect(page).toHaveURL(`${cloud.url}/ui/machines/new`);
  await expect(page.getByText(`The ${name} (member)`)).toBeVisible();
  await expect(page.getByText('● live')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Hosts' })).toHaveCount(0);
  expect(await page.evaluate(() => [document.cookie, sessionStorage.getItem('controller.token')])).toEqual(['', null]);
  // The session may write, too, and the cookie outlives a reload.
  await page.goto(`${cloud.url}/ui/model/storage`);
  await page.getByLabel('Title').fill(`of ${name}`);
  await page.getByLabel(/storage\.size/).fill('1');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `of ${name}` })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Single sign-on' })).toBeVisible();
  await expect(page.getByText('You were signed out')).toHaveCount(0);
  await expect.poll(() => page.evaluate(async () => ((await (await fetch('/auth/session')).json()) as { signedIn: boolean }).signedIn)).toBe(false);

  // The same person in another group: an administrator of the cloud now.
  await toProvider(page, cloud);
  await consent(page, name, 'cloud-admins');
  await expect(page.getByText(`The ${name} (admin)`)).toBeVisible();
  await page.getByRole('link', { name: 'Projects', exact: true }).click();
  await page.getByRole('tab', { name: 'Users' }).click();
  await expect(page.getByRole('row', { name: new RegExp(name) })).toContainText('external');

  // A session that ends elsewhere is told of.
  await page.context().clearCookies();
  await page.getByRole('tab', { name: 'Tokens', exact: true }).click();
  await expect(page.getByText('You were signed out')).toBeVisible();
});

test('who has no role is told so', async ({ page, cloud }) => {
  await toProvider(page, cloud, '/volumes');
  await consent(page, `nobody-${Date.now()}`, '');
  await expect(page.getByText(/and have no role yet/)).toBeVisible();
  await picture(page, 'no-role');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('API token')).toBeVisible();
});

test('why somebody was not signed in is told in words', async ({ page, cloud }) => {
  const refused = async (why: RegExp) => {
    await expect(page.getByRole('heading', { name: 'Not signed in' })).toBeVisible();
    await expect(page.getByRole('alert')).toContainText(why);
    await page.getByRole('link', { name: 'Back to the sign-in' }).click();
    await expect(page.getByRole('link', { name: 'Single sign-on' })).toBeVisible();
    expect(await page.evaluate(async () => ((await (await fetch('/auth/session')).json()) as { signedIn: boolean }).signedIn)).toBe(false);
  };
  await toProvider(page, cloud);
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await picture(page, 'denied');
  await refused(/access_denied: You did not consent/);

  await toProvider(page, cloud);
  await page.getByLabel('Name').fill('late');
  await page.getByRole('button', { name: 'Consent, too late' }).click();
  await refused(/does not know the code: invalid_grant/);

  // A state that this server did not give to this browser, and one whose time is over: the cookie goes with it.
  await toProvider(page, cloud);
  await page.goto(`${cloud.url}/auth/oidc/callback?code=somebody-elses&state=somebody-elses`);
  await refused(/Nobody of this browser is expected here, or not any more/);
  await toProvider(page, cloud);
  await page.context().clearCookies();
  await consent(page, 'late', 'web-team');
  await refused(/Nobody of this browser is expected here, or not any more/);
});
