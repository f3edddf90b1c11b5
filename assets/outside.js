// A guest tells its host how high it is: in words of its own, and in those of Embedly.
if (document.documentElement.classList.contains("guest") && parent !== self) {
  const HEIGHT_MAX = 4_000;
  const id = new URLSearchParams(location.search).get("id") ?? "";
  let told = 0;
  const tell = () => {
    const { height: exact } = document.getElementById("app").getBoundingClientRect();
    const height = Math.min(HEIGHT_MAX, Math.ceil(exact));
    if (height === told) return;
    told = height;
    parent.postMessage({ type: "kneepoint-sim:resize", v: 1, id, height }, "*");
    parent.postMessage(JSON.stringify({ src: location.href, context: "iframe.resize", height }), "*");
  };
  kneepoint.ready.then(() => new ResizeObserver(() => requestAnimationFrame(tell)).observe(document.getElementById("app")));
}

// What the page's module asks the browser for where a few lines of script say it shorter.
Object.assign(self.kneepoint, {
  // Puts text on the clipboard; false where nobody may.
  async copy(text) {
    // Asking where a policy forbids it would leave a message on the console.
    const isForbidden = document.featurePolicy?.allowsFeature("clipboard-write") === false;
    if (!navigator.clipboard || isForbidden) return false;
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  },

  // Gives text, or the text of a data address, as a file; false where downloads may be blocked.
  save(name, type, content) {
    if (this.isSandboxed) return false;
    const isAddress = content.startsWith("data:");
    const href = isAddress ? content : URL.createObjectURL(new Blob([content], { type }));
    Object.assign(document.createElement("a"), { href, download: name }).click();
    if (!isAddress) setTimeout(() => URL.revokeObjectURL(href), 10_000);
    return true;
  },

  // The charts as they are on the screen, with their title above and their link below.
  png(title, captions, link) {
    const plots = [...document.querySelectorAll(".plots canvas")];
    const ratio = plots[0].width / plots[0].clientWidth;
    const [pad, line] = [20 * ratio, 26 * ratio];
    const sheet = document.createElement("canvas");
    sheet.width = plots[0].width + 2 * pad;
    sheet.height = 2 * pad + line * (2 + plots.length) + plots.reduce((sum, plot) => sum + plot.height, 0);
    const pen = sheet.getContext("2d");
    const { backgroundColor, color, fontFamily } = getComputedStyle(document.body);
    pen.fillStyle = backgroundColor;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.fillStyle = color;
    let y = pad;
    const write = (text, weight, px) => {
      pen.font = `${weight} ${px * ratio}px ${fontFamily}`;
      pen.fillText(text, pad, y + line * 0.6, plots[0].width);
      y += line;
    };
    write(title, 650, 20);
    plots.forEach((plot, index) => {
      write(captions[index], 400, 14);
      pen.drawImage(plot, pad, y);
      y += plot.height;
    });
    write(link, 400, 11);
    return sheet.toDataURL("image/png");
  },

  // Something to draw on like a canvas, that keeps what is drawn as SVG.
  recorder() {
    const probe = document.createElement("canvas").getContext("2d");
    const marks = [];
    let [path, matrix] = ["", [1, 0, 0, 1, 0, 0]];
    const safe = (text) => String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
    const colour = (name, style) => {
      const [, r, g, b, , alpha] = style.match(/rgba?\((\d+), ?(\d+), ?(\d+)(, ?([\d.]+))?\)/) ?? [];
      return r ? `${name}="rgb(${r},${g},${b})"${alpha < 1 ? ` ${name}-opacity="${alpha}"` : ""}` : `${name}="${safe(style)}"`;
    };
    const mark = (text) => marks.push(text);
    const line = () => `fill="none" ${colour("stroke", pen.strokeStyle)} stroke-width="${pen.lineWidth}"`;
    const methods = {
      beginPath: () => (path = ""),
      moveTo: (x, y) => (path += `M${x} ${y}`),
      lineTo: (x, y) => (path += `L${x} ${y}`),
      closePath: () => (path += "Z"),
      arc: (x, y, r) => (path += `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`),
      stroke: () => mark(`<path d="${path}" ${line()}/>`),
      fill: () => mark(`<path d="${path}" ${colour("fill", pen.fillStyle)}/>`),
      fillRect: (x, y, w, h) => mark(`<rect x="${x}" y="${y}" width="${w}" height="${h}" ${colour("fill", pen.fillStyle)}/>`),
      strokeRect: (x, y, w, h) => mark(`<rect x="${x}" y="${y}" width="${w}" height="${h}" ${line()}/>`),
      fillText(text, x, y) {
        const anchor = { center: "middle", right: "end", end: "end" }[pen.textAlign] ?? "start";
        const [, size, family] = pen.font.match(/([\d.]+)px (.*)/) ?? [];
        // Not every viewer knows where the middle of a line is: a third of its size above its foot.
        const down = { middle: 0.35, top: 0.8, hanging: 0.8 }[pen.textBaseline] ?? 0;
        const place = `x="${x}" y="${y + down * size}" font-size="${size}" font-family="${safe(family)}" text-anchor="${anchor}"`;
        mark(`<text ${place} ${colour("fill", pen.fillStyle)}>${safe(text)}</text>`);
      },
      measureText(text) {
        probe.font = pen.font;
        return probe.measureText(text);
      },
      setTransform: (...numbers) => (matrix = numbers),
      save() {},
      restore() {},
      clearRect() {},
    };
    const fields = { fillStyle: "", strokeStyle: "", lineWidth: 1, font: "", textAlign: "", textBaseline: "", lineJoin: "" };
    // The module makes sure that it has the kind of object it wants.
    const pen = Object.create(CanvasRenderingContext2D.prototype);
    for (const [name, value] of Object.entries({ ...fields, ...methods })) {
      Object.defineProperty(pen, name, { value, writable: true });
    }
    const text = () => `<g transform="matrix(${matrix})" stroke-linejoin="round">${marks.join("")}</g>`;
    return { width: 0, height: 0, getContext: () => pen, text };
  },
});
