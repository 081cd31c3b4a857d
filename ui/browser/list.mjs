// Lists of lines on the Logs screen, as a reader moves through them.

// rows are those that the list has taken over: before that, for a moment after
// an answer, a click or a key would be meant for the list before.
export const rows = (page) => page.locator('#log-rows.virtual .lr');

// wheel turns the wheel and waits until the page has followed and rests. A turn
// that came before would add to it, and lines between would never be made.
export async function wheel(page, by) {
  const was = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, by);
  const followed = ([was, by]) => scrollY !== was || (by < 0 ? scrollY <= 0 : scrollY + innerHeight >= document.documentElement.scrollHeight - 1);
  await page.waitForFunction(followed, [was, by]);
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let y = NaN; y !== scrollY; ) {
      y = scrollY;
      await frame();
      await frame();
    }
  });
}

// placed waits until the address keeps where the list is, which it does once
// scrolling has ended.
export const placed = (page) => page.waitForFunction(() => history.state?.y === Math.round(scrollY));

// apart is for scenes that use the clipboard: the browser has one for all pages.
let last = Promise.resolve();
export const apart = (run) => (...args) => {
  const mine = last.then(() => run(...args));
  last = mine.catch(() => {});
  return mine;
};
