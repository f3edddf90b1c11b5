// Serves dist/ from a folder below the top, opens it in Chromium, and watches for anything that
// should not happen: messages on the console, requests after loading, requests to elsewhere.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = join(root, "dist");
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const folder = "/some/folder/";

// Serves dist/ below a path. Bytes are `packed` once and sent with more headers.
export async function serve(path, { packed = (bytes) => bytes, headers = {} } = {}) {
  const files = new Map();
  const server = createServer(async (request, response) => {
    const asked = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const name = normalize(asked.startsWith(path) ? asked.slice(path.length) || "index.html" : "no");
    try {
      if (!files.has(name)) files.set(name, packed(await readFile(join(dist, name))));
      const type = types[extname(name)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, ...headers });
      response.end(files.get(name));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}${path}` };
}

export async function start() {
  const { server, address } = await serve(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  const stop = async () => {
    await browser.close();
    server.close();
  };
  return { browser, address, stop };
}

// What a page says on its console, and what it throws.
function heard(page) {
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  return faults;
}

// A page of another origin that shows ours in frames.
export async function host({ browser }, body, viewport = { width: 1000, height: 800 }) {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>Host</title><body>${body}`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Where a test fails before it closes its host, the runner still comes to its end.
  server.unref();
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const faults = heard(page);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const close = async () => {
    await context.close();
    server.close();
  };
  return { context, page, guests: () => page.frames().slice(1), faults, close };
}

// Lets the browser wait for the module of `page` until the function that this gives is called.
export async function held(page) {
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  await page.route("**/*.wasm", async (route) => {
    if (await ended) await route.continue();
    else await route.abort();
  });
  return { go: () => end(true), fail: () => end(false) };
}

// A phone that is held still.
export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, reducedMotion: "reduce" };

// A page in a profile of its own; `faults` collects what should not happen.
export async function open({ browser, address }, link = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const faults = heard(page);
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address + link);
  return { context, page, faults };
}

// Waits until the operating point is measured; gives its digest.
export async function settled(page) {
  await page.waitForFunction(() => performance.getEntriesByName("kneepoint:drawn").length > 0);
  await page.waitForSelector(".readout[aria-busy=false] .digest", { timeout: 20_000 });
  return page.textContent(".digest");
}

const axe = join(root, "tests/e2e/node_modules/axe-core/axe.min.js");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// What axe finds wrong on the page, or below a selector. The page is opened with `bypassCSP`.
export async function violations(page, below = "html") {
  await page.addScriptTag({ path: axe });
  return page.evaluate(
    async ([below, runOnly]) => {
      const result = await window.axe.run(below, { runOnly });
      return result.violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`);
    },
    [below, rules],
  );
}
