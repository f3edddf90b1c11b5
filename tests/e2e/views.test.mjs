// Measures below latency, the crosshair through all charts, and load up and down: by mouse, by
// touch and by keyboard alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, phone, settled, start } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

const storm = "#v=1&s=retry-storm&seed=1&m=1";
const chip = (page, name) => page.locator(".charts").getByRole("button", { name, exact: true });
const figures = (page) =>
  page.locator(".crosshair .card tr").evaluateAll((rows) => rows.map((row) => row.children[0].textContent));
const found = (page, expected) =>
  page.waitForFunction(
    (source) => new RegExp(source).test(document.querySelector("figcaption").textContent),
    expected,
    { timeout: 30_000 },
  );
// What is drawn on a canvas; that of an empty one is short.
const drawn = (page, selector) => page.locator(selector).evaluate((canvas) => canvas.toDataURL());
const shifts = (page) =>
  page.evaluate(() => {
    window.moved = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.moved += shift.value;
    }).observe({ type: "layout-shift" });
  });

test("measures are chosen by mouse, and one crosshair tells all of them", async () => {
  const { context, page, faults } = await open(site, storm, { reducedMotion: "reduce" });
  await settled(page);
  assert.equal(await chip(page, "Load").getAttribute("aria-pressed"), "true");
  // No cache, no memory limit, no updates: nothing to show of them.
  for (const name of ["Staleness", "Lost updates", "Memory"]) assert.equal(await chip(page, name).count(), 0, name);
  await shifts(page);
  await chip(page, "Utilisation").click();
  await chip(page, "Amplification").click();
  await page.waitForFunction(() => document.querySelectorAll("canvas.measure").length === 3);
  await page.waitForTimeout(300);
  for (const index of [0, 1, 2]) {
    assert.ok((await drawn(page, `canvas.measure >> nth=${index}`)).length > 5000, `chart ${index} is empty`);
  }
  const box = await page.locator(".handle").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.7);
  await page.waitForSelector(".crosshair .card");
  const names = await figures(page);
  assert.deepEqual(names, ["p99", "p95", "p50", "goodput", "offered", "errors", "server", "attempts"]);
  // One line through all charts.
  const hair = await page.locator(".hair").boundingBox();
  assert.ok(hair.height >= 0.85 * box.height, `${hair.height} of ${box.height}`);
  await chip(page, "Load").click();
  await page.waitForFunction(() => !document.querySelector("canvas.load"));
  assert.equal(await page.evaluate(() => window.moved), 0);
  // The choice is no part of the state.
  assert.ok(!page.url().includes("mplification"));
  assert.deepEqual(faults, []);
  await context.close();
});

test("the knob with the focus moves the crosshair of all charts by keys, with its figures", async () => {
  const { context, page, faults } = await open(site, storm, { reducedMotion: "reduce" });
  await settled(page);
  await chip(page, "Utilisation").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("canvas.measure >> nth=1");
  await page.waitForTimeout(300);
  const before = await drawn(page, "canvas.measure >> nth=1");
  await page.locator(".handle").focus();
  assert.equal(await page.locator(".crosshair").count(), 0);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.waitForSelector(".crosshair .card");
  assert.ok((await figures(page)).includes("server"));
  await page.waitForFunction((old) => document.querySelector(".card caption").textContent !== old, "800 users");
  assert.notEqual(await drawn(page, "canvas.measure >> nth=1"), before);
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => !document.querySelector(".crosshair"));
  assert.deepEqual(faults, []);
  await context.close();
});

test("load is walked up and down by keyboard alone, and a fix takes the second state away", async () => {
  const { context, page, faults } = await open(site, storm, { reducedMotion: "reduce" });
  await settled(page);
  await chip(page, "Up and down").focus();
  await page.keyboard.press("Space");
  await found(page, "^Breaks at 1\\.06k users, recovers below 237: .* hidden capacity 237\\.$");
  await page.getByText("Numbers of the curve").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Load falls");
  const rows = await page.locator(".table tbody").evaluateAll((bodies) => bodies.map((body) => body.rows.length));
  assert.equal(rows.length, 2);
  assert.ok(rows[0] > 20 && rows[1] > 8, `${rows}`);
  await page.getByLabel("Bounded queue").focus();
  await page.keyboard.press("Space");
  await found(page, "^No second state found: breaks at");
  await chip(page, "Up and down").focus();
  await page.keyboard.press("Space");
  await found(page, "^p99 latency over users");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a walk under way gives way to a drag, and nothing of it blocks the page", async () => {
  const { context, page, faults } = await open(site, "#v=1&s=n-plus-one&seed=1&m=1", { reducedMotion: "reduce" });
  await settled(page);
  await chip(page, "Up and down").click();
  await page.evaluate(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longTasks.push(Math.round(task.duration));
    }).observe({ entryTypes: ["longtask"] });
  });
  const knob = await page.locator("#knob-posts").boundingBox();
  // The machine is shared: the page is blocked only if it is every time.
  let long = [NaN];
  for (let attempt = 0; attempt < 6 && long.length > 0; attempt++) {
    await page.evaluate(() => (window.longTasks = []));
    await page.mouse.move(knob.x + knob.width * 0.4, knob.y + knob.height / 2);
    await page.mouse.down();
    for (let step = 0; step < 20; step++) {
      await page.mouse.move(knob.x + knob.width * (0.4 + step / 60), knob.y + knob.height / 2);
      await page.waitForTimeout(50);
    }
    await page.mouse.up();
    await found(page, "No second state found");
    long = await page.evaluate(() => window.longTasks);
  }
  assert.deepEqual(long, []);
  assert.deepEqual(faults, []);
  await context.close();
});

test("both fit on a phone and are reached by touch", async () => {
  const { context, page, faults } = await open(site, storm, phone);
  await settled(page);
  await chip(page, "Utilisation").tap();
  await page.waitForSelector("canvas.measure >> nth=1");
  await chip(page, "Up and down").tap();
  await found(page, "^Breaks at 1\\.06k users");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels wide`);
  for (const name of ["Utilisation", "Up and down"]) {
    const { height } = await chip(page, name).boundingBox();
    assert.ok(height >= 44, `${name}: ${height}`);
  }
  assert.deepEqual(faults, []);
  await context.close();
});
