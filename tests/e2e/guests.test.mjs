// Six guests on one page: they play while they are seen, cost next to nothing while they are not, and are as high as
// they say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { host, start } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

const scenarios = ["n-plus-one", "queue-knee", "pool-exhaustion", "hot-key", "retry-storm", "cache-stampede"];

// Guests one below the other, far apart, with the autosize of the host's own script.
function six(query) {
  const frames = scenarios.map(
    (id) => `<iframe sandbox="allow-scripts" src="${site.address}?embed=1&id=${id}${query}#v=1&s=${id}" width="700" height="500"></iframe>`,
  );
  const script =
    `addEventListener("message",({data,source})=>{if(data.type!=="kneepoint-sim:resize")return;` +
    `for(const frame of document.querySelectorAll("iframe"))if(frame.contentWindow===source)frame.height=data.height})`;
  const body = `${frames.join("<hr>")}<p id="end">End</p><script>${script}</script>`;
  return host(site, body, { width: 1000, height: 700 });
}

// Processor seconds of every process of the browser, workers and all.
async function used() {
  const session = await site.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

// The least of several stretches: what the browser does for itself, such as tidying its memory, is not ours.
async function leastLoad(page, tries) {
  let least = Infinity;
  for (let attempt = 0; attempt < tries && least > 0.02; attempt++) {
    const [before, begin] = [await used(), performance.now()];
    await page.waitForTimeout(3000);
    least = Math.min(least, (await used()) - before) / ((performance.now() - begin) / 1000);
  }
  return least;
}

const finished = (frame) => frame.waitForSelector("figure.charts[aria-busy=false]", { timeout: 120_000 });
// Counts what a frame asks of the browser from now on.
const watch = (frame) =>
  frame.evaluate(() => {
    window.frames_ = 0;
    const real = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (then) => {
      window.frames_++;
      return real(then);
    };
  });

test("six guests that nobody sees, or that are paused, cost next to nothing", async () => {
  const { page, faults, guests, close } = await six("&run=paused");
  assert.equal(guests().length, 6);
  for (const guest of guests()) await finished(guest);
  const paused = await leastLoad(page, 8);
  assert.ok(paused < 0.05, `${paused} of a core while paused`);
  // By now they have all that they computed after their curves.
  for (const guest of guests()) await watch(guest);
  await page.waitForTimeout(3000);
  for (const guest of guests()) assert.equal(await guest.evaluate(() => window.frames_), 0, "no frame is asked for");
  assert.deepEqual(faults, []);
  await close();
});

test("a guest that plays stops when it is scrolled away, and goes on when it is back", async () => {
  const { page, faults, guests, close } = await six("");
  for (const guest of guests()) await finished(guest);
  const [first] = guests();
  const clock = () => first.textContent(".time .clock");
  await page.evaluate(() => scrollTo(0, 0));
  const top = await first.locator(".time").evaluate((panel) => panel.getBoundingClientRect().top);
  await page.evaluate((top) => scrollTo(0, top - 100), top);
  const begin = await clock();
  await first.waitForFunction((begin) => document.querySelector(".time .clock").textContent !== begin, begin, { timeout: 20_000 });
  await page.evaluate(() => document.getElementById("end").scrollIntoView());
  // All guests away, the last one too.
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", "<div style='height:3000px'></div>"));
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForTimeout(1500);
  const away = await clock();
  const load = await leastLoad(page, 8);
  assert.ok(load < 0.05, `${load} of a core while out of sight`);
  assert.equal(await clock(), away, "time stands still");
  await page.evaluate((top) => scrollTo(0, top - 100), top);
  await first.waitForFunction((away) => document.querySelector(".time .clock").textContent !== away, away, { timeout: 20_000 });
  assert.deepEqual(faults, []);
  await close();
});

test("each guest of six is as high as what is in it, and all that with scripts alone", async () => {
  const { page, faults, guests, close } = await six("&run=paused");
  for (const guest of guests()) await finished(guest);
  for (const guest of guests()) {
    // Browsers lay out no frame of another origin that nobody sees: it tells its height when it is near.
    await (await guest.frameElement()).scrollIntoViewIfNeeded();
    await page.waitForTimeout(500);
    assert.equal(await guest.evaluate(() => self.origin), "null");
    const inner = await guest.evaluate(() => document.getElementById("app").getBoundingClientRect().height);
    const outer = await (await guest.frameElement()).evaluate((frame) => Number(frame.height));
    assert.ok(Math.abs(inner - outer) <= 1, `${outer} px for ${inner}`);
  }
  assert.deepEqual(faults, []);
  await close();
});
