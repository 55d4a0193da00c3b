import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Puts a compressed copy beside each large file: the API serves it as it is, and compresses nothing by itself. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async closeBundle() {
      const assets = join('dist', 'assets');
      for (const name of await readdir(assets)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const bytes = await readFile(join(assets, name));
        if (bytes.length > 1024) await writeFile(join(assets, name + '.gz'), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

// With "npm run dev" the API of a running cloud: CONSOLE_API=http://127.0.0.1:8080
const api = process.env['CONSOLE_API'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/ui/',
  plugins: [react(), compressed()],
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 900, assetsInlineLimit: 0 },
  // noVNC awaits at its top level.
  optimizeDeps: { esbuildOptions: { target: 'es2022' } },
  server: { proxy: { '^/(?!ui/|@|node_modules)': { target: api, ws: true } } },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
