// The operating point over time: played, stepped, and disturbed by mouse, touch and keys.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { open, phone, root, start } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

const link = "#v=1&s=n-plus-one&users=1000&seed=1&m=1";
const quiet = { reducedMotion: "reduce" };
const clock = (page) => page.textContent(".time .clock");
// Simulated seconds.
const seconds = async (page) => {
  const [, value, unit] = (await clock(page)).match(/^([\d.]+) (ms|s|min)/);
  return Number(value) * { ms: 0.001, s: 1, min: 60 }[unit];
};
const ready = (page) =>
  page.waitForFunction(() => / of (60 s|\d+:\d\d)/.test(document.querySelector(".time .clock")?.textContent));
const words = (page) => page.getAttribute(".strips canvas", "aria-label");
const times = (page, index = 0) => page.getAttribute(`[data-fault="${index}"]`, "aria-valuetext");
// The page draws a moment after it has heard.
const becomes = async (page, expected) => {
  const is = (text) => document.querySelector("[data-fault]")?.getAttribute("aria-valuetext") === text;
  await page.waitForFunction(is, expected, { timeout: 5000 }).catch(() => {});
  assert.equal(await times(page), expected);
};
const button = (page, name) => page.locator(".time").getByRole("button", { name, exact: true });
// Brings the panel into view, where it plays.
const show = (page) => page.locator(".time").scrollIntoViewIfNeeded();
const until = (page, least) =>
  page.waitForFunction(
    (least) => {
      const [, value, unit] = document.querySelector(".time .clock").textContent.match(/^([\d.]+) (ms|s|min)/);
      return Number(value) * { ms: 0.001, s: 1, min: 60 }[unit] >= least;
    },
    least,
    { timeout: 20_000 },
  );

test("it plays by itself, pauses, goes on by single windows, and starts again", async () => {
  const { context, page, faults } = await open(site, link);
  await ready(page);
  await show(page);
  await until(page, 3);
  await button(page, "Pause").click();
  await page.waitForTimeout(300);
  const stopped = await clock(page);
  await page.waitForTimeout(700);
  assert.equal(await clock(page), stopped);
  const before = await seconds(page);
  await button(page, "Step").click();
  await page.waitForFunction((old) => document.querySelector(".time .clock").textContent !== old, stopped);
  const step = (await seconds(page)) - before;
  assert.ok(step > 0 && step <= 0.51, `${step} s`);
  await page.locator(".speed select").selectOption("20");
  await button(page, "Play").click();
  await page.waitForFunction(() => /^60 s/.test(document.querySelector(".time .clock").textContent));
  await button(page, "Go on").click();
  await until(page, 70);
  await button(page, "Pause").click();
  await button(page, "Restart").click();
  await page.waitForFunction(() => /^0 s of 60 s/.test(document.querySelector(".time .clock").textContent));
  assert.deepEqual(faults, []);
  await context.close();
});

test("with reduced motion nothing moves until someone presses play", async () => {
  const { context, page } = await open(site, link, quiet);
  await ready(page);
  await show(page);
  await page.waitForTimeout(1000);
  assert.equal(await seconds(page), 0);
  await button(page, "Play").click();
  await until(page, 1);
  await context.close();
});

test("nothing runs while nobody can see it", async () => {
  const { context, page } = await open(site, link, { viewport: { width: 1000, height: 400 } });
  await ready(page);
  await show(page);
  await until(page, 1);
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(400);
  const away = await clock(page);
  await page.waitForTimeout(700);
  assert.equal(await clock(page), away);
  await show(page);
  await page.waitForFunction((old) => document.querySelector(".time .clock").textContent !== old, away);
  await context.close();
});

test("a paused page is idle", async () => {
  const { context, page } = await open(site, link, quiet);
  await ready(page);
  await page.waitForSelector("figure.charts[aria-busy=false]", { timeout: 60_000 });
  await page.waitForTimeout(1500);
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value;
  };
  // Curves may still be refined for a while; then nothing is left to do.
  let used = [];
  for (let attempt = 0; attempt < 10 && !used.some((secs) => secs < 0.1); attempt++) {
    const before = await busy();
    await page.waitForTimeout(2000);
    used.push((await busy()) - before);
  }
  assert.ok(used.some((secs) => secs < 0.1), `${used} s of work in 2 s each`);
  await context.close();
});

test("a fault is dropped at the playhead, stands in the link, and can be undone", async () => {
  const { context, page, faults } = await open(site, link, quiet);
  await ready(page);
  await show(page);
  for (let step = 0; step < 20; step++) {
    await button(page, "Step").click();
    await page.waitForTimeout(40);
  }
  const at = await seconds(page);
  await page.selectOption(".palette select", "db");
  await page.click(".palette [data-kind=stop]");
  assert.match(await times(page), new RegExp(`^from ${at} s to ${at + 6} s$`));
  await page.waitForFunction(() => location.hash.includes("fault=stop_db_"));
  assert.match(await page.innerText(".time .once"), /the curve, of the steady state, is without them/);
  await page.locator(".speed select").selectOption("20");
  await button(page, "Play").click();
  await until(page, at + 8);
  assert.match(await words(page), new RegExp(`trigger ends at ${at + 6} s`));
  const theirs = await open(site, new URL(page.url()).hash, quiet);
  await ready(theirs.page);
  assert.equal(await times(theirs.page), await times(page));
  await theirs.context.close();
  await page.keyboard.press("Control+z");
  await page.waitForFunction(() => !document.querySelector("[data-fault], .time .once"));
  assert.deepEqual(faults, []);
  await context.close();
});

test("a part is cut off and a bad version deployed by hand, and what is lost is seen", async () => {
  const { context, page, faults } = await open(site, `${link}&fault=partition_db_10s_20s`, quiet);
  await ready(page);
  await show(page);
  await page.selectOption(".palette select", "app");
  await page.click(".palette [data-kind=deploy]");
  await page.waitForFunction(() => location.hash.includes("~deploy_app_"));
  await page.locator(".speed select").selectOption("20");
  await button(page, "Play").click();
  await until(page, 12);
  assert.match(await words(page), /goodput 0 per second/);
  const labels = await page.locator("[data-fault]").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label").replace(/\s/g, " ")));
  assert.deepEqual(labels, ["Fault: db cut off", "Fault: bad version of app fails 50 %"]);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a fault is moved, stretched and removed with the keys", async () => {
  const { context, page } = await open(site, `${link}&fault=slow_db_20s_30s_5`, quiet);
  await ready(page);
  await page.locator("[data-fault]").focus();
  await page.keyboard.press("ArrowRight");
  await becomes(page, "from 20.5 s to 30.5 s");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await becomes(page, "from 20 s to 31 s");
  await page.keyboard.press("PageDown");
  await becomes(page, "from 15 s to 26 s");
  const field = page.locator(".chosen-fault").getByLabel("amount");
  await field.fill("2");
  await field.press("Tab");
  await page.waitForFunction(() => location.hash.includes("fault=slow_db_15s_26s_2"));
  await page.locator("[data-fault]").focus();
  await page.keyboard.press("Delete");
  await page.waitForFunction(() => !location.hash.includes("fault="));
  assert.equal(await page.locator("[data-fault]").count(), 0);
  await context.close();
});

test("a fault is dragged by its middle and stretched by its edge", async () => {
  const { context, page } = await open(site, `${link}&fault=slow_db_20s_40s_5`, quiet);
  await ready(page);
  await show(page);
  const grab = async (share, inset, by) => {
    const box = await page.locator("[data-fault] rect").boundingBox();
    const at = { x: box.x + box.width * share + inset, y: box.y + box.height / 2 };
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x + by / 2, at.y, { steps: 3 });
    await page.mouse.move(at.x + by, at.y, { steps: 3 });
    await page.mouse.up();
  };
  const box = await page.locator("[data-fault] rect").boundingBox();
  const second = box.width / 20;
  await grab(0.5, 0, -10 * second);
  await becomes(page, "from 10 s to 30 s");
  await grab(1, -3, 5 * second);
  await becomes(page, "from 10 s to 35 s");
  await grab(0, 3, -5 * second);
  await becomes(page, "from 5 s to 35 s");
  await page.keyboard.press("Control+z");
  await becomes(page, "from 10 s to 35 s");
  await context.close();
});

test("a finger drags a fault, and scrolls the page over it", async () => {
  const { context, page } = await open(site, `${link}&fault=slow_db_20s_40s_5`, phone);
  await ready(page);
  await show(page);
  const session = await context.newCDPSession(page);
  const touch = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  const box = await page.locator("[data-fault] rect").boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await touch("touchStart", [at]);
  for (let step = 1; step <= 6; step++) {
    await touch("touchMove", [{ x: at.x + step * 8, y: at.y }]);
  }
  await touch("touchEnd", []);
  const moved = () => {
    const [, from] = document.querySelector("[data-fault]").getAttribute("aria-valuetext").match(/from ([\d.]+) s/);
    return Number(from) > 25;
  };
  await page.waitForFunction(moved, null, { timeout: 5000 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} px wide`);
  await context.close();
});

test("a knob and a fix changed on the way take effect there and are marked", async () => {
  const { context, page } = await open(site, link, quiet);
  await ready(page);
  await show(page);
  await page.locator(".speed select").selectOption("20");
  await button(page, "Play").click();
  await until(page, 10);
  await button(page, "Pause").click();
  await page.locator("#knob-users").press("ArrowRight");
  await page.getByLabel("Join").check();
  await button(page, "Play").click();
  await until(page, 20);
  assert.match(await words(page), /Users [\d.k]+ at 1\d(\.\d+)? s\./);
  assert.match(await words(page), /Join on at 1\d(\.\d+)? s\./);
  await context.close();
});

test("figures of any window can be pointed at, and read with the keys", async () => {
  const { context, page } = await open(site, link, quiet);
  await ready(page);
  await show(page);
  for (let step = 0; step < 5; step++) {
    await button(page, "Step").click();
    await page.waitForTimeout(40);
  }
  const pointing = page.locator(".pointing");
  await pointing.focus();
  await page.keyboard.press("Home");
  assert.match(await pointing.getAttribute("aria-valuetext"), /p99 [\d.]+ milliseconds, median .* goodput .* errors .* waiting/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await pointing.getAttribute("aria-valuenow"), "1");
  assert.equal(await page.locator(".figures .p99").count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".figures").count(), 0);
  const box = await pointing.boundingBox();
  await page.mouse.move(box.x + 70, box.y + box.height / 2);
  await page.waitForSelector(".figures .p99");
  await context.close();
});

test("a checker of accessibility has nothing to say, light and dark, wide and narrow", async () => {
  const axe = await readFile(`${root}tests/e2e/node_modules/axe-core/axe.min.js`, "utf8");
  for (const theme of ["light", "dark"]) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
      const address = `?theme=${theme}${link}&fault=slow_db_20s_40s_5~stop_app_25s_30s`;
      const { context, page } = await open(site, address, { viewport, ...quiet });
      await ready(page);
      await page.locator("[data-fault]").first().focus();
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(".time"));
      const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
      assert.deepEqual(said, []);
      await context.close();
    }
  }
});
