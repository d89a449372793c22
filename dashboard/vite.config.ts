// How the dashboard is built: static files in dist that the hub serves itself; no inline script, no outside source.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
/** Where a running hub listens, for `npx vite dashboard` during development. */
const hub = process.env['FENGSUI_HUB'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root,
  cacheDir: fileURLToPath(new URL('../node_modules/.cache/vite', import.meta.url)),
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Data URIs would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // How long each plugin took says nothing to whoever installs.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': hub, '/socket.io': { target: hub, ws: true } },
  },
});
