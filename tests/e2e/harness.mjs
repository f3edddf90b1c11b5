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
};
const folder = "/some/folder/";

export async function start() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const name = normalize(path.startsWith(folder) ? path.slice(folder.length) || "index.html" : "no");
    try {
      const body = await readFile(join(dist, name));
      response.writeHead(200, { "Content-Type": types[extname(name)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
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
  const address = `http://127.0.0.1:${server.address().port}${folder}`;
  const stop = async () => {
    await browser.close();
    server.close();
  };
  return { browser, address, stop };
}

// A page in a profile of its own; `faults` collects what should not happen.
export async function open({ browser, address }, link = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address + link);
  return { context, page, faults };
}

// Waits until the operating point is measured; gives its digest.
export async function settled(page) {
  await page.waitForFunction(() => performance.getEntriesByName("kneepoint:drawn").length > 0);
  await page.waitForSelector(".readout:not(.stale) .digest", { timeout: 20_000 });
  return page.textContent(".digest");
}
