// The stage holds a picture and a panel that speaks of it. Pointing, pinning and stepping only look
// things up in the table of cells that belong together and draw outlines, so none of it needs a kernel:
// the same code runs in a notebook and in a saved page.

const AT_REST = 1000; // ms without a new picture; a proof must not hold up the next key
const PIXELS_FOR_ONE = 12; // of dragging a number

// `host` keeps the state that outlives a picture: get(name), set({name: value}), on(name, listener).
export function mount(root, host) {
  const picture = element("div", {
    class: "cnnviz-picture", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": "true",
    "aria-label": "Picture. Arrow keys move between cells, Page Up and Page Down between grids, Enter pins, Escape lets go.",
  });
  const message = element("p", { class: "cnnviz-message", role: "alert" });
  const title = element("div", { class: "cnnviz-title" });
  const say = element("p", { class: "cnnviz-say", "aria-live": "polite" });
  const equation = makeEquation({ emphasise, relight: () => relight() });
  const player = makePlayer((step) => goTo(step));
  const controls = makeControls(host);
  const code = element("div", { class: "cnnviz-code" });
  const proof = element("p", { class: "cnnviz-proof", role: "status" });
  const beware = element("p", { class: "cnnviz-beware" });
  const facts = element("ul", { class: "cnnviz-facts" });
  const legend = element("div", { class: "cnnviz-legend" });
  const frame = element("div", { class: "cnnviz-frame" }, picture, message);
  const speech = element("div", { class: "cnnviz-speech" }, title, say, equation.node);
  const notes = element("div", { class: "cnnviz-notes" }, facts, legend, code, proof, beware);
  const panel = element("div", { class: "cnnviz-panel" }, speech, notes, player.node);
  const body = element("div", { class: "cnnviz-body" }, frame, panel);
  const brief = host.get("brief");
  root.classList.add("cnnviz-stage");
  root.classList.toggle("brief", Boolean(brief));
  root.append(controls.node, body);

  let view = null, links = null, pointed = null, pinned = null, light = null, veil = null, framed = [], fit = null, shownMarks = "";

  function show() {
    const { svg, scene, legend: marks } = host.get("view");
    if (!scene) return;
    player.stop();
    const before = view;
    view = scene;
    links = makeLinks(view);
    picture.innerHTML = svg;
    light = picture.querySelector(".cnnviz-light");
    veil = picture.querySelector(".cnnviz-veil");
    title.textContent = view.title;
    showFacts(marks);
    showCode();
    if (brief) { fit?.close(); fit = null; } // its pictures have sizes of their own, and the place has one
    fit ??= fitted(root, { bar: controls.node, frame, picture, panel }, view.size, brief);
    equation.node.hidden = !Object.keys(view.equations).length;
    player.limit(view.steps.length || (view.walk ? size(links.grids.get(view.walk)) : 0));
    framed = view.grids.filter((grid) => grid.frames.length || grid.frameLevels?.length).map((grid) => ({
      nodes: [...picture.querySelectorAll(`.texts[data-grid="${grid.name}"] > text`)],
      fills: picture.querySelector(`.fills[data-grid="${grid.name}"]`),
      grid,
      rest: null,
    }));
    beware.textContent = view.beware;
    pointed = null;
    readPin();
    moveCards(picture, before, view);
    askForProof();
  }

  // A proof takes longer than a picture may: ask for it when the slider has come to rest.
  let waiting = null;
  function askForProof() {
    clearTimeout(waiting);
    if (host.editable) waiting = setTimeout(() => host.set({ asked: (host.get("asked") ?? 0) + 1 }), AT_REST);
  }

  const size = (grid) => grid.shape.reduce((a, b) => a * b);
  const exists = (at) => at && links.grids.has(at[0]) && at[1] >= 0 && at[1] < size(links.grids.get(at[0]));

  function readPin() {
    const at = host.get("pinned");
    pinned = Array.isArray(at) && at.length === 2 && exists(at) ? at : null;
    draw();
  }

  // Tell the host, then draw once: its listeners need not hear what was just said here.
  let telling = false;
  function tell(state) {
    telling = true;
    host.set(state);
    telling = false;
    if ("pinned" in state) pinned = state.pinned.length ? state.pinned : null;
    draw();
  }

  const pin = (at) => tell({ pinned: at ?? [] });

  function point(at) {
    if (at?.[0] === pointed?.[0] && at?.[1] === pointed?.[1]) return;
    pointed = at;
    picture.style.cursor = canEdit(at) ? "ew-resize" : "";
    draw();
  }

  // What all is about now, as Scene.looked_at: pointed at, pinned, or what a walk has come to.
  const walkedTo = () => (view.walk && !view.steps.length && host.get("step") >= 0 ? [view.walk, host.get("step")] : null);
  const focus = () => pointed ?? pinned ?? walkedTo();

  function draw() {
    const at = focus();
    relight();
    drawVeil();
    drawFrame();
    drawAwaited();
    drawStrokes();
    const sentence = at ? links.sentence(...at) : (stepNow()?.say ?? view.say);
    if (say.textContent !== sentence) say.textContent = sentence;
    picture.querySelector("svg").setAttribute("aria-label", sentence);
    drawEquation(at ?? stepNow()?.of);
    player.show(host.get("step"));
    requestAnimationFrame(lookForScrolling);
  }

  const scrolling = [panel, speech, notes, equation.node.firstChild];
  const lookForScrolling = () => scrolling.forEach(reachable);
  const layout = new ResizeObserver(lookForScrolling);
  scrolling.forEach((node) => layout.observe(node));

  const stepNow = () => view.steps[host.get("step")];

  // What stands in the cells after this step.
  function drawFrame() {
    const step = host.get("step");
    for (const grid of framed) {
      grid.rest ??= grid.nodes.map((node) => node.innerHTML);
      grid.quiet ??= grid.nodes.map((node) => node.classList.contains("zero"));
      const { frames, levels, frameLevels } = grid.grid;
      const frame = frames[step];
      grid.nodes.forEach((node, cell) => {
        const inside = frame ? svgLines(frame[cell], node.getAttribute("x")) : grid.rest[cell];
        if (node.innerHTML !== inside) node.innerHTML = inside;
        // A 0 in which nothing has arrived yet is as quiet as one that must be.
        node.classList.toggle("zero", inside === "0" && (grid.quiet[cell] || !arrived(grid.grid, cell, step)));
      });
      if (levels) grid.fills.innerHTML = fills(grid.grid, frameLevels[step] ?? levels);
    }
  }

  // As in svg.py: has a step up to now brought something to this cell, be it a 0?
  function arrived({ name, frames }, cell, step) {
    return step < 0 || frames.slice(0, step + 1).some((frame) => frame[cell] !== "0")
      || view.steps.slice(0, step + 1).some(({ writes }) => writes[name]?.includes(cell));
  }

  // A line that belongs to some steps stands back in the others.
  function drawStrokes() {
    const step = host.get("step");
    for (const line of picture.querySelectorAll("[data-steps]")) {
      line.classList.toggle("dim", step >= 0 && !line.dataset.steps.split(" ").includes(String(step)));
    }
  }

  // A grid that a step writes at once is empty before it, and stands out at it.
  function drawAwaited() {
    const step = host.get("step");
    for (const part of picture.querySelectorAll("[data-since]")) {
      const since = Number(part.dataset.since);
      part.classList.toggle("awaited", step >= 0 && step < since);
      part.classList.toggle("now", step === since && !focus());
    }
  }

  function drawLight(at) {
    for (const [base, cell] of links.owners(...at)) drawBands(base, cell);
    for (const [role, name, cells] of links.light(...at)) outline(light, `l-${role}`, links.grids.get(name), cells);
    path(light, "focus", boxes(links.grids.get(at[0]), [at[1]]));
  }

  // The whole row or column of each matrix that belongs to a cell.
  function drawBands(base, cell) {
    for (const grid of links.grids.values()) {
      if (!grid.down || !grid.across) continue;
      const [x, y, w, h] = grid.place, [, , rows, columns] = grid.shape;
      const row = grid.down.grid === base ? grid.down.position.get(cell) : undefined;
      const column = grid.across.grid === base ? grid.across.position.get(cell) : undefined;
      if (row !== undefined) path(light, "band", `M${x} ${y + row * h}h${columns * w}v${h}h${-columns * w}z`);
      if (column !== undefined) path(light, "band", `M${x + column * w} ${y}h${w}v${rows * h}h${-w}z`);
    }
  }

  // While stepping, what has not been written yet is covered.
  function drawVeil() {
    veil.replaceChildren();
    const step = host.get("step");
    if (step < 0 || !view.walk || view.steps.length) return;
    for (const grid of links.grids.values()) {
      if (grid.role !== "written" || links.edgeOf(grid.name) !== view.walk) continue;
      const later = [...Array(size(grid)).keys()].filter((cell) => cell > step);
      if (later.length) path(veil, "veil", boxes(grid, later));
    }
  }

  function drawEquation(at) {
    const found = at && links.equation(...at);
    const step = stepNow();
    const isRead = (factors) => factors.every(({ grid, cell }) => step?.reads[grid]?.includes(cell));
    equation.show(found, {
      grids: links.grids,
      ledger: found && view.equations[found.left.grid].ledger,
      hasLedger: host.editable,
      asNumbers: view.numbers,
      reads: at && !pinned && !pointed && step ? isRead : () => false,
    });
  }

  // Pointing at a term lights its cells alone; the equation itself must not be redrawn meanwhile.
  function emphasise(factors) {
    light.replaceChildren();
    for (const { grid, cell } of factors) {
      if (grid) outline(light, "l-read", links.grids.get(grid), [cell]);
    }
  }

  function relight() {
    light.replaceChildren();
    if (focus()) { drawLight(focus()); return; }
    for (const [name, cells] of Object.entries(stepNow()?.around ?? {})) {
      path(light, "band", boxes(links.grids.get(name), cells));
    }
    const { reads = {}, points = {}, writes = {} } = stepNow() ?? {};
    const lit = (role, cells) => {
      for (const [name, of] of Object.entries(cells)) {
        const grid = links.grids.get(name);
        outline(light, `l-${role ?? grid.role}`, grid, of);
      }
    };
    lit("read", reads);
    lit(null, points);
    lit("written", writes);
  }

  // What holds of the picture, and what its colours and marks mean.
  function showFacts(marks) {
    facts.replaceChildren(
      ...view.counters.map(([value, words]) => element("li", {}, element("b", {}, value), ` ${words}`)),
      ...view.lamps.map(([sign, words]) => element("li", { class: "lamp", "data-sign": sign },
        element("span", { class: "sign" }, sign), ` ${words}`)));
    if (marks === shownMarks) return;
    legend.innerHTML = shownMarks = marks;
  }

  function showCode() {
    if (view.code === (code.firstChild?.textContent ?? "")) return;
    code.replaceChildren();
    if (!view.code) return;
    const copy = element("button", { type: "button", "aria-label": "Copy the PyTorch call" }, "Copy");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(view.code);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    });
    code.append(element("code", { title: `The same in PyTorch: ${view.code}` }, view.code), copy);
  }

  function goTo(step) {
    pointed = null;
    tell({ step, pinned: [] });
  }

  // ------------------------------------------------------------ pointer and keys

  // Where an event is in the units of the picture.
  function at(event) {
    const svg = picture.querySelector("svg");
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  }

  function under(event) {
    const { x, y } = at(event);
    for (const grid of links.grids.values()) {
      const cell = cellAt(grid, x, y);
      if (cell >= 0) return [grid.name, cell];
    }
    return null;
  }

  // Dragging a cell that can be edited sideways counts its number up or down.
  let drag = null, dragged = false;
  const canEdit = (at) => at && host.editable && links.grids.get(at[0]).editable && !links.grids.get(at[0]).paddingSet.has(at[1]);

  picture.addEventListener("pointerdown", (event) => {
    const at = view && under(event);
    dragged = false;
    if (event.button !== 0 || !canEdit(at) || event.target.closest(".cnnviz-edit")) return;
    const number = Number(links.grids.get(at[0]).numbers[at[1]].replace("−", "-"));
    if (!Number.isNaN(number)) drag = { at, from: number, x: event.clientX, now: number };
  });

  picture.addEventListener("pointermove", (event) => {
    if (!view) return;
    if (!drag || !(event.buttons & 1)) { drag = null; point(under(event)); return; }
    const number = drag.from + Math.round((event.clientX - drag.x) / PIXELS_FOR_ONE);
    if (number === drag.now) return;
    if (!dragged) picture.setPointerCapture(event.pointerId);
    dragged = true;
    drag.now = number;
    send(drag.at, String(number));
  });
  picture.addEventListener("pointerup", () => { drag = null; });
  picture.addEventListener("pointercancel", () => { drag = null; });
  picture.addEventListener("pointerleave", () => { if (view && !drag) point(null); });
  picture.addEventListener("click", (event) => {
    if (dragged) return;
    const at = under(event);
    pin(at && pinned?.[0] === at[0] && pinned?.[1] === at[1] ? null : at);
  });
  picture.addEventListener("dblclick", (event) => edit(under(event)));

  picture.addEventListener("keydown", (event) => {
    if (!view || event.target !== picture) return;
    const names = [...links.grids.keys()];
    const at = focus() ?? [view.walk ?? names[0], 0];
    const grid = links.grids.get(at[0]);
    const started = focus() !== null;
    const moves = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.shape[3], ArrowUp: -grid.shape[3],
      Home: -at[1], End: size(grid) - 1 - at[1],
    };
    if (event.key in moves) {
      const cell = at[1] + (started ? moves[event.key] : 0);
      if (cell >= 0 && cell < size(grid)) point([at[0], cell]);
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      const turn = event.key === "PageDown" ? 1 : names.length - 1;
      point([names[(names.indexOf(at[0]) + turn) % names.length], 0]);
    } else if (event.key === "Enter" || event.key === " ") pin(focus());
    else if (event.key === "e" || event.key === "F2") edit(focus());
    else if (event.key === "Escape") { player.stop(); goTo(-1); } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // ------------------------------------------------------------ editing a number

  function send(at, text) {
    const count = (host.get("edit")?.count ?? 0) + 1; // typing the same text twice is two edits
    host.set({ edit: { grid: at[0], cell: at[1], text, count } });
  }

  function edit(at) {
    if (!canEdit(at)) return;
    const grid = links.grids.get(at[0]);
    const svg = picture.querySelector("svg"), around = picture.getBoundingClientRect();
    const scale = svg.getScreenCTM().a;
    const [x, y] = corner(grid, at[1]);
    const place = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
    const input = element("input", {
      class: "cnnviz-edit", type: "text", inputmode: "decimal", value: grid.numbers[at[1]],
      "aria-label": `New number for ${spoken(grid.symbols[at[1]])}`, "data-lm-suppress-shortcuts": "true",
    });
    const wide = Math.max(52, grid.place[2] * scale);
    Object.assign(input.style, {
      left: `${place.x - around.x + (grid.place[2] * scale - wide) / 2}px`, top: `${place.y - around.y}px`,
      width: `${wide}px`, height: `${Math.max(26, grid.place[3] * scale)}px`,
    });
    let open = true;
    const close = (keep) => {
      if (!open) return;
      open = false;
      if (keep && input.value !== grid.numbers[at[1]]) send(at, input.value);
      input.remove();
      picture.focus();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") close(true);
      if (event.key === "Escape") close(false);
    });
    input.addEventListener("blur", () => close(true));
    picture.append(input);
    input.select();
    input.focus();
  }

  // The head of the proof's sentence; all of it where one points. The last one stays, greyed, until
  // there is another: nothing jumps.
  function showProof() {
    const said = host.get("proof") ?? "";
    proof.classList.toggle("old", !said);
    if (!said) return;
    proof.textContent = said.split(":")[0];
    proof.title = said;
  }

  // ------------------------------------------------------------ listening to the host

  const stopListening = listening(host, {
    view: show,
    pinned: () => { if (view && !telling) readPin(); },
    step: () => { if (view && !telling) draw(); },
    message: () => { message.textContent = host.get("message"); },
    proof: showProof,
  });
  message.textContent = host.get("message") ?? "";
  showProof();
  show();
  return () => {
    player.stop();
    fit?.close();
    layout.disconnect();
    controls.close();
    clearTimeout(waiting);
    stopListening();
  };
}

export default {
  render({ model, el }) {
    return mount(el, hostOf(model));
  },
};
