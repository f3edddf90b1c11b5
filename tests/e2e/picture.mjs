// Takes docs/page.png, the picture of the page in the README.
import { open, root, settled, start } from "./harness.mjs";

const site = await start();
const { page } = await open(site, "#v=1&s=n-plus-one&users=300&fix=join");
await settled(page);
await page.getByLabel("Join").uncheck();
await settled(page);
await page.getByLabel("Join").check();
await settled(page);
await page.waitForTimeout(3000);
await page.screenshot({ path: `${root}docs/page.png` });
await site.stop();
