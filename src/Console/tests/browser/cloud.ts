import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';

const run = promisify(execFile);
export const root = join(import.meta.dirname, '..', '..', '..', '..');
const controller = join(root, 'controller');
export const results = process.env['CONSOLE_RESULTS'] ?? join(root, 'TestResults', 'console');

/** A cloud on 127.0.0.1 with ports and a directory of its own, which ends with its tests. */
export interface Cloud {
  url: string;
  data: string;
  admin: string;
  /** A token of that role in the project <c>default</c>. */
  token: (role: string, project?: string) => Promise<string>;
  api: (method: string, path: string, body?: unknown) => Promise<Response>;
  end: () => Promise<void>;
}

/** An identity provider as a process of its own, and what an API is told of it. It ends with its input. */
async function startProvider(): Promise<{ settings: Record<string, string>; end: () => void }> {
  const dotnet = process.env['CONTROLLER_DOTNET'] ?? 'dotnet';
  const project = join(root, 'tests', 'Oidc.Provider');
  const program = join(project, 'bin', 'Release', 'net10.0', 'Oidc.Provider.dll');
  // "controller test" has built it.
  if (!existsSync(program)) await run(dotnet, ['build', project, '-c', 'Release', '-v', 'quiet', '-nologo'], { timeout: 300_000 });
  const provider: ChildProcess = spawn(dotnet, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const issuer = await new Promise<string>((done, failed) => {
    provider.stdout!.once('data', (said: Buffer) => done(said.toString().trim()));
    provider.once('exit', (code) => failed(new Error(`the identity provider ended with ${code}`)));
  });
  return {
    settings: {
      Oidc__Issuer: issuer, Oidc__ClientId: 'controller', Oidc__Roles__0__Group: 'cloud-admins', Oidc__Roles__0__Role: 'admin',
      Oidc__Roles__1__Group: 'web-team', Oidc__Roles__1__Project: 'default', Oidc__Roles__1__Role: 'member',
    },
    end: () => provider.stdin!.end(),
  };
}

export async function startCloud(driver: 'simulated' | 'libvirt', hosts: number): Promise<Cloud> {
  // While one works on the console, a cloud that runs already: its data directory.
  const given = process.env[driver === 'simulated' ? 'CONSOLE_CLOUD' : 'CONSOLE_LIBVIRT_CLOUD'];
  const data = given ? given : await mkdtemp(join(tmpdir(), `console-${driver}-`));
  const own = data !== given;
  const provider = own && driver === 'simulated' ? await startProvider() : undefined;
  const end = async () => {
    provider?.end();
    if (!own) return;
    await run(controller, ['down', '--data', data], { timeout: 120_000 });
    await rm(data, { recursive: true, force: true });
  };
  try {
    if (own) await run(controller, ['up', '--driver', driver, '--hosts', String(hosts), '--port', '0', '--detach', '--data', data], { timeout: 900_000, maxBuffer: 1 << 24, env: { ...process.env, ...provider?.settings } });
  } catch (failure) {
    await end().catch(() => undefined);
    throw failure;
  }
  const url = (await readFile(join(data, 'endpoint'), 'utf8')).trim();
  const admin = (await readFile(join(data, 'admin.token'), 'utf8')).trim();
  const api = (method: string, path: string, body?: unknown) =>
    fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${admin}`, Accept: 'application/occi+json', ...(body === undefined ? {} : { 'Content-Type': path.startsWith('/admin') ? 'application/json' : 'application/occi+json' }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
  const token = async (role: string, project = 'default') => {
    const made = await api('POST', '/admin/tokens', { name: `${role} of a test`, project, role });
    if (made.status !== 201) throw new Error(`no token: ${made.status} ${await made.text()}`);
    return ((await made.json()) as { token: string }).token;
  };
  return { url, data, admin, token, api, end };
}

/** Tests with a cloud whose machines are simulated: one for all of them. */
export const test = base.extend<{ quiet: undefined }, { cloud: Cloud }>({
  cloud: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const cloud = await startCloud('simulated', 2);
      await use(cloud);
      await cloud.end();
    },
    { scope: 'worker', timeout: 960_000 },
  ],
  // A page that throws, or that its own policy stops, fails its test.
  quiet: [
    async ({ page }, use) => {
      const said: string[] = [];
      page.on('pageerror', (e) => said.push(e.message));
      page.on('console', (m) => {
        if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) said.push(m.text());
      });
      await use(undefined);
      expect(said).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export async function signIn(page: Page, cloud: Cloud, token: string, at = '/') {
  await page.goto(`${cloud.url}/ui${at}`);
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in with token' }).click();
  await expect(page.getByText('● live')).toBeVisible();
}

/** Kept as an artefact of the run. */
export async function picture(page: Page, name: string) {
  const directory = join(results, 'screenshots');
  await mkdir(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), animations: 'disabled' });
}
