// Starts the page's own module in a worker: the page sends the address of the glue and the compiled
// module, so that nothing is downloaded or compiled twice.
self.onmessage = async ({ data: { glue, module } }) => {
  self.onmessage = null;
  const { default: init } = await import(glue);
  await init({ module_or_path: module });
  self.postMessage("ready");
};
