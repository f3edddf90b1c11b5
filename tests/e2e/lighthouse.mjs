// Serves dist/ as a good host would, compressed, and has Lighthouse judge it on a phone: the median of three runs.
//
// node lighthouse.mjs FOLDER: the folder whose node_modules hold Lighthouse. CHROMIUM names the browser.
import { readFileSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { root, serve } from "./harness.mjs";

const RUNS = 3;
const LEAST = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };
const headers = { "Content-Encoding": "br", "Cache-Control": "max-age=31536000" };
const { server, address } = await serve("/", { packed: brotliCompressSync, headers });

// Everything is packed before the first visitor comes.
for (const match of readFileSync(join(root, "dist/index.html"), "utf8").matchAll(/\.\/[\w.-]+/g)) {
  await fetch(new URL(match[0], address)).then((answer) => answer.arrayBuffer());
}

async function run() {
  const file = join(tmpdir(), `kneepoint-lighthouse-${process.pid}.json`);
  const flags = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run";
  const arguments_ = [address, "--quiet", "--output=json", `--output-path=${file}`, `--chrome-flags=${flags}`];
  const child = spawn(join(process.argv[2], "node_modules/.bin/lighthouse"), arguments_, {
    env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`Lighthouse ended with ${code}`);
  const report = JSON.parse(readFileSync(file, "utf8"));
  rmSync(file);
  return report;
}

const reports = [];
for (let index = 0; index < RUNS; index++) reports.push(await run());
server.close();
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
let missed = 0;
for (const [name, least] of Object.entries(LEAST)) {
  const found = median(reports.map(({ categories }) => Math.round(100 * categories[name].score)));
  if (found < least) missed++;
  console.log(`${name.padEnd(16)} ${found} (at least ${least})`);
}
for (const name of ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"]) {
  console.log(name.padEnd(28), reports.map(({ audits }) => audits[name].displayValue).join("  "));
}
const wrong = Object.values(reports[0].audits).filter(({ score, scoreDisplayMode }) => score === 0 && scoreDisplayMode === "binary");
for (const { id, title } of wrong) console.log(`failed: ${id}: ${title}`);
process.exit(missed > 0 ? 1 : 0);
