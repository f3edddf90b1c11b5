// Finishes dist/: one start for pages with an origin and without, smaller scripts and one style sheet, a strict content
// security policy, and a check of what a visitor downloads.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { buildSync, transformSync } from "esbuild";

const [dist, limit] = [process.argv[2], Number(process.argv[3])];
const assets = new URL("../../assets/", import.meta.url).pathname;
const index = join(dist, "index.html");
let html = readFileSync(index, "utf8");

const only = (pattern) => {
  const [name, ...others] = readdirSync(dist).filter((name) => pattern.test(name));
  if (!name || others.length) throw new Error(`not one file matches ${pattern}: ${[name, ...others]}`);
  return name;
};
const [glue, module, font] = [only(/^kneepoint-.*\.js$/), only(/_bg\.wasm$/), only(/\.woff2$/)];
const minified = (text, loader) => transformSync(text, { loader, minify: true }).code.trim();
const base64 = (name) => readFileSync(join(dist, name)).toString("base64");

// For frames without an origin: the glue as a plain script, and what must not be fetched as text.
const bundle = buildSync({
  stdin: { contents: readFileSync(join(assets, "sandboxed.js"), "utf8"), resolveDir: dist },
  alias: { glue: resolve(dist, glue) },
  bundle: true,
  define: { "import.meta.url": "location.href" },
  format: "iife",
  minify: true,
  write: false,
});
writeFileSync(join(dist, "sandboxed.js"), bundle.outputFiles[0].text);
const files = JSON.stringify({ module: base64(module), font: base64(font) });
writeFileSync(join(dist, "sandboxed-module.js"), `self.kneepointFiles=${files};`);

for (const name of readdirSync(dist)) {
  if (!name.endsWith(".js") || name.startsWith("sandboxed")) continue;
  writeFileSync(join(dist, name), minified(readFileSync(join(dist, name), "utf8"), "js"));
}

// One style sheet: nothing is painted before all have come, and together they are smaller.
const sheets = [...html.matchAll(/<link rel="stylesheet" href="\.\/([^"]+)"\/>\n?/g)];
if (!sheets.length) throw new Error("no style sheets");
const styles = minified(sheets.map(([, name]) => readFileSync(join(dist, name), "utf8")).join("\n"), "css");
for (const [link, name] of sheets) {
  html = html.replace(link, "");
  rmSync(join(dist, name));
}
const sheet = `style-${createHash("sha256").update(styles).digest("hex").slice(0, 16)}.css`;
writeFileSync(join(dist, sheet), styles);
html = html.replace("</head>", `<link rel="stylesheet" href="./${sheet}"></head>`);

// Our own start in place of Trunk's, which would ask for modules in frames that may not have them.
const start = ["boot.js", "outside.js"].map((name) => readFileSync(join(assets, name), "utf8")).join("\n");
const boot = minified(start, "js")
  .replace("GLUE", `./${glue}`)
  .replace("MODULE", `./${module}`)
  .replace("FONT", `./${font}`);
const before = html.length;
html = html
  .replace(/<script type="module">[\s\S]*?<\/script>/, "")
  .replace(/<link rel="(?:modulepreload|preload)"[^>]*>/g, "")
  .replace("<!-- start -->", `<script>${boot}</script>`);
if (!html.includes(glue) || before === html.length) throw new Error("no place for the start");

// The claims of the catalogue, for those who want to see them proven: data beside the module, which does without them.
const folder = join(assets, "scenarios");
const documents = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
const claims = JSON.stringify(Object.fromEntries(documents.map(({ id, claims }) => [id, claims ?? []])));
// The question of the first of them stands in the page, so that it is painted with the first frame; the others are
// put there by a script as soon as that part of the page is read.
const [, first] = readFileSync(new URL("../../src/scenario/catalogue.rs", import.meta.url), "utf8").match(/entry!\("([\w-]+)"\)/);
const escaped = (text) => text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const questions = {};
// As `scenario::quantity::unbroken` does in the page: no line ends between a number and its unit.
const units = /(\d) (%|ns|µs|ms|s|min|h|MB|GB|TB)(?=[^\p{L}\p{N}%]*(?: |$))/gu;
const unbroken = (text) => text.replace(units, "$1\u00a0$2");
for (const document of documents) {
  const { id } = document;
  const [title, summary] = [document.title, document.summary].map(unbroken);
  if (id !== first) questions[id] = [title, summary];
  else html = html.replace("<!-- title -->", () => escaped(title)).replace("<!-- summary -->", () => escaped(summary));
}
const asks = minified(readFileSync(join(assets, "question.js"), "utf8"), "js").replace("QUESTIONS", () => JSON.stringify(questions));
// A script that holds data: nothing in it may end the element.
html = html.replace("<!-- question -->", () => `<script>${asks.replaceAll("</", "<\\/")}</script>`);
if (/<!-- (?:title|summary|question) -->/.test(html)) throw new Error("no place for the question");

if (!html.includes("<!-- claims -->")) throw new Error("no place for the claims");
html = html.replace(
  "<!-- claims -->",
  () => `<script type="application/json" id="claims">${claims.replaceAll("<", "\\u003c")}</script>`,
);

const hashes = [...html.matchAll(/<script\b(?![^>]*\b(?:src|type)=)[^>]*>([\s\S]*?)<\/script>/g)].map(
  ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
);
const policy = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' ${hashes.join(" ")}`,
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
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
const row = (name, bytes, counts) => {
  const brotli = brotliCompressSync(bytes).length;
  if (counts) total += brotli;
  const columns = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli];
  console.log(name.padEnd(44), ...columns.map((n) => String(n).padStart(8)), counts ? "" : "(not counted)");
};
for (const name of readdirSync(dist).sort()) {
  // What frames without an origin load is loaded in place of the rest.
  if (/\.(wasm|js|css)$/.test(name)) row(name, readFileSync(join(dist, name)), !name.startsWith("sandboxed"));
}
row("start, in the page", Buffer.from(boot), true);
row("the page", Buffer.from(html), false);
console.log(`download: ${total} bytes with brotli, ${limit} allowed`);
if (total > limit) process.exit(1);
