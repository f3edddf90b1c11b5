// What the page keeps to in whatever it is opened: any link, any screen, a browser that refuses things, and the first
// half minute of somebody who has never seen it.
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

const still = { reducedMotion: "reduce" };
// Along a slider, from one share of its width to another, for so many milliseconds.
async function drag(page, selector, from, to, duration) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  const at = (share) => [x + width * share, y + height / 2];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  const begin = performance.now();
  for (let share = 0; share < 1; share = Math.min(1, (performance.now() - begin) / duration)) {
    await page.mouse.move(...at(from + (to - from) * share));
    await page.waitForTimeout(16);
  }
  await page.mouse.move(...at(to));
  await page.mouse.up();
}

test("a newcomer sees it fail, and why, after one drag and within half a minute of opening the page", async () => {
  const begin = performance.now();
  const { context, page, faults } = await open(site);
  await page.waitForSelector(".verdict.met");
  await drag(page, "#knob-posts", 0.4, 1, 1500);
  await page.waitForSelector(".verdict.missed");
  await page.waitForFunction(() => /of a slow request|of requests fail/.test(document.querySelector(".why")?.textContent ?? ""));
  const seconds = (performance.now() - begin) / 1000;
  assert.ok(seconds < 30, `${seconds} s`);
  assert.equal(await page.getByRole("dialog").count(), 0, "nothing stands before the page");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a drag of ten seconds makes one step of the history, and writes the address seldom", async () => {
  const { context, page, faults } = await open(site, "", still);
  await settled(page);
  await page.evaluate(() => {
    window.written = { pushState: 0, replaceState: 0 };
    for (const name of ["pushState", "replaceState"]) {
      const real = history[name].bind(history);
      history[name] = (...given) => {
        window.written[name]++;
        real(...given);
      };
    }
  });
  await drag(page, "#knob-posts", 0.2, 0.9, 10_000);
  await page.waitForFunction(() => window.written.pushState > 0);
  await page.waitForTimeout(1000);
  const { pushState, replaceState } = await page.evaluate(() => window.written);
  assert.equal(pushState, 1, "one change is one step");
  assert.ok(replaceState <= 20, `the address was written ${replaceState} times`);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a browser that refuses to write the address, and to keep anything, is told nothing and stays usable", async () => {
  const { context, page, faults } = await open(site, "", still);
  await page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException("refused", "SecurityError");
    };
    history.pushState = refuse;
    history.replaceState = refuse;
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
  });
  await page.reload();
  await settled(page);
  await page.locator("#knob-posts").press("End");
  await page.waitForSelector(".verdict.missed");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForSelector(".verdict.met");
  await page.getByRole("button", { name: /^Theme/ }).click();
  await page.waitForSelector(":root[data-theme]");
  assert.deepEqual(faults, []);
  await context.close();
});

// Numbers from a seed, the same in every run: the mixing step of L'Ecuyer's multiplicative generator with modulus 2^31 - 1.
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

test("two hundred mangled links leave a page that can be used", async () => {
  const whole = "v=1&s=n-plus-one&users=300&posts=40&fix=cache,pool&seed=7&m=1&fault=slow_db_20s_40s_5&x=posts";
  const signs = "&=~_-.,%+#0159azZé💥\u0000 <\"";
  const number = numbers(1);
  const mangled = Array.from({ length: 200 }, () => {
    let text = [...whole];
    for (let times = 1 + number(4); times > 0; times--) {
      const at = number(text.length);
      const kinds = [
        () => text.splice(at, 1 + number(9)),
        () => text.splice(at, 0, [...signs][number([...signs].length)]),
        () => (text[at] = [...signs][number([...signs].length)]),
        () => (text = [...text.slice(0, at + 1), ...text.slice(number(text.length))]),
      ];
      kinds[number(kinds.length)]();
    }
    return text.join("");
  });
  const { context, page, faults } = await open(site, `#${mangled[0]}`, still);
  await settled(page);
  for (const link of mangled) {
    await page.evaluate((link) => (location.hash = link), link);
    const usable = () => document.querySelector("h1")?.textContent && document.querySelector(".figure dd") && document.querySelector("input[type=range]");
    assert.ok(await page.evaluate(usable), link);
  }
  await settled(page);
  await page.locator("#knob-users").press("ArrowRight");
  await page.waitForSelector("figure.charts[aria-busy=false]");
  // Some are opened as a link is: with nothing there before.
  for (const link of mangled.slice(0, 10)) {
    await page.goto("about:blank");
    await page.goto(`${site.address}#${link}`);
    await settled(page);
  }
  assert.deepEqual(faults, []);
  await context.close();
});

// Canvases whose dots are not those of the screen.
const blurred = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("canvas")].flatMap((canvas) => {
      const { width, height } = canvas;
      const box = canvas.getBoundingClientRect();
      const wanted = [box.width, box.height].map((side) => side * devicePixelRatio);
      const isSharp = Math.abs(width - wanted[0]) < 1 && Math.abs(height - wanted[1]) < 1;
      return isSharp ? [] : [`${width} x ${height} dots for ${wanted}`];
    }),
  );

test("charts are as sharp as the screen, zoomed too", async () => {
  for (const deviceScaleFactor of [1, 1.5, 2, 3]) {
    const { context, page } = await open(site, "", { deviceScaleFactor, ...still });
    await settled(page);
    assert.deepEqual(await blurred(page), [], `${deviceScaleFactor} dots to the pixel`);
    const session = await context.newCDPSession(page);
    const zoomed = { width: 1024, height: 640, deviceScaleFactor: deviceScaleFactor * 1.25, mobile: false };
    await session.send("Emulation.setDeviceMetricsOverride", zoomed);
    await page.waitForTimeout(500);
    assert.deepEqual(await blurred(page), [], `${deviceScaleFactor} dots to the pixel, zoomed`);
    await context.close();
  }
});

test("charts are drawn again on another screen", async () => {
  const { context, page, faults } = await open(site, "", still);
  // Chromium has no way to move a page to another screen: it is told what a browser would say then.
  await page.addInitScript(() => {
    let ratio = 1;
    Object.defineProperty(window, "devicePixelRatio", { get: () => ratio });
    const screens = [];
    const real = window.matchMedia.bind(window);
    window.matchMedia = (query) => {
      const list = real(query);
      if (query.startsWith("(resolution")) screens.push(list);
      return list;
    };
    window.move = (to) => {
      ratio = to;
      for (const list of screens.splice(0)) list.dispatchEvent(new Event("change"));
    };
  });
  await page.reload();
  await settled(page);
  for (const ratio of [2, 1.5]) {
    await page.evaluate((ratio) => window.move(ratio), ratio);
    await page.waitForTimeout(500);
    assert.deepEqual(await blurred(page), [], `${ratio} dots to the pixel`);
  }
  assert.deepEqual(faults, []);
  await context.close();
});
