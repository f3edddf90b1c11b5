// Finishes dist/: smaller scripts and styles, a strict content security policy, and a check of what a visitor
// downloads.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { transformSync } from "esbuild";

const [dist, limit] = [process.argv[2], Number(process.argv[3])];
const index = join(dist, "index.html");
let html = readFileSync(index, "utf8");

for (const name of readdirSync(dist)) {
  const [kind] = name.match(/(?<=\.)(js|css)$/) ?? [];
  if (!kind) continue;
  const { code } = transformSync(readFileSync(join(dist, name), "utf8"), { loader: kind, minify: true });
  writeFileSync(join(dist, name), code);
}

const hashes = [...html.matchAll(/<script\b(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
  ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
);
const policy = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' ${hashes.join(" ")}`,
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
html = html.replace(
  /<meta charset="?utf-8"?\s*\/?>/i,
  (meta) => `${meta}\n<meta http-equiv="Content-Security-Policy" content="${policy}">`,
);
if (!html.includes("Content-Security-Policy")) throw new Error("no place for the policy");
writeFileSync(index, html);

let total = 0;
console.log("bytes        plain     gzip   brotli");
for (const name of readdirSync(dist).sort()) {
  if (!/\.(wasm|js|css)$/.test(name)) continue;
  const bytes = readFileSync(join(dist, name));
  const brotli = brotliCompressSync(bytes).length;
  total += brotli;
  const columns = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli];
  console.log(name.padEnd(44), ...columns.map((n) => String(n).padStart(8)));
}
console.log(`download: ${total} bytes with brotli, ${limit} allowed`);
if (total > limit) process.exit(1);
