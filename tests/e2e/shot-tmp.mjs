import { start, open, settled } from "/work/main/tests/e2e/harness.mjs";
const site = await start();
for (const [name, width, height, colorScheme, link] of [["d",1280,800,"light",""],["k",1280,800,"dark","#v=1&s=n-plus-one&posts=500"],["p",360,740,"light",""],["q",1280,800,"light","#v=1&s=queue-knee&users=170"]]) {
  const { context, page, faults } = await open(site, link, { viewport: { width, height }, colorScheme });
  try { await settled(page); await page.waitForTimeout(2500); } catch (e) { console.log("not settled", e.message.slice(0,200)); }
  await page.screenshot({ path: `/tmp/s-${name}.png`, fullPage: name === "p" });
  console.log(name, faults);
  await context.close();
}
await site.stop();
