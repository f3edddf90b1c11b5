// What surrounds the curves: typeface, dialogs, life as a guest in another page, states of trouble.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { held, host, open, settled, start, violations } from "./harness.mjs";
let site;
before(async () => (site = await start()));
after(() => site.stop());

const finished = (page) => page.waitForSelector("figure.charts[aria-busy=false]", { timeout: 30_000 });
const sizes = [{ width: 1280, height: 800 }, { width: 360, height: 740 }];

// One guest, and what it says to its host.
async function hosted(link, attributes = "") {
  const body =
    `<iframe src="${site.address}${link}" ${attributes} width="900" height="300"></iframe>` +
    `<script>window.said=[];addEventListener("message",({data})=>{said.push(data);` +
    `if(data.height)document.querySelector("iframe").height=data.height})</script>`;
  const { guests, ...rest } = await host(site, body);
  return { frame: guests()[0], ...rest };
}

test("the page is set in its own typeface, and nothing moves while it comes", async () => {
  const { context, page, faults } = await open(site);
  await page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await settled(page);
  await finished(page);
  const faces = () => [...document.fonts].filter(({ status }) => status === "loaded").map(({ family }) => family);
  assert.ok((await page.evaluate(faces)).some((family) => family.includes("Kneepoint Sans")));
  assert.match(await page.evaluate(() => getComputedStyle(document.body).fontFamily), /^"?Kneepoint Sans/);
  const shift = await page.evaluate(() => window.shift);
  assert.ok(shift <= 0.02, `shifted by ${shift}`);
  assert.deepEqual(faults, []);
  await context.close();
});

test("nothing is cut off at any width, nor with text twice as large", async () => {
  for (const [width, zoom] of [[320, 1], [360, 1], [768, 1], [1280, 1], [1920, 1], [640, 2]]) {
    const { context, page } = await open(site, "", { viewport: { width, height: 800 } });
    await settled(page);
    if (zoom > 1) await page.evaluate((zoom) => (document.documentElement.style.fontSize = `${16 * zoom}px`), zoom);
    await page.waitForTimeout(200);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${wide} px at ${width}, text x ${zoom}`);
    await context.close();
  }
});

test("everything in the share dialog can be copied, and says what it is", async () => {
  const { context, page, faults } = await open(site, "", { permissions: ["clipboard-read", "clipboard-write"] });
  await settled(page);
  await page.getByLabel("Join").check();
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this state" });
  const copied = async (name) => {
    await dialog.getByRole("button", { name: `Copy ${name}` }).click();
    await dialog.getByText("Copied").first().waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const link = await copied("Link");
  assert.match(link, /#v=1&s=n-plus-one&fix=join&seed=1&m=\d+&~b=1$/);
  const question = (await page.textContent("h1")).replaceAll("\u00a0", " ");
  assert.equal(await copied("Markdown"), `[${question}](${link})`);
  const element = await copied("Element");
  const guest = link.replace("#", "?embed=1#").replaceAll("&", "&amp;");
  assert.ok(element.startsWith(`<iframe src="${guest}" title="`), element);
  assert.match(await dialog.textContent(), /nothing is sent anywhere/);
  await page.keyboard.press("Escape");
  assert.equal(await dialog.count(), 0);
  const back = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(back, "Share", "the focus is where it was");
  assert.deepEqual(faults, []);
  await context.close();
});

test("files hold what is on the screen", async () => {
  const { context, page, faults } = await open(site, "", { acceptDownloads: true });
  await finished(page);
  await settled(page);
  await page.getByRole("button", { name: "Share" }).click();
  const file = async (name) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name, exact: true }).click(),
    ]);
    assert.equal(download.suggestedFilename(), `kneepoint-n-plus-one.${name.toLowerCase()}`);
    return readFile(await download.path());
  };
  const csv = String(await file("CSV")).trim().split("\n");
  assert.equal(csv.length, 25);
  assert.match(csv[0], /^users,p50_ms,p95_ms,p99_ms,/);
  const json = JSON.parse(await file("JSON"));
  assert.equal(json.digest, await page.textContent(".digest"));
  assert.equal(json.points.length, 24);
  assert.equal(String(json.points[3].p99_ms), csv[4].split(",")[3]);
  const png = await file("PNG");
  assert.deepEqual([...png.subarray(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
  assert.ok(png.readUInt32BE(16) > 500 && png.length > 10_000, `${png.length} bytes`);
  const svg = String(await file("SVG"));
  const marks = await page.evaluate((svg) => {
    const document = new DOMParser().parseFromString(svg, "image/svg+xml");
    const count = (name) => document.querySelectorAll(name).length;
    return { broken: count("parsererror"), paths: count("path"), text: document.documentElement.textContent };
  }, svg);
  assert.equal(marks.broken, 0);
  assert.ok(marks.paths > 20, `${marks.paths} paths`);
  assert.match(marks.text, /knee at[\s\S]*p99/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the QR code holds the link", async () => {
  const { context, page } = await open(site);
  await settled(page);
  await page.getByRole("button", { name: "Share" }).click();
  const code = page.getByRole("img", { name: "QR code of the link" });
  const [path, box] = [await code.locator("path").getAttribute("d"), await code.getAttribute("viewBox")];
  const size = Number(box.split(" ")[2]);
  const dark = new Set([...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x},${y}`));
  // The marks in three corners, each a ring of seven around a block of three, inside the quiet zone.
  const inner = size - 6;
  assert.equal((inner - 17) % 4, 0, "a size that codes have");
  for (const [left, top] of [[3, 3], [3 + inner - 7, 3], [3, 3 + inner - 7]]) {
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < 7; x++) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        assert.equal(dark.has(`${left + x},${top + y}`), ring !== 2, `${x} ${y}`);
      }
    }
  }
  await context.close();
});

test("where the clipboard is denied the text is selected", async () => {
  const { context, page, faults } = await open(site);
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("denied")) } });
  });
  await page.reload();
  await settled(page);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "Copy Link" }).click();
  await page.getByText("Selected: press Ctrl C").waitFor();
  const selected = await page.evaluate(() => {
    const field = document.activeElement;
    return field.value.slice(field.selectionStart, field.selectionEnd);
  });
  assert.match(selected, /^http.*#v=1&s=n-plus-one/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("links that some programs cut come with a warning", async () => {
  const { context, page } = await open(site);
  await settled(page);
  await page.getByRole("button", { name: "Share" }).click();
  assert.equal(await page.getByText("Some programs cut links").count(), 0);
  // The whole document of a scenario of one's own travels in its link.
  const { deflateRawSync } = await import("node:zlib");
  const document = JSON.parse(await readFile(new URL("../../assets/scenarios/queue-knee.json", import.meta.url)));
  const noise = (index) => `Assumption ${(Math.sin(index) * 1e16).toString(36)} ${(Math.cos(index) * 1e16).toString(36)}.`;
  const own = { ...document, id: "mine", claims: [], assumptions: Array.from({ length: 60 }, (_, index) => noise(index)) };
  const packed = deflateRawSync(JSON.stringify(own)).toString("base64url");
  const other = await open(site, `#v=1&z=${packed}`);
  await settled(other.page);
  await other.page.getByRole("button", { name: "Share" }).click();
  await other.page.getByText(/This link has \d{4,5} characters/).waitFor();
  assert.deepEqual(other.faults, []);
  await context.close();
  await other.context.close();
});

test("the element is built by ticking, and shows what was ticked", async () => {
  const { context, page, faults } = await open(site);
  await settled(page);
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("What the element shows").click();
  for (const name of ["Join", "Batch", "Cache authors", "Four times the instances", "Pool size", "Causes"]) {
    await dialog.getByLabel(name, { exact: true }).uncheck();
  }
  await dialog.getByLabel("Nothing can be changed").check();
  await dialog.getByLabel("Theme").selectOption("dark");
  await dialog.getByLabel("Starts").selectOption("click");
  const address = await dialog.getByRole("link", { name: "Look at it" }).getAttribute("href");
  const query = new URL(address).searchParams;
  assert.equal(query.get("controls"), "users,posts,query-time,instances,cpu,hit-ratio,cores");
  assert.equal(query.get("hide"), "why");
  assert.deepEqual([query.get("theme"), query.get("lock"), query.get("run")], ["dark", "all", "click"]);
  const guest = await open(site, address.slice(site.address.length));
  await guest.page.getByRole("button", { name: "Run the simulation" }).waitFor();
  assert.equal(await guest.page.locator("#knob-pool").count(), 0);
  assert.ok(await guest.page.locator("#knob-posts").isDisabled());
  assert.equal(await guest.page.locator(".why").isVisible(), false);
  await guest.page.waitForTimeout(500);
  assert.equal(await guest.page.locator(".digest").count(), 0, "nothing is computed before it is asked for");
  await guest.page.getByRole("button", { name: "Run the simulation" }).click();
  await settled(guest.page);
  await guest.page.locator(".handle").press("ArrowRight");
  assert.equal(await guest.page.locator(".handle").getAttribute("aria-valuenow"), "38");
  assert.deepEqual([...faults, ...guest.faults], []);
  await context.close();
  await guest.context.close();
});

test("a frame that may only run scripts gives the same numbers, without a word on the console", async () => {
  const plain = await open(site, "#v=1&s=n-plus-one&posts=40");
  const digest = await settled(plain.page);
  await plain.context.close();
  const { page, frame, faults, close } = await hosted("?embed=1#v=1&s=n-plus-one&posts=40", 'sandbox="allow-scripts"');
  assert.equal(await settled(frame), digest);
  assert.equal(await frame.evaluate(() => self.origin), "null");
  const length = await page.evaluate(() => history.length);
  let requests = 0;
  page.on("request", () => requests++);
  await frame.locator("#knob-posts").press("ArrowRight");
  await page.waitForTimeout(1500);
  assert.equal(requests, 0);
  assert.equal(await page.evaluate(() => history.length), length, "the host's Back is its own");
  await frame.getByRole("button", { name: "Share" }).click();
  await frame.getByRole("button", { name: "Copy Link" }).click();
  await frame.getByText("Selected: press Ctrl C").waitFor();
  await frame.getByRole("button", { name: "SVG" }).click();
  assert.match(await frame.getByRole("textbox", { name: "SVG" }).inputValue(), /^<svg/);
  await frame.getByRole("button", { name: "PNG" }).click();
  await frame.getByRole("img", { name: "The charts" }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a host hears how high its guest is, in both languages, and heights settle", async () => {
  const { page, frame, faults, close } = await hosted("?embed=1&id=mine#v=1&s=queue-knee");
  await settled(frame);
  await finished(frame);
  await page.waitForTimeout(1500);
  const check = async () => {
    const said = await page.evaluate(() => said);
    const own = said.filter((data) => data.type === "kneepoint-sim:resize").at(-1);
    const theirs = said.filter((data) => typeof data === "string").map((text) => JSON.parse(text)).at(-1);
    const real = await frame.evaluate(() => document.documentElement.getBoundingClientRect().height);
    assert.ok(Math.abs(own.height - real) <= 1, `${own.height} is not ${real}`);
    assert.deepEqual([own.v, own.id, theirs.context, theirs.height], [1, "mine", "iframe.resize", own.height]);
    return said.length;
  };
  const count = await check();
  await page.waitForTimeout(2000);
  assert.equal(await check(), count, "no message without a change");
  await page.evaluate(() => (document.querySelector("iframe").width = 400));
  await page.waitForTimeout(700);
  assert.ok((await check()) > count);
  await page.waitForTimeout(1000);
  assert.ok((await check()) <= count + 12, "no growth");
  assert.deepEqual(faults, []);
  await close();
});

test("the gallery draws every scenario from a run, finds them by words, and opens them", async () => {
  const { context, page, faults } = await open(site);
  await settled(page);
  await page.keyboard.press("g");
  const dialog = page.getByRole("dialog", { name: "All scenarios" });
  const cards = dialog.locator(".card-of");
  const count = await cards.count();
  assert.equal(await page.locator(".picker option").count(), count);
  await page.waitForFunction((count) => document.querySelectorAll(".card-of .slow").length === count, count, {
    timeout: 60_000,
  });
  const paths = await dialog.locator(".card-of .slow").evaluateAll((paths) => paths.map((path) => path.getAttribute("d")));
  // Some are flat over users by default, and so look alike.
  assert.ok(new Set(paths).size > count * 0.8, `only ${new Set(paths).size} of ${count} curves differ`);
  await dialog.getByRole("searchbox").fill("idle 90");
  assert.equal(await cards.count(), 1);
  await cards.first().click();
  assert.equal(await dialog.count(), 0);
  await page.waitForFunction(() => location.hash.includes("s=queue-knee"));
  await page.keyboard.press("n");
  await page.waitForFunction(() => !location.hash.includes("s=queue-knee"));
  await page.keyboard.press("p");
  await page.waitForFunction(() => location.hash.includes("s=queue-knee"));
  await page.getByRole("button", { name: "Next question" }).click();
  await page.waitForFunction(() => !location.hash.includes("s=queue-knee"));
  await settled(page);
  assert.deepEqual(faults, []);
  await context.close();
});

test("claims are measured here, again on demand, and that can be stopped", async () => {
  const { context, page, faults } = await open(site, "#v=1&s=queue-knee");
  await finished(page);
  await page.getByRole("button", { name: "Verify" }).click();
  const dialog = page.getByRole("dialog", { name: "Is it true?" });
  await dialog.getByRole("button", { name: "Run on 20 seeds" }).waitFor({ timeout: 90_000 });
  const claims = JSON.parse(await readFile(new URL("../../assets/scenarios/queue-knee.json", import.meta.url))).claims;
  const rows = dialog.locator("table.claims").first().locator("tbody tr");
  assert.equal(await rows.count(), claims.length);
  for (const row of await rows.all()) assert.match(await row.textContent(), /✓ holds/);
  // 80 % busy: five times the service time, by Kleinrock, and by this run.
  const measured = await rows.nth(1).locator("td").nth(1).textContent();
  assert.ok(Math.abs(parseFloat(measured) - 5) < 0.6, measured);
  assert.ok((await dialog.locator("table.claims").nth(1).locator("tbody tr").count()) > 5, "theory beside simulation");
  await dialog.getByRole("button", { name: "Run on 20 seeds" }).click();
  await dialog.getByText(/^\d+ of 320 trials$/).waitFor();
  await page.waitForFunction(() => document.querySelector("progress").value > 3, undefined, { timeout: 30_000 });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByRole("button", { name: "Run on 20 seeds" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

const effects = (page) => page.locator(".fix .effect").allTextContents();
const known = (page) =>
  page.waitForFunction(
    () => {
      const effects = [...document.querySelectorAll(".effect")];
      return effects.length > 0 && effects.every((effect) => !effect.textContent.includes("…"));
    },
    undefined,
    { timeout: 60_000 },
  );

test("every fix says what it would do to the knee, and then does it", async () => {
  const { context, page, faults } = await open(site);
  await known(page);
  await page.waitForTimeout(3000);
  const [join, batch, , instances] = await effects(page);
  const factor = (text) => Number(text.match(/^knee × ([\d.]+)/)[1]);
  assert.ok(factor(join) >= 5, join);
  assert.equal(instances, "knee as before");
  await page.getByLabel("Batch").check();
  await page.waitForTimeout(300);
  await finished(page);
  const done = factor(await page.textContent(".gain"));
  // A short curve against a long one: both know the knee to a few per cent.
  assert.ok(Math.abs(done / factor(batch) - 1) < 0.2, `${done} is not ${batch}`);
  // Join excludes Batch: beside it, it would take its place.
  await known(page);
  assert.equal((await effects(page))[1], "on");
  await page.locator("#knob-posts").press("End");
  await page.waitForTimeout(50);
  assert.ok((await effects(page)).some((text) => text.includes("…")), "of a state that is no more nothing is said");
  assert.deepEqual(faults, []);
  await context.close();
});

test("? lists the keys, which can be switched off", async () => {
  const { context, page, faults } = await open(site);
  await settled(page);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  assert.match(await dialog.textContent(), /Next question[\s\S]*Goes to the knee/);
  await dialog.getByLabel("Single keys do something").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Keys" }).click();
  await page.getByLabel("Single keys do something").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "20px");
  await page.getByRole("button", { name: "Present" }).click();
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "16px");
  await page.getByLabel("Users, typed").focus();
  await page.keyboard.press("g");
  assert.equal(await page.getByRole("dialog").count(), 0, "letters that are typed are letters");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a browser without WebAssembly gets an explanation and a picture", async () => {
  const context = await site.browser.newContext();
  await context.addInitScript(() => delete globalThis.WebAssembly);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(site.address);
  await page.getByText("needs WebAssembly").waitFor();
  const picture = page.getByRole("img", { name: /Two charts over the number of users/ });
  await page.waitForFunction(() => document.querySelector("img").naturalWidth > 0);
  assert.ok(await picture.isVisible());
  assert.equal(await page.getByText("Loading the simulator").isVisible(), false);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a browser without scripts gets the picture too", async () => {
  const { context, page } = await open(site, "", { javaScriptEnabled: false });
  const text = page.locator("noscript p");
  await text.waitFor({ state: "visible" });
  assert.match(await text.textContent(), /needs JavaScript and WebAssembly/);
  await page.locator("noscript img").waitFor({ state: "visible" });
  assert.equal(await page.getByText("Loading the simulator").isVisible(), false);
  await context.close();
});

test("a slow start says so without moving anything, and one that fails says why", async () => {
  const context = await site.browser.newContext();
  const page = await context.newPage();
  const { fail } = await held(page);
  await page.goto(site.address);
  await page.getByText("Loading the simulator").waitFor();
  assert.equal(await page.locator(".late").isVisible(), false);
  await page.locator(".late").waitFor({ state: "visible", timeout: 8_000 });
  fail();
  await page.getByRole("alert").getByText("The simulator has stopped").waitFor();
  assert.match(await page.textContent("#reason"), /\w/);
  await page.unroute("**/*.wasm");
  await page.getByRole("button", { name: "Start again" }).click();
  await settled(page);
  await context.close();
});

test("the question that the address names is there before the simulator, word for word", async () => {
  for (const link of ["", "#v=1&s=cache-stampede", "#v=1&s=queue-knee"]) {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const { go } = await held(page);
    await page.goto(site.address + link);
    const texts = () => page.locator(".question > *").allTextContents();
    await page.waitForSelector(".skeleton .question");
    const before = await texts();
    go();
    await settled(page);
    assert.deepEqual(before, await texts());
    await context.close();
  }
});

test("a crash of the module leaves a card with the reason and the link, and a way on", async () => {
  const { context, page } = await open(site, "#v=1&s=queue-knee&users=50");
  await settled(page);
  // Out of the module's memory: a trap of the real thing.
  await page.evaluate(() => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const bytes = [0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,5,1,3,0,0,11];
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), { memory });
    setTimeout(() => exports.f());
  });
  await page.getByText("The simulator has stopped").waitFor();
  assert.match(await page.textContent("#reason"), /unreachable/);
  assert.match(await page.inputValue("#state"), /users=50/);
  await page.getByRole("link", { name: "Start without this state" }).click();
  await settled(page);
  assert.equal(await page.getByText("The simulator has stopped").isVisible(), false);
  await context.close();
});

test("a worker that crashes is started again, and the curve comes all the same", async () => {
  const { context, page } = await open(site);
  await page.addInitScript(() => {
    const Real = Worker;
    window.started = [];
    window.Worker = class extends Real {
      constructor(...args) {
        super(...args);
        window.started.push(this);
      }
    };
  });
  await page.reload();
  await finished(page);
  const count = await page.evaluate(() => started.length);
  await page.evaluate(() => started[0].dispatchEvent(new ErrorEvent("error", { message: "killed" })));
  await page.getByText("crashed and was restarted").waitFor();
  await page.waitForFunction((count) => started.length === count + 1, count);
  await page.locator("#knob-posts").press("ArrowRight");
  await page.waitForTimeout(300);
  await finished(page);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await known(page);
  await context.close();
});

test("axe finds nothing in any state, light and dark, wide and narrow", async () => {
  const states = {
    share: async (page) => {
      await page.getByRole("button", { name: "Share" }).click();
      await page.getByText("What the element shows").click();
    },
    gallery: (page) => page.getByRole("button", { name: "All", exact: true }).click(),
    verify: async (page) => {
      await page.getByRole("button", { name: "Verify" }).click();
      await page.locator(".claims .met").first().waitFor({ timeout: 60_000 });
    },
    keys: (page) => page.getByRole("button", { name: "Keys" }).click(),
    present: (page) => page.getByRole("button", { name: "Present" }).click(),
    guest: (page) => page.goto(`${site.address}?embed=1&run=click#v=1&s=queue-knee`),
    compared: async (page) => {
      await page.getByLabel("Join").check();
      // Until then what is said of the state before stands there, paled.
      await page.locator(".explained:not(.old) .compared:not(.old)").waitFor();
    },
    trouble: (page) => page.evaluate(() => kneepoint.stopped(new Error("tried"))),
  };
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, act] of Object.entries(states)) {
      const viewport = sizes[Object.keys(states).indexOf(name) % 2 === (colorScheme === "dark" ? 0 : 1) ? 1 : 0];
      const { context, page } = await open(site, "", { colorScheme, viewport, bypassCSP: true });
      await settled(page);
      await act(page);
      await page.waitForTimeout(400);
      assert.deepEqual(await violations(page), [], `${name}, ${colorScheme}, ${viewport.width}`);
      await context.close();
    }
  }
});

test("the policy is strict, and nothing breaks it", async () => {
  const { context, page, faults } = await open(site);
  await page.evaluate(() => {
    window.broken = [];
    document.addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
  });
  await settled(page);
  for (const key of ["g", "s", "v", "?"]) {
    await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
  assert.match(policy, /default-src 'none'/);
  assert.ok(!/unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:|\*/.test(policy), policy);
  assert.deepEqual(await page.evaluate(() => window.broken), []);
  assert.deepEqual(faults, []);
  await context.close();
});
