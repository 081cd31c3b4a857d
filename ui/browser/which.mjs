// Which browser plays the scenes; run by itself it says which, and its version.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Names of Debian's and other systems' Chromium; CHROMIUM overrides them. The one
// without windows takes half the CPU time.
const browsers = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const executable = browsers.find((path) => path && existsSync(path));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(executable ?? 'none', executable ? execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim() : '');
}
