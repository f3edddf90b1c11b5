// Keys and clicks that come faster than the page draws: each counts, as if there had been time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, settled, start } from "./harness.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

// All in one task, so that nothing can be drawn in between.
const press = (page, selector, keys, fields = {}) =>
  page.locator(selector).evaluate(
    (element, [keys, fields]) => {
      for (const key of keys) {
        for (const type of ["keydown", "keyup"]) {
          element.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true, ...fields }));
        }
      }
    },
    [keys, fields],
  );
const times = (key, count) => Array(count).fill(key);
const attribute = (page, selector, name, expected) =>
  page
    .waitForFunction(
      ([selector, name, expected]) => document.querySelector(selector)?.getAttribute(name) === expected,
      [selector, name, expected],
      { timeout: 5000 },
    )
    .catch(() => {})
    .then(() => page.getAttribute(selector, name))
    .then((found) => assert.equal(found, expected, `${name} of ${selector}`));
const link = "#v=1&s=n-plus-one&users=1000&posts=10&seed=1&m=1";
const quiet = { reducedMotion: "reduce" };

test("every key on a knob, on the chart and on a fault counts, however fast they come", async () => {
  const { context, page, faults } = await open(site, `${link}&fault=slow_db_20s_30s_5`, quiet);
  await settled(page);
  const slowly = {};
  for (const selector of ["#knob-posts", ".handle"]) {
    for (let index = 0; index < 12; index++) await page.locator(selector).press("ArrowRight", { delay: 40 });
    slowly[selector] = await page.getAttribute(selector, "aria-valuetext");
  }
  await page.getByRole("button", { name: "Reset" }).click();
  await page.waitForFunction(() => !location.hash.includes("users="));
  await page.evaluate((link) => (location.hash = link), `${link}&fault=slow_db_20s_30s_5`);
  await page.waitForFunction(() => document.querySelector(".handle").getAttribute("aria-valuenow") === "1000");
  for (const selector of ["#knob-posts", ".handle"]) {
    await press(page, selector, times("ArrowRight", 12));
    await attribute(page, selector, "aria-valuetext", slowly[selector]);
  }
  // A step is a window of the run, once there is one.
  await page.waitForFunction(() => / of 60 s/.test(document.querySelector(".time .clock").textContent));
  await press(page, "[data-fault]", [...times("ArrowRight", 9), "PageDown", ...times("ArrowLeft", 3)]);
  await attribute(page, "[data-fault]", "aria-valuetext", "from 18 s to 28 s");
  await press(page, "[data-fault]", times("ArrowRight", 6), { shiftKey: true });
  await attribute(page, "[data-fault]", "aria-valuetext", "from 18 s to 31 s");
  assert.deepEqual(faults, []);
  await context.close();
});

test("buttons for small steps, the next seed and the next scenario count every click", async () => {
  const { context, page, faults } = await open(site, link, quiet);
  await settled(page);
  const click = (locator, count) =>
    locator.evaluate((element, count) => {
      for (let index = 0; index < count; index++) element.click();
    }, count);
  for (let index = 0; index < 5; index++) {
    await page.getByRole("button", { name: "More users" }).click();
    await page.waitForTimeout(60);
  }
  const slowly = await page.getAttribute(".handle", "aria-valuenow");
  await page.getByRole("textbox", { name: "Users, typed" }).fill("1000");
  await page.getByRole("textbox", { name: "Users, typed" }).press("Enter");
  await attribute(page, ".handle", "aria-valuenow", "1000");
  await click(page.getByRole("button", { name: "More users" }), 5);
  await attribute(page, ".handle", "aria-valuenow", slowly);
  await click(page.getByRole("button", { name: "New seed" }), 3);
  await page.waitForFunction(() => location.hash.includes("seed=4"));
  const names = await page.locator(".picker option").allTextContents();
  await press(page, "body", times("n", 3));
  const chosen = () => page.locator(".picker select").evaluate((select) => select.selectedOptions[0].textContent);
  await page.waitForFunction((name) => document.querySelector(".picker select").selectedOptions[0].textContent === name, names[3]);
  assert.equal(await chosen(), names[3]);
  await press(page, "body", times("f", 2));
  assert.equal(await page.locator(".presenting").count(), 0, "presented, and no more");
  assert.deepEqual(faults, []);
  await context.close();
});

test("the window looked at moves with every key", async () => {
  const { context, page } = await open(site, link, quiet);
  await settled(page);
  await page.locator(".time").scrollIntoViewIfNeeded();
  await page.locator(".speed select").selectOption("20");
  await page.locator(".time").getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction(() => Number(document.querySelector(".pointing").ariaValueMax) >= 20);
  await page.locator(".pointing").focus();
  await press(page, ".pointing", ["Home", ...times("ArrowRight", 7), "ArrowLeft"]);
  await attribute(page, ".pointing", "aria-valuenow", "6");
  await context.close();
});

test("a drag that begins while the page is busy is not lost", async () => {
  const { context, page } = await open(site, link.replace("1000", "100"), quiet);
  await settled(page);
  const moved = await page.locator(".handle").evaluate((handle) => {
    const { left, top, width } = handle.getBoundingClientRect();
    const send = (type, share) => {
      const place = { clientX: left + share * width, clientY: top + 50 };
      handle.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerType: "mouse", pointerId: 1, ...place }));
    };
    send("pointermove", 0.3);
    send("pointerdown", 0.3);
    send("pointermove", 0.5);
    send("pointermove", 0.7);
    send("pointerup", 0.7);
    send("pointermove", 0.2);
    return true;
  });
  assert.ok(moved);
  await page.waitForFunction(() => Number(document.querySelector(".handle").ariaValueNow) > 500);
  await context.close();
});

test("a dialog opens after another was closed just now", async () => {
  const { context, page, faults } = await open(site, link, quiet);
  await settled(page);
  const opened = [["g", "All scenarios"], ["s", "Share this state"], ["s", "Share this state"], ["?", "Keys"]];
  for (const [[key, name], isOneTask] of opened.flatMap((pair) => [[pair, false], [pair, true]])) {
    await press(page, "body", [key]);
    const dialog = page.getByRole("dialog", { name });
    await dialog.waitFor({ timeout: 5000 });
    // Escape, and the next key before the browser could tell that the dialog is closed, or move the focus out of it.
    if (isOneTask) await press(page, ":focus", ["Escape", "s"]);
    else await Promise.all([page.keyboard.press("Escape"), page.keyboard.press("s")]);
    await page.getByRole("dialog", { name: "Share this state" }).waitFor({ timeout: 5000 });
    await page.waitForTimeout(100);
    assert.ok(await page.getByRole("dialog", { name: "Share this state" }).isVisible());
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog"));
  }
  assert.deepEqual(faults, []);
  await context.close();
});
