// From a key or a move of the hand to the frame that shows it, on a processor a quarter as fast, while two workers
// simulate. Keys are measured by the browser itself (Event Timing), in steps of 8 ms; it measures no
// moves, so those are measured from the time of the event to the task after the next frame.
//
// Required on a quiet machine: 64 ms in the median and 200 ms at worst. What is measured beside a page that does
// nothing is the machine's own share: with others on it a key takes longer even there, and the limits rise by as many
// times as that takes 24 ms (three frames of the browser's clock at this pace).
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

const SLOWER = 4;
const [MEDIAN_MS, WORST_MS, EMPTY_MS] = [64, 200, 24];
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

async function observed(page) {
  await page.evaluate(() => {
    window.events = [];
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) window.events.push([name, duration]);
    }).observe({ type: "event", durationThreshold: 16 });
    window.moves = [];
    const painted = ({ timeStamp, buttons }) => {
      if (buttons === 0) return;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.moves.push(performance.now() - timeStamp);
        port2.postMessage(null);
      });
    };
    addEventListener("pointermove", painted, true);
  });
}

const summary = (durations) => {
  const sorted = durations.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), worst: sorted.at(-1), count: sorted.length };
};

// Durations of events of these kinds. The browser keeps to itself what took less than 16 ms: as 8.
async function taken(page, names, count) {
  await page.waitForTimeout(1000);
  const found = await page.evaluate(() => window.events.splice(0));
  const durations = found.filter(([name]) => names.includes(name)).map(([, duration]) => duration);
  return summary([...Array(Math.max(0, count - durations.length)).fill(8), ...durations]);
}

async function throttle(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
}

// How long a key takes where there is nothing to do but to draw one slider.
async function empty() {
  const context = await site.browser.newContext();
  const page = await context.newPage();
  await page.setContent("<input type=range id=a><p id=b></p>");
  await page.evaluate(() => (document.getElementById("a").oninput = ({ target }) => (document.getElementById("b").textContent = target.value)));
  await throttle(context, page);
  await observed(page);
  for (let key = 0; key < 40; key++) {
    await page.locator("#a").press(key % 20 < 10 ? "ArrowRight" : "ArrowLeft");
    await page.waitForTimeout(30);
  }
  const found = await taken(page, ["keydown"], 40);
  await context.close();
  return found;
}

// Keys and a drag on the page; what took too long.
async function measured(t) {
  const alone = await empty();
  const noise = Math.max(1, alone.median / EMPTY_MS, alone.worst / (2 * EMPTY_MS));
  const { context, page, faults } = await open(site, "#v=1&s=n-plus-one&users=300&seed=1&m=1");
  await settled(page);
  await throttle(context, page);
  await page.waitForTimeout(500);
  await observed(page);
  const slider = page.locator("#knob-posts");
  for (let key = 0; key < 100; key++) {
    await slider.press(key % 50 < 25 ? "ArrowRight" : "ArrowLeft");
    await page.waitForTimeout(50);
  }
  const keys = await taken(page, ["keydown", "keyup"], 200);
  const box = await slider.boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  const begin = performance.now();
  let moves = 0;
  while (performance.now() - begin < 5000) {
    const share = 0.3 + 0.25 * (1 - Math.cos((performance.now() - begin) / 800));
    await page.mouse.move(box.x + box.width * share, y);
    await page.waitForTimeout(16);
    moves++;
  }
  await page.mouse.up();
  await page.waitForTimeout(1000);
  const drag = summary(await page.evaluate(() => window.moves));
  assert.ok(drag.count >= moves / 2, `${drag.count} of ${moves} moves were seen`);
  assert.deepEqual(faults, []);
  await context.close();
  const text = ({ median, worst, count }) => `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms of ${count}`;
  t.diagnostic(`keys: ${text(keys)}; drag: ${text(drag)}; alone: ${text(alone)}; noise ${noise.toFixed(1)}`);
  const slow = ({ median, worst }) => median > MEDIAN_MS * noise || worst > WORST_MS * noise;
  return Object.entries({ keys, drag }).filter(([, found]) => slow(found)).map(([name, found]) => `${name}: ${text(found)}`);
}

// What a neighbour on the machine does in one attempt it seldom does in three.
test("a hundred keys and a drag of five seconds are answered in time on a slow processor", async (t) => {
  let wrong = [""];
  for (let attempt = 0; attempt < 3 && wrong.length > 0; attempt++) wrong = await measured(t);
  assert.deepEqual(wrong, []);
});
