// Why the system is as it is: its picture, the explanation, and what single requests did.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { open, settled, start, violations } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

const busy = "#v=1&s=n-plus-one&posts=100&users=60";
const traced = (page) => page.waitForSelector(".trace", { timeout: 20_000 });

test("each part stands in the picture with what was measured of it", async () => {
  const { context, page, faults } = await open(site, busy);
  await settled(page);
  const parts = page.locator(".diagram .part");
  assert.equal(await parts.count(), 4);
  const words = await parts.evaluateAll((all) => all.map((part) => part.querySelector("[role=button]").ariaLabel));
  assert.match(words[0], /^users: clients, arrivals, [\d.]+\/s/);
  assert.match(words[2], /^pool: pool, 10 connections, [\d.]+ %/);
  const boxes = await parts.evaluateAll((all) => all.map((part) => part.querySelector(".paper").getBoundingClientRect().toJSON()));
  for (const [index, box] of boxes.entries()) {
    assert.ok(box.height >= 24, "large enough for a finger");
    if (index > 0) assert.ok(boxes[index - 1].bottom < box.top, "from the clients down");
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test("a part opens its measures and settings by mouse and by keys", async () => {
  const { context, page } = await open(site, busy);
  await settled(page);
  const pool = page.getByRole("button", { name: /^pool: / });
  await pool.click();
  const card = page.locator(".part-card");
  assert.match(await card.innerText(), /busy\s*[\d.]+ %, [\d.]+ of 10/);
  assert.match(await card.innerText(), /leads to\s*db/);
  assert.equal(await pool.getAttribute("aria-pressed"), "true");
  await card.getByRole("button", { name: "Close" }).click();
  assert.equal(await card.count(), 0);
  await page.getByRole("button", { name: /^app: / }).focus();
  await page.keyboard.press("Enter");
  assert.match(await card.innerText(), /^app/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.match(await card.innerText(), /^pool/, "the next part is the next stop");
  await page.keyboard.press("Space");
  assert.equal(await card.count(), 0);
  await context.close();
});

test("losses carry their reason where they happen", async () => {
  const { context, page } = await open(site, "#v=1&s=n-plus-one&posts=500&users=4000");
  await settled(page);
  await page.waitForSelector(".badge");
  const app = page.getByRole("button", { name: /^app: .* refused/ });
  assert.equal(await app.count(), 1);
  assert.match(await page.locator(".part .reason").first().textContent(), /rejected|refused/);
  await context.close();
});

test("dots move at the measured rate, stop when asked, and when nobody can see them", async () => {
  const { context, page } = await open(site, busy);
  await settled(page);
  await page.waitForSelector("circle.dot animateMotion", { state: "attached" });
  const flow = await page.evaluate(() => {
    const dots = [...document.querySelectorAll(".diagram > svg circle.dot animateMotion")];
    const round = Number.parseFloat(dots[0].getAttribute("dur"));
    const path = dots[0].getAttribute("path");
    return { per_s: dots.filter((dot) => dot.getAttribute("path") === path).length / round };
  });
  await page.getByRole("button", { name: /^app: / }).click();
  const served = Number.parseFloat((await page.locator(".part-card").innerText()).match(/served\s*([\d.]+)\/s/)[1]);
  const unit = (await page.locator(".legend").innerText()).match(/is (\w+) arrivals?/)[1];
  const each = { one: 1 }[unit] ?? Number(unit.replace("k", "000"));
  assert.ok(Math.abs(flow.per_s * each - served) < 0.02 * served, `${flow.per_s} x ${each}, not ${served}`);
  await page.getByRole("button", { name: "Stop dots" }).click();
  assert.equal(await page.locator("animateMotion").count(), 0);
  await page.getByRole("button", { name: "Move dots" }).click();
  await page.waitForSelector("animateMotion", { state: "attached" });
  await page.evaluate(() => document.body.style.setProperty("padding-top", "3000px"));
  await page.waitForFunction(() => !document.querySelector("animateMotion"));
  await context.close();
});

test("nothing moves for those who prefer stillness", async () => {
  const { context, page } = await open(site, busy, { reducedMotion: "reduce" });
  await settled(page);
  await page.waitForTimeout(300);
  assert.equal(await page.locator("animateMotion").count(), 0);
  assert.equal(await page.getByRole("button", { name: "Move dots" }).count(), 1);
  await context.close();
});

test("a slow request is told step by step, equal steps in one line, and saved for viewers", async () => {
  const { context, page } = await open(site, busy);
  await settled(page);
  await traced(page);
  const slow = page.locator(".trace", { hasText: "A p99 request" });
  const isOpen = (trace) => trace.evaluate((details) => details.open);
  assert.equal(await isOpen(slow), true);
  assert.match(await slow.innerText(), /query in db × 100, [\d.]+ ms each/);
  const median = page.locator(".trace", { hasText: "A median request" });
  await median.locator("summary").focus();
  await page.keyboard.press("Enter");
  assert.equal(await isOpen(median), true);
  assert.equal(await isOpen(slow), false, "one at a time");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save traces" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "n-plus-one.trace.json");
  const file = JSON.parse(await readFile(await download.path(), "utf8"));
  const queries = file.traceEvents.filter((event) => event.name === "query in db" && event.pid === 1);
  assert.equal(queries.length, 101, "the file has each of them");
  await context.close();
});

test("picture and traces pass axe, light and dark, and fit a phone", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const { context, page } = await open(site, "#v=1&s=n-plus-one&posts=500&users=4000", { viewport: { width, height: 740 }, colorScheme, bypassCSP: true });
      await settled(page);
      await traced(page);
      await page.getByRole("button", { name: /^app: / }).click();
      assert.deepEqual(await violations(page, ".side"), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
      await context.close();
    }
  }
});
