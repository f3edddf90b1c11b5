import { open, settled, start } from "./harness.mjs";
const site = await start();
const { page } = await open(site, "", {});
await page.evaluate(() => { window.l=[]; new PerformanceObserver((list) => { for (const e of list.getEntries()) l.push([e.startTime|0, e.value.toFixed(4), e.sources.map(s=>(s.node?.className||s.node?.nodeName||"?")+JSON.stringify([s.previousRect.y|0,s.currentRect.y|0,s.currentRect.height|0]))]); }).observe({ type: "layout-shift", buffered: true }); });
await settled(page); await page.waitForTimeout(4000);
console.log(JSON.stringify(await page.evaluate(() => l), null, 1));
await site.stop();
