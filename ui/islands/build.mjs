// Bundles every island that a page links to into assets/dist: one file for all
// screens, and one for each screen with something of its own. A file that
// other islands import starts with an underscore.
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;
const entries = readdirSync(here).filter((f) => f.endsWith('.ts') && !f.startsWith('_') && !f.endsWith('.d.ts'));

await build({
  entryPoints: entries.map((f) => here + f),
  outdir: here + '../assets/dist',
  bundle: true,
  format: 'iife',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'info',
});
