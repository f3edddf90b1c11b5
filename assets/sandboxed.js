// The page and its workers in a frame that may only run scripts. The build bundles this with the
// glue into one plain script; the module and the font come in another.
import init, * as bindings from "glue";

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

if (self.document) {
  const { at, start, stopped } = self.kneepoint;
  const { module, font } = self.kneepointFiles;
  const face = new FontFace("Kneepoint Sandboxed", bytesOf(font), { weight: "200 900" });
  face.load().then(() => document.fonts.add(face)).catch(stopped);
  WebAssembly.compile(bytesOf(module))
    .then((compiled) => start({ ...bindings, default: init }, compiled))
    .catch(stopped);
  // A worker of another address than the page's is refused, but not one of the page's own making.
  const text = `importScripts(${JSON.stringify(at("./sandboxed.js"))})`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  self.kneepoint.worker = (module) => {
    const worker = new Worker(address);
    worker.postMessage({ module });
    return worker;
  };
} else {
  self.onmessage = async ({ data: { module } }) => {
    self.onmessage = null;
    await init({ module_or_path: module });
    self.postMessage("ready");
  };
}
