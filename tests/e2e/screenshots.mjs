// Pictures of every scenario into screenshots/: wide and narrow, light and dark.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open, root, settled, start } from "./harness.mjs";

const folder = join(root, "screenshots");
mkdirSync(folder, { recursive: true });
const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 360, height: 740 } };
const scenarios = readdirSync(join(root, "assets/scenarios"))
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, ""));

const site = await start();
let faulty = 0;
for (const scenario of scenarios) {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      const { context, page, faults } = await open(site, `#v=1&s=${scenario}`, { viewport, colorScheme });
      await settled(page);
      await page.waitForSelector("figure.charts[aria-busy=false]");
      const name = `${scenario}-${size}-${colorScheme}.png`;
      await page.screenshot({ path: join(folder, name), fullPage: size === "narrow" });
      console.log(name, faults.join(" "));
      faulty += faults.length;
      await context.close();
    }
  }
}
await site.stop();
process.exit(faulty > 0 ? 1 : 0);
