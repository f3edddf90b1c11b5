// The same link gives the same run natively, in Node and in Chromium.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open, root, settled, start } from "./harness.mjs";

const links = [];
for (const seed of [1, 2, 3, 4, 5]) {
  links.push(`v=1&s=queue-knee&users=150&seed=${seed}&m=1`);
  links.push(`v=1&s=queue-knee&users=190&fix=constant-time&seed=${seed}&m=1`);
  links.push(`v=1&s=n-plus-one&users=2000&seed=${seed}&m=1`);
  links.push(`v=1&s=n-plus-one&posts=60&fix=cache&seed=${seed}&m=1`);
}

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site.stop();
});

test("digests of 20 runs are equal natively, in Node and in Chromium", async () => {
  const input = links.map((link) => JSON.stringify({ link })).join("\n");
  const program = join(root, "target/release/kneepoint");
  const lines = execFileSync(program, ["run", "-"], { input }).toString().trim().split("\n");
  const native = lines.map((line) => JSON.parse(line).digest);
  assert.equal(new Set(native).size, links.length);

  const dist = join(root, "dist");
  const named = (end) => join(dist, readdirSync(dist).find((name) => name.endsWith(end) && name !== "worker-boot.js"));
  const glue = await import(named(".js"));
  glue.initSync({ module: readFileSync(named("_bg.wasm")) });
  assert.deepEqual(links.map((link) => glue.digest(link)), native);

  const { context, page } = await open(site);
  await settled(page);
  const inBrowser = await page.evaluate(
    (links) => links.map((link) => window.wasmBindings.digest(link)),
    links,
  );
  assert.deepEqual(inBrowser, native);
  await context.close();
});
