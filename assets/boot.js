// Starts the page. The build puts this text into the page itself, so that everything is asked for
// at once, with the names of the files in place of GLUE, MODULE and FONT.
(() => {
  const [glue, module, font] = ["GLUE", "MODULE", "FONT"];
  const root = document.documentElement;
  const { head } = document;
  const at = (name) => new URL(name, document.baseURI).href;
  const add = (tag, fields) => head.append(Object.assign(document.createElement(tag), fields));
  const ready = new Promise((done) => {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", done);
    else done();
  });
  // A frame that may only run scripts has no origin: browsers refuse it modules, fetches and fonts
  // of any server that does not say otherwise, but no plain script.
  const isSandboxed = self.origin === "null";
  const query = new URLSearchParams(location.search);

  // Something ended the simulator: says so, and how to go on.
  const stopped = async (error) => {
    await ready;
    const trouble = document.getElementById("trouble");
    if (!trouble.hidden) return;
    trouble.hidden = false;
    root.classList.add("stopped");
    document.getElementById("reason").textContent = kneepoint.reason ?? String(error?.message ?? error);
    const link = document.getElementById("state");
    link.value = location.href;
    link.onfocus = () => link.select();
    document.getElementById("again").onclick = () => location.reload();
    document.getElementById("afresh").href = location.pathname + location.search;
  };

  // What stands in the page is painted before the simulator is asked for, which takes the line for
  // longer than everything else together. Frames that nobody sees are not painted.
  const painted = ready.then(
    () =>
      new Promise((done) => {
        new PerformanceObserver(() => requestAnimationFrame(() => setTimeout(done))).observe({ type: "paint", buffered: true });
        setTimeout(done, 250);
      }),
  );

  const start = async (bindings, binary) => {
    await ready;
    await bindings.default({ module_or_path: binary });
    self.wasmBindings = bindings;
    root.classList.add("started");
  };

  self.kneepoint = { isSandboxed, ready, stopped, start, at };
  addEventListener("error", ({ error }) => error && stopped(error));
  addEventListener("unhandledrejection", ({ reason }) => stopped(reason));

  const theme = query.get("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (query.get("embed") === "1") root.classList.add("guest");
  if (typeof WebAssembly !== "object") {
    root.classList.add("no-wasm");
    ready.then(() => {
      const without = document.getElementById("without");
      without.replaceWith(without.content);
    });
  } else if (isSandboxed) {
    root.classList.add("sandboxed");
    for (const src of ["./sandboxed-module.js", "./sandboxed.js"]) add("script", { src, async: false });
  } else {
    root.classList.add("own");
    add("link", { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href: font });
    painted
      .then(() => {
        const binary = fetch(module);
        // The same promise twice, so that a failure is told once.
        binary.catch(() => {});
        return import(glue).then((bindings) => start(bindings, binary));
      })
      .catch(stopped);
    kneepoint.worker = (module) => {
      const worker = new Worker("./worker-boot.js", { type: "module" });
      worker.postMessage({ glue: at(glue), module });
      return worker;
    };
  }
})();
