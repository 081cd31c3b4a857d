// The models under the islands, against the simplest thing that does the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const here = new URL('../islands/', import.meta.url).pathname;

async function load(file) {
  const { outputFiles } = await build({ entryPoints: [here + file], bundle: true, format: 'esm', write: false, target: 'es2022' });
  return import('data:text/javascript;base64,' + Buffer.from(outputFiles[0].contents).toString('base64'));
}

// dice are the same in every run.
function dice(seed) {
  let s = seed;
  return (n) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * n);
  };
}

test('heights agree with a list of numbers, whatever is added, taken away and set', async () => {
  const { Heights } = await load('_heights.ts');
  const roll = dice(7);
  for (let round = 0; round < 30; round++) {
    const h = new Heights(22);
    let want = [];
    for (let step = 0; step < 120; step++) {
      const n = roll(round % 3 ? 40 : 900);
      switch (roll(7)) {
        case 0:
          h.append(n);
          want.push(...Array(n).fill(22));
          break;
        case 1:
          h.prepend(n);
          want.unshift(...Array(n).fill(22));
          break;
        case 2:
          h.prepend(-n);
          want = want.slice(n);
          break;
        case 3:
          if (roll(4)) break;
          h.truncate(n);
          want = want.slice(0, n);
          break;
        default:
          for (let k = 0; k < 5 && want.length; k++) {
            const i = roll(want.length);
            const height = [22, 44, 310.5, 18][roll(4)];
            assert.equal(h.set(i, height), want[i] !== height);
            want[i] = height;
          }
      }
      assert.equal(h.length, want.length);
      const total = want.reduce((a, b) => a + b, 0);
      assert.equal(h.total, total);
      if (!want.length) continue;
      const i = roll(want.length);
      const top = want.slice(0, i).reduce((a, b) => a + b, 0);
      assert.equal(h.offset(i), top);
      assert.equal(h.height(i), want[i]);
      assert.equal(h.at(top), i);
      assert.equal(h.at(top + want[i] - 0.5), i);
      assert.equal(h.at(-5), 0);
      assert.equal(h.at(total + 5), want.length - 1);
    }
  }
});

test('stacked lines add what is shown, and a gap adds nothing', async () => {
  const { stacked } = await load('_plotstack.ts');
  const lists = [[1, 2, null], [10, null, 30], [100, 200, 300]];
  assert.deepEqual(stacked(lists, [true, true, true]), [[111, 202, null], [110, null, 330], [100, 200, 300]]);
  assert.deepEqual(stacked(lists, [true, true, false]), [[11, 2, null], [10, null, 30], [0, 0, 0]]);
  assert.deepEqual(stacked([], []), []);
});
