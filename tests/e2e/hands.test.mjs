// The whole page with nothing but a keyboard, and with nothing but a finger on a phone.
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

const link = "#v=1&s=n-plus-one&users=300&seed=1&m=1";
const chip = (page, name) => page.locator(".charts").getByRole("button", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const dialog = (page, name) => page.getByRole("dialog", { name });
const inLink = (page, text) => page.waitForFunction((text) => location.hash.includes(text), text, { timeout: 10_000 });
// The simulation says what became of it.
const says = (page, selector, expected) =>
  page.waitForFunction(
    ([selector, source]) => new RegExp(source).test(document.querySelector(selector)?.textContent ?? ""),
    [selector, expected],
    { timeout: 30_000 },
  );

// Goes to what this locator finds with the tab key alone, and sees at every stop where the focus is.
async function go(page, target, key = "Tab") {
  const element = await target.elementHandle({ timeout: 10_000 });
  for (let stop = 0; stop < 120; stop++) {
    await page.keyboard.press(key);
    const { arrived, name, seen } = await page.evaluate((element) => {
      const at = document.activeElement;
      const box = at.getBoundingClientRect();
      const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      // A ring around it, or around the drawing of it.
      const marked = [at, ...at.querySelectorAll("*")].some((drawn) => {
        const { outlineStyle, outlineWidth, strokeWidth } = getComputedStyle(drawn);
        const hasRing = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1.5;
        return hasRing || (drawn instanceof SVGElement && parseFloat(strokeWidth) >= 2);
      });
      const name = at.getAttribute("aria-label") ?? at.id ?? at.textContent;
      return { arrived: at === element, name: `${at.tagName} ${name}`, seen: at === document.body || (inView && marked) };
    }, element);
    assert.ok(seen, `${name} has the focus, and nobody sees it`);
    if (arrived) return;
  }
  assert.fail(`no key leads to ${target}`);
}

test("everything is done with a keyboard alone", async () => {
  const { context, page, faults } = await open(site, link, { reducedMotion: "reduce" });
  await settled(page);
  const { keyboard } = page;
  const to = (target, key) => go(page, target, key);

  await to(page.locator("#knob-posts"));
  await keyboard.press("End");
  await inLink(page, "posts=1000");
  await to(page.getByLabel("Posts per page, typed"), "Shift+Tab");
  await keyboard.press("Control+a");
  await keyboard.type("20");
  await keyboard.press("Enter");
  await inLink(page, "posts=20");
  await to(page.getByText(/^\d+ more$/));
  await keyboard.press("Enter");
  await to(page.getByLabel("Join"));
  await keyboard.press("Space");
  await says(page, ".gain", "knee × ");
  await keyboard.press("Space");

  await to(page.getByLabel("Knob on the x axis"));
  await keyboard.press("ArrowDown");
  await says(page, "figcaption", "over posts per page");
  await keyboard.press("ArrowUp");
  await says(page, "figcaption", "over users");
  await to(chip(page, "Up and down"));
  await keyboard.press("Enter");
  await says(page, "figcaption", "second state");
  await keyboard.press("Enter");
  await to(button(page, "Drop the curve before"));
  await keyboard.press("Enter");
  await to(button(page, "Keep to compare"), "Shift+Tab");
  await keyboard.press("Enter");
  await says(page, ".before", "before: ");
  await to(chip(page, "Errors"));
  await keyboard.press("Space");
  await page.waitForSelector("canvas.measure >> nth=1");
  await to(page.locator(".handle"));
  const users = await page.inputValue("#knob-users");
  await keyboard.press("PageUp");
  await page.waitForSelector(".crosshair .card");
  await page.waitForFunction((old) => document.querySelector("#knob-users").value !== old, users);

  await to(button(page, "Play"));
  await keyboard.press("Enter");
  await to(page.getByLabel("Speed"));
  await keyboard.press("End");
  await to(button(page, "Pause"), "Shift+Tab");
  await keyboard.press("Enter");
  await to(page.locator(".palette select"));
  await keyboard.press("End");
  await to(page.locator(".palette button").first());
  await keyboard.press("Enter");
  await inLink(page, "fault=");
  await to(page.locator("[data-fault]"));
  const from = await page.getAttribute("[data-fault]", "aria-valuetext");
  await keyboard.press("ArrowRight");
  await page.waitForFunction((old) => document.querySelector("[data-fault]").getAttribute("aria-valuetext") !== old, from);
  await keyboard.press("Delete");
  await page.waitForFunction(() => !location.hash.includes("fault="));

  // What is said of the new state may be longer, and moves what stands below it.
  await page.waitForSelector(".explained[aria-busy=false] .traces[aria-busy=false]");
  await to(page.getByRole("button", { name: /^pool: / }));
  await keyboard.press("Enter");
  assert.match(await page.innerText(".part-card"), /^pool/);
  await keyboard.press("Enter");
  await to(page.getByText(/^A median request/));
  await keyboard.press("Enter");
  await to(button(page, "Save traces"));
  await to(page.getByText("Numbers of the curve"));
  await keyboard.press("Enter");
  await page.waitForSelector(".table tbody tr");
  await to(page.getByText("Parameters, assumptions and sources"));

  // Once round: nothing keeps the focus.
  await to(button(page, "All"));
  await keyboard.press("Enter");
  await dialog(page, "All scenarios").waitFor();
  await to(page.getByRole("searchbox"));
  await keyboard.type("idle 90");
  await page.waitForFunction(() => document.querySelectorAll(".card-of").length === 1);
  await to(page.locator(".card-of"));
  await keyboard.press("Enter");
  await inLink(page, "s=queue-knee");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await keyboard.press("Control+z");
  await inLink(page, "s=n-plus-one");
  await keyboard.press("Control+Shift+z");
  await inLink(page, "s=queue-knee");
  await settled(page);
  await to(button(page, "Share"));
  await keyboard.press("Enter");
  await to(dialog(page, "Share").getByRole("button", { name: "Copy Markdown" }));
  await keyboard.press("Enter");
  await keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Share", "the focus is back");
  await to(button(page, "Verify"));
  await keyboard.press("Enter");
  const again = dialog(page, "Is it true?").getByRole("button", { name: "Run on 20 seeds" });
  await again.waitFor({ timeout: 90_000 });
  await to(again);
  await keyboard.press("Enter");
  await to(button(page, "Cancel"));
  await keyboard.press("Enter");
  await again.waitFor();
  await keyboard.press("Escape");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test("everything is done with a finger on a phone", async () => {
  const { context, page, faults } = await open(site, link, phone);
  await settled(page);
  const session = await context.newCDPSession(page);
  const touch = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  // Along something, from one share of its width to another.
  const slide = async (selector, from, to, down = 0.5) => {
    await page.locator(selector).scrollIntoViewIfNeeded();
    const { x, y, width, height } = await page.locator(selector).boundingBox();
    const at = (share) => ({ x: x + width * share, y: y + height * down });
    await touch("touchStart", [at(from)]);
    for (let step = 1; step <= 8; step++) {
      await touch("touchMove", [at(from + ((to - from) * step) / 8)]);
      await page.waitForTimeout(30);
    }
    await touch("touchEnd", []);
  };
  // A finger needs 44 pixels, or the 24 of a line of text that unfolds.
  const tap = async (target, least = 44) => {
    await target.scrollIntoViewIfNeeded();
    const { height } = await target.boundingBox();
    assert.ok(height >= least, `${target}: ${height} px high`);
    await target.tap();
  };

  const posts = await page.inputValue("#knob-posts");
  await slide("#knob-posts", 0.35, 0.8);
  await page.waitForFunction((old) => Number(document.querySelector("#knob-posts").value) > Number(old), posts);
  await inLink(page, "posts=");
  await tap(page.locator(".fix label").first());
  await says(page, ".before", "before: without Join");
  await tap(button(page, "Drop the curve before"));
  await tap(button(page, "Keep to compare"));
  await says(page, ".before", "before: ");
  await page.getByLabel("Knob on the x axis").selectOption("pool");
  await says(page, "figcaption", "over pool size");
  await tap(chip(page, "Utilisation"));
  await page.waitForSelector("canvas.measure >> nth=1");
  const pool = await page.inputValue("#knob-pool");
  await slide(".handle", 0.3, 0.7, 0.2);
  await page.waitForFunction((old) => document.querySelector("#knob-pool").value !== old, pool);

  await tap(button(page, "Play"));
  await page.waitForFunction(() => !/^0 s/.test(document.querySelector(".time .clock").textContent));
  await tap(button(page, "Pause"));
  await page.locator(".palette select").selectOption("db");
  await tap(page.locator(".palette [data-kind=slow]"));
  await inLink(page, "fault=slow_db");
  await tap(page.locator("[data-fault] rect"), 24);
  await tap(page.locator(".chosen-fault").getByRole("button", { name: "Remove" }));
  await page.waitForFunction(() => !location.hash.includes("fault="));

  await tap(page.getByRole("button", { name: /^pool: / }));
  assert.match(await page.innerText(".part-card"), /^pool/);
  await tap(page.locator(".part-card").getByRole("button", { name: "Close" }));
  await tap(page.getByText(/^A median request/), 24);
  await tap(page.getByText("Numbers of the curve"));
  await page.waitForSelector(".table tbody tr");

  await tap(button(page, "Share"));
  await tap(dialog(page, "Share").getByRole("button", { name: "Copy Link" }));
  await tap(dialog(page, "Share").getByRole("button", { name: "Close" }));
  await tap(button(page, "Verify"));
  await tap(dialog(page, "Is it true?").getByRole("button", { name: "Close" }));
  await tap(button(page, "Undo"));
  await tap(button(page, "Redo"));
  await tap(button(page, "All"));
  await dialog(page, "All scenarios").getByRole("searchbox").fill("idle 90");
  await tap(page.locator(".card-of"));
  await inLink(page, "s=queue-knee");
  await settled(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels wide`);
  assert.deepEqual(faults, []);
  await context.close();
});
