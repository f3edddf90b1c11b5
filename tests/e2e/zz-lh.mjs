import { readFileSync } from "node:fs"; import { spawn } from "node:child_process"; import { join } from "node:path"; import { brotliCompressSync } from "node:zlib"; import { root, serve } from "./harness.mjs";
const headers = { "Content-Encoding": "br", "Cache-Control": "max-age=31536000" };
const { server, address } = await serve("/", { packed: brotliCompressSync, headers });
for (const match of readFileSync(join(root, "dist/index.html"), "utf8").matchAll(/\.\/[\w.-]+/g)) await fetch(new URL(match[0], address)).then((a) => a.arrayBuffer());
for (let k = 0; k < Number(process.argv[2] ?? 2); k++) {
const child = spawn("/root/.cache/kneepoint/tools/lighthouse-12.8.2/node_modules/.bin/lighthouse", [address, "--quiet", "--only-categories=performance", "--save-assets", "--output=json", "--output-path=/tmp/lh.json", "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"], { env: { ...process.env, CHROME_PATH: "/usr/bin/chromium" }, stdio: "inherit" });
await new Promise((r) => child.on("close", r));
const report = JSON.parse(readFileSync("/tmp/lh.json", "utf8"));
const a = report.audits;
console.log("perf", report.categories.performance.score, "TBT", a["total-blocking-time"].displayValue, "FCP", a["first-contentful-paint"].displayValue, "LCP", a["largest-contentful-paint"].displayValue, "TTI", a["interactive"].displayValue, "SI", a["speed-index"].displayValue);
for (const t of a["long-tasks"].details?.items ?? []) console.log("  long", t.startTime.toFixed(0), t.duration.toFixed(0), t.url.slice(-50));
for (const t of a["mainthread-work-breakdown"].details.items) console.log("    ", t.groupLabel, t.duration.toFixed(0));
}
server.close();
