import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const results = process.env['CONSOLE_RESULTS'] ?? join(import.meta.dirname, '..', '..', 'TestResults', 'console');
const chromium = process.env['CONSOLE_CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: join(results, 'artifacts'),
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: !!process.env['CI'],
  reporter: [['list'], ['junit', { outputFile: join(results, 'browser.xml') }]],
  use: {
    browserName: 'chromium',
    // As root, and in containers, Chromium has no sandbox of its own to be had.
    launchOptions: { ...(chromium ? { executablePath: chromium } : {}), args: ['--no-sandbox', '--disable-dev-shm-usage'] },
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
});
