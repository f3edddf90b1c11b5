// What a visitor does, in Chromium.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, settled, start, violations } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

const number = (text) => Number.parseFloat(text) * (/\bs$/.test(text) ? 1000 : 1);
const mean = async (page) => number(await page.textContent(".mean dd"));
const knee = async (page) => {
  const text = await page.textContent("figcaption");
  const [, value, k] = text.match(/knee at ([\d.]+)(k?)/) ?? assert.fail(text);
  return Number(value) * (k ? 1000 : 1);
};
const type = async (page, knob, value) => {
  await page.fill(`[aria-label="${knob}, typed"]`, value);
  await page.keyboard.press("Tab");
};
const finished = (page) =>
  page.waitForSelector("figure.charts[aria-busy=false]", { timeout: 20_000 });

test("opens from any folder with no message and no request to elsewhere", async () => {
  const { context, page, faults } = await open(site);
  await settled(page);
  let requests = 0;
  page.on("request", () => requests++);
  await page.locator("#knob-posts").press("ArrowRight");
  await page.waitForTimeout(1500);
  assert.equal(requests, 0);
  assert.deepEqual(faults, []);
  assert.match(await page.textContent("h1"), /\?$/);
  await context.close();
});

test("10 posts take about 50 ms and 500 posts about 4 s", async () => {
  const { context, page } = await open(site);
  await settled(page);
  const small = await mean(page);
  assert.ok(small > 37.5 && small < 62.5, `${small} ms at 10 posts`);
  await type(page, "Posts per page", "500");
  await settled(page);
  const large = await mean(page);
  assert.ok(large > 3000 && large < 5000, `${large} ms at 500 posts`);
  await context.close();
});

test("a join moves the knee at least five times as far, and the old curve stays", async () => {
  const { context, page } = await open(site);
  await finished(page);
  const before = await knee(page);
  await page.getByLabel("Join").check();
  await page.waitForTimeout(300);
  await finished(page);
  const text = await page.textContent("figcaption");
  const after = /no knee in this range/.test(text) ? 20_000 : await knee(page);
  assert.ok(after >= 5 * before, `knee from ${before} to ${after}`);
  await context.close();
});

test("a link gives a colleague the same numbers", async () => {
  const mine = await open(site);
  await settled(mine.page);
  await type(mine.page, "Posts per page", "40");
  await mine.page.getByLabel("Cache authors").check();
  const digest = await settled(mine.page);
  const link = new URL(mine.page.url()).hash;
  assert.match(link, /posts=40&fix=cache/);
  const theirs = await open(site, link);
  assert.equal(await settled(theirs.page), digest);
  assert.deepEqual(theirs.faults, []);
  await mine.context.close();
  await theirs.context.close();
});

// From the first input that a picture answers to the frame that shows it. A knob gives a new curve,
// the knob on the x axis moves the operating point along the present one.
const latencies = (page, name) =>
  page.evaluate((name) => performance.getEntriesByName(name).map((entry) => entry.duration), name);
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function drag(page, from, to, steps) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (let step = 1; step <= steps; step++) {
    const share = step / steps;
    await page.mouse.move(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
    await page.waitForTimeout(60);
  }
  await page.mouse.up();
}

// One drag of a slider: how long each repaint took, and tasks that blocked the page.
async function measureDrag(page, knob, measure) {
  await page.evaluate(() => {
    performance.clearMeasures();
    window.longTasks = [];
    window.observer ??= new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longTasks.push(Math.round(task.duration));
    });
    window.observer.observe({ entryTypes: ["longtask"] });
  });
  const box = await page.locator(`#knob-${knob}`).boundingBox();
  const at = (share) => ({ x: box.x + box.width * share, y: box.y + box.height / 2 });
  await drag(page, at(0.35), at(0.8), 25);
  await page.waitForTimeout(500);
  return { times: await latencies(page, measure), long: await page.evaluate(() => window.longTasks) };
}

for (const [knob, measure] of [["users", "kneepoint:point"], ["posts", "kneepoint:curve"]]) {
  test(`dragging ${knob} repaints the curve at once, and never blocks the page`, async () => {
    const { context, page, faults } = await open(site);
    await finished(page);
    // The machine is shared: the page is slow only if it is slow every time.
    let best;
    for (let attempt = 0; attempt < 6 && !best; attempt++) {
      const { times, long } = await measureDrag(page, knob, measure);
      assert.ok(times.length >= 10, `${times.length} inputs`);
      const middle = median(times);
      const worst = Math.max(...times);
      console.log(`# ${knob}: median ${middle.toFixed(1)} ms, worst ${worst.toFixed(1)} ms, long ${long}`);
      if (middle <= 50 && long.length === 0) best = middle;
      await page.getByRole("button", { name: "Undo" }).click();
      await page.waitForTimeout(1000);
    }
    assert.ok(best !== undefined, "slow or blocked in every attempt");
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("a fast drag shows curves on the way, not only when the hand rests", async () => {
  const { context, page } = await open(site);
  await finished(page);
  await page.evaluate(() => performance.clearMeasures());
  const box = await page.locator("#knob-posts").boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.down();
  for (let step = 0; step < 60; step++) {
    await page.mouse.move(box.x + box.width * (0.4 + step / 200), box.y + box.height / 2);
    await page.waitForTimeout(5);
  }
  const onTheWay = (await latencies(page, "kneepoint:curve")).length;
  await page.mouse.up();
  assert.ok(onTheWay >= 5, `${onTheWay} curves`);
  await context.close();
});

test("the state before a fix stays beside it, in the link too, until it is dropped", async () => {
  const { context, page, faults } = await open(site);
  await settled(page);
  await type(page, "Posts per page", "100");
  await page.getByLabel("Join").check();
  await page.waitForSelector(".compared");
  assert.equal(await page.textContent(".before"), "before: without Join");
  assert.match(await page.textContent(".gain"), /^knee × \d/);
  assert.match(await page.textContent(".compared"), /times .* lower than before/);
  await page.waitForFunction(() => location.hash.includes("~b.posts=100"));
  const theirs = await open(site, new URL(page.url()).hash);
  await theirs.page.waitForSelector(".compared");
  // Both refine their curves until the intervals are narrow, each at its own pace.
  const read = (page) => Promise.all([".before", ".gain", ".compared"].map((part) => page.textContent(part)));
  const begin = performance.now();
  while (String(await read(theirs.page)) !== String(await read(page))) {
    assert.ok(performance.now() - begin < 60_000, `${await read(theirs.page)} is not ${await read(page)}`);
    await page.waitForTimeout(250);
  }
  await page.getByRole("button", { name: "Drop the curve before" }).click();
  assert.equal(await page.locator(".before").count(), 0);
  await page.waitForFunction(() => !location.hash.includes("~b"));
  assert.deepEqual([...faults, ...theirs.faults], []);
  await context.close();
  await theirs.context.close();
});

test("every knob can be put on the x axis", async () => {
  const { context, page } = await open(site);
  await settled(page);
  await page.selectOption(".axis", "posts");
  await page.waitForFunction(() => /over posts per page from/.test(document.querySelector("figcaption").textContent));
  const handle = page.locator(".handle");
  assert.equal(await handle.getAttribute("aria-label"), "Operating point, posts per page");
  await handle.press("End");
  assert.equal(await page.inputValue('[aria-label="Posts per page, typed"]'), "1k");
  await context.close();
});

test("another scenario can be undone, by the button and by the keyboard", async () => {
  const { context, page } = await open(site);
  await settled(page);
  const title = await page.textContent("h1");
  await page.getByLabel("Scenario").selectOption("queue-knee");
  await page.waitForFunction((title) => document.querySelector("h1").textContent !== title, title);
  await page.keyboard.press("Control+z");
  await page.waitForFunction((title) => document.querySelector("h1").textContent === title, title);
  assert.match(await page.title(), /Kneepoint$/);
  await context.close();
});

test("a guest in another page has no header, and works without storage", async () => {
  const { context, page, faults } = await open(site, "?embed=1&theme=dark#v=1&s=queue-knee");
  await settled(page);
  assert.equal(await page.locator("header").count(), 0);
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  const whole = await page.getByRole("link", { name: "Open in Kneepoint" }).getAttribute("href");
  assert.match(whole, /#v=1&s=queue-knee/);
  assert.ok(!whole.includes("embed"));
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", { get: () => { throw new Error("forbidden"); } });
  });
  await page.reload();
  await settled(page);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the operating point is dragged on the chart and moved by keys", async () => {
  const { context, page } = await open(site);
  await settled(page);
  const box = await page.locator(".handle").boundingBox();
  const at = (share) => ({ x: box.x + box.width * share, y: box.y + 60 });
  await drag(page, at(0.3), at(0.6), 5);
  const dragged = await page.locator(".handle").getAttribute("aria-valuenow");
  assert.ok(Number(dragged) > 100, dragged);
  await page.locator(".handle").press("Home");
  assert.equal(await page.locator(".handle").getAttribute("aria-valuenow"), "1");
  await page.locator(".handle").press("ArrowRight");
  assert.ok(Number(await page.locator(".handle").getAttribute("aria-valuenow")) > 1);
  await context.close();
});

test("one change is one step back, and undo equals it", async () => {
  const { context, page } = await open(site);
  await settled(page);
  await type(page, "Posts per page", "50");
  await type(page, "Pool size", "20");
  await page.waitForFunction(() => location.hash.includes("posts=50&pool=20"));
  await page.goBack();
  await page.waitForFunction(() => !location.hash.includes("pool"));
  assert.equal(await page.inputValue('[aria-label="Pool size, typed"]'), "10");
  await type(page, "Pool size", "30");
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await page.inputValue('[aria-label="Pool size, typed"]'), "10");
  await page.getByRole("button", { name: "Redo" }).click();
  assert.equal(await page.inputValue('[aria-label="Pool size, typed"]'), "30");
  await context.close();
});

test("mangled links leave a usable page and name what was wrong", async () => {
  for (const [link, words] of [
    ["#v=1&s=nothing", "nothing"],
    ["#v=1&s=n-plus-one&users=lots", "users"],
    ["#v=1&s=n-plus-one&posts=99999999", "posts"],
    ["#v=1&z=AAAAAAAA", "z:"],
    [`#${"%ff&=".repeat(500)}`, ""],
  ]) {
    const { context, page, faults } = await open(site, link);
    await settled(page);
    assert.ok((await page.textContent(".notices")).includes(words), link);
    await page.getByRole("button", { name: "Dismiss" }).click();
    assert.equal(await page.locator(".notices").count(), 0);
    assert.deepEqual(faults, [], link);
    await context.close();
  }
});

test("a number that is none is refused with words, and units are understood", async () => {
  const { context, page } = await open(site);
  await settled(page);
  await type(page, "Users", "many");
  assert.match(await page.textContent(".wrong"), /many/);
  await type(page, "Users", "2.5k");
  assert.equal(await page.locator(".wrong").count(), 0);
  assert.equal(await page.locator("#knob-users").getAttribute("aria-valuetext"), "2500");
  await context.close();
});

test("every slider's ends give a page that answers", async () => {
  for (const scenario of ["n-plus-one", "queue-knee"]) {
    const { context, page, faults } = await open(site, `#v=1&s=${scenario}`);
    await settled(page);
    for (const slider of await page.locator("section[aria-label=Knobs] > .knob input[type=range]").all()) {
      for (const key of ["Home", "End"]) {
        await slider.press(key);
        await page.waitForTimeout(250);
        await page.waitForSelector("figcaption", { timeout: 5_000 });
      }
    }
    assert.deepEqual(faults, [], scenario);
    await context.close();
  }
});

test("nothing is wider than a phone", async () => {
  const { context, page } = await open(site, "", { viewport: { width: 360, height: 740 } });
  await settled(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} px`);
  await context.close();
});

test("axe finds nothing in light and dark, on desktop and phone", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
      const { context, page } = await open(site, "", { colorScheme, viewport, bypassCSP: true });
      await settled(page);
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
      assert.deepEqual(await violations(page), [], `${colorScheme}, ${viewport.width}`);
      await context.close();
    }
  }
});
