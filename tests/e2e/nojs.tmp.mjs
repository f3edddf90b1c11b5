import { open, start } from "./harness.mjs";
const site = await start();
const { page } = await open(site, "", { javaScriptEnabled: false, viewport: {width:1280,height:800} });
await page.waitForTimeout(1000);
await page.screenshot({ path: "/tmp/h3/shell-shots/nojs.png" });
await site.stop();
