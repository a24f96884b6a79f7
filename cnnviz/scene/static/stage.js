// The stage holds a picture and the table of cells that belong together. Pointing, pinning and
// stepping only look things up in that table and draw outlines, so none of it needs a kernel: the
// same code runs in a notebook and in a saved page.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const AT_REST = 1000; // ms without a new picture; a proof must not hold up the next key
const PIXELS_FOR_ONE = 12; // of dragging a number
const NOWHERE = -1; // in the table: this meeting has no cell in that grid
const FILM = 20_000; // ms that a film of many steps may take
const MOST_TERMS = 27; // nobody reads a longer sum; a 3×3 kernel over three channels still fits

// ---------------------------------------------------------------- the table, read in any direction

function makeLinks(view) {
  const grids = new Map(view.grids.map((grid) => [grid.name, grid]));
  for (const grid of view.grids) {
    for (const axis of [grid.down, grid.across]) {
      if (axis) axis.position = new Map(axis.cells.map((cell, n) => [cell, n]));
    }
    grid.paddingSet = new Set(grid.padding ?? []);
  }
  for (const [name, of] of Object.entries(view.same ?? {})) view.table[name] = view.table[of];
  const bases = Object.keys(view.table);
  const indexes = new Map();

  function rowsOfBase(name, cell) {
    if (!indexes.has(name)) {
      const index = new Map();
      view.table[name].forEach((at, row) => {
        if (!index.has(at)) index.set(at, []);
        index.get(at).push(row);
      });
      indexes.set(name, index);
    }
    return indexes.get(name).get(cell) ?? [];
  }

  // The entries of a derived cell: [[axis, entry], ...], its row first.
  function entries(grid, cell) {
    const columns = grid.shape[3];
    return [[grid.down, Math.floor(cell / columns)], [grid.across, cell % columns]].filter(([a]) => a);
  }

  function rows(name, cell) {
    if (bases.includes(name)) return rowsOfBase(name, cell);
    const [first, ...rest] = entries(grids.get(name), cell);
    const found = rowsOfBase(first[0].grid, first[0].cells[first[1]]);
    return found.filter((row) => rest.every(([axis, n]) => view.table[axis.grid][row] === axis.cells[n]));
  }

  function derivedCell(grid, row) {
    let cell = 0;
    for (const [axis, step] of [[grid.down, grid.shape[3]], [grid.across, 1]]) {
      if (!axis) continue;
      const entry = axis.position.get(view.table[axis.grid][row]);
      if (entry === undefined) return NOWHERE;
      cell += step * entry;
    }
    return cell;
  }

  function lit(name, cell) {
    const found = rows(name, cell);
    const result = new Map();
    for (const grid of view.grids) {
      const base = view.table[grid.name];
      const cells = new Set(found.map((row) => (base ? base[row] : derivedCell(grid, row))));
      cells.delete(NOWHERE);
      if (grid.name === name) cells.add(cell);
      if (cells.size) result.set(grid.name, cells);
    }
    return result;
  }

  // The base cells that a cell stands for: itself, or the cells its row and column belong to.
  function owners(name, cell) {
    if (bases.includes(name)) return [[name, cell]];
    return entries(grids.get(name), cell).map(([axis, n]) => [axis.grid, axis.cells[n]]);
  }

  const symbol = (name, cell) => grids.get(name).symbols[cell];

  function sentence(name, cell) {
    const grid = grids.get(name);
    if (grid.sentences) return grid.sentences[cell];
    if (grid.saying) return filled(grid, cell);
    const own = owners(name, cell);
    if (!grid.entry) return sentence(...own[0]);
    const [row, column] = own.map(([g, c]) => spoken(symbol(g, c)));
    const [met] = rows(name, cell);
    const value = met === undefined ? "0" : spoken(symbol(grid.entry, view.table[grid.entry][met]));
    return (met === undefined ? grid.miss : grid.hit)
      .replaceAll("{row}", row).replaceAll("{column}", column).replaceAll("{value}", value);
  }

  // One sentence for all cells of a grid, with the place and the number of this one.
  function filled(grid, cell) {
    const [, , rows, columns] = grid.shape, inside = cell % (rows * columns);
    const here = {
      map: Math.floor(cell / (rows * columns)) + 1,
      row: Math.floor(inside / columns) + 1,
      column: (inside % columns) + 1,
      number: grid.numbers?.[cell] ?? "",
    };
    return grid.saying.replace(/\{(\w+)\}/g, (_, word) => here[word]);
  }

  // The equation of a cell. A cell of a matrix shows the equation of its row.
  function equation(name, cell) {
    const owner = owners(name, cell).find(([g]) => view.equations[g]);
    if (!owner) return null;
    const [base, at] = owner;
    const { left, factors, counted, plus } = view.equations[base];
    const fill = (template, here) => template.replace(/\{(.+?)\}/g, (_, g) => symbol(g, here[g]));
    const gridIn = (template) => template.match(/\{(.+?)\}/)[1];
    const product = (templates, here) => templates.map((template) => {
      const g = gridIn(template);
      return { grid: g, cell: here[g], label: fill(template, here), number: grids.get(g).numbers?.[here[g]] };
    });
    const used = factors.map(gridIn);
    const nothing = (g, cell) => cell === NOWHERE || grids.get(g).paddingSet.has(cell);
    const terms = new Map();
    const found = rows(base, at);
    const cellsOf = (row) => Object.fromEntries(bases.map((g) => [g, view.table[g][row]]));
    for (const row of found) {
      const here = cellsOf(row);
      if ([base, ...used].some((g) => nothing(g, here[g]))) continue;
      terms.set(used.map((g) => here[g]).join(), product(factors, here));
    }
    if (plus && found.length) terms.set("plus", product([plus], cellsOf(found[0])));
    const number = counted ? grids.get(base).numbers?.[at] : undefined;
    return { left: { grid: base, cell: at, label: fill(left, { [base]: at }), number }, terms: [...terms.values()], counted };
  }

  return { grids, lit, owners, sentence, equation };
}

// ---------------------------------------------------------------- labels as words and as mathematics

const LOW = "₀₁₂₃₄₅₆₇₈₉", HIGH = { "(": "⁽", ")": "⁾", ",": ",", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function parts(label) {
  const [head, sub = ""] = label.split("_");
  const [name, sup = ""] = head.split("^");
  return { name, sup, sub };
}

function spoken(label) {
  const { name, sup, sub } = parts(label);
  return name + [...sup].map((c) => HIGH[c] ?? c).join("") + [...sub].map((c) => LOW[c] ?? c).join("");
}

// A label inside a cell, or a sum of products of labels: the letters in italics, subscripts lowered.
const BETWEEN = /(·| \+ | − | = )/;
const BACK_UP = '<tspan dy="-0.245em">\u200b</tspan>'; // to the line again after a subscript

function svgLabel(label) {
  if (BETWEEN.test(label)) {
    return label.split(BETWEEN).map((piece, n) =>
      n % 2 ? piece : svgLabel(piece) + (piece.includes("_") ? BACK_UP : "")).join("");
  }
  const { name, sup, sub } = parts(label);
  if (!sub) return label;
  const raised = sup ? `<tspan class="s" dy="-0.5em">${sup}</tspan>` : "";
  return `<tspan class="v">${name}</tspan>${raised}<tspan class="s" dy="${sup ? 0.85 : 0.35}em">${sub}</tspan>`;
}

function tag(name, ...children) {
  const node = document.createElementNS(MATHML, name);
  node.append(...children);
  return node;
}

// Each term is a formula of its own, so that long sums can wrap; its sign still needs its space.
function operator(sign) {
  const node = tag("mo", sign);
  node.setAttribute("form", "infix");
  return node;
}

function mathLabel(label) {
  const slash = label.indexOf("/");
  if (slash > 0) return tag("mfrac", mathLabel(label.slice(0, slash)), mathLabel(label.slice(slash + 1)));
  if (label.startsWith("∂")) return tag("mrow", tag("mo", "∂"), mathLabel(label.slice(1)));
  const { name, sup, sub } = parts(label);
  if (!sub) return /^[A-Za-z]$/.test(name) ? tag("mi", name) : tag("mn", name);
  const base = tag("mi", name), low = tag("mn", sub);
  return sup ? tag("msubsup", base, low, tag("mn", sup)) : tag("msub", base, low);
}

// The record of the ledger where a document prints this equation; a saved page has no ledger.
function ledgerLink(id, hasLedger) {
  if (!hasLedger) return element("span", { class: "ledger" }, id);
  return element("a", {
    class: "ledger", href: "10_documents_checked.ipynb", target: "_blank", rel: "noopener",
    title: "Where a document prints this equation: open the ledger",
  }, id);
}

// ---------------------------------------------------------------- the stage

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function path(group, className, d) {
  const node = document.createElementNS(SVG, "path");
  node.setAttribute("class", className);
  node.setAttribute("d", d);
  group.append(node);
  return node;
}

// Outlines of some cells in the look of a role, never thicker than a third of a cell.
function outline(group, className, grid, cells) {
  const node = path(group, className, boxes(grid, cells));
  const thin = Math.min(grid.place[2], grid.place[3]) / 3;
  if (thin < 3.5) node.style.strokeWidth = Math.max(thin, 0.7);
  if (thin < 1) node.style.fillOpacity = 0.9;
}

function corner(grid, cell) {
  const [, tileColumns, rows, columns] = grid.shape;
  const [x, y, width, height, gap] = grid.place;
  const tile = Math.floor(cell / (rows * columns)), inside = cell % (rows * columns);
  return [
    x + (tile % tileColumns) * (columns * width + gap) + (inside % columns) * width,
    y + Math.floor(tile / tileColumns) * (rows * height + gap) + Math.floor(inside / columns) * height,
  ];
}

function boxes(grid, cells) {
  const [, , w, h] = grid.place;
  // Cells thinner than a pixel are still to be seen: outlines never shrink below 3 units.
  const W = Math.max(w, 3), H = Math.max(h, 3);
  return [...cells].map((cell) => {
    const [x, y] = corner(grid, cell);
    return `M${x} ${y}h${W}v${H}h${-W}z`;
  }).join("");
}

function cellAt(grid, px, py) {
  const [tileRows, tileColumns, rows, columns] = grid.shape;
  const [x, y, width, height, gap] = grid.place;
  const across = px - x, down = py - y;
  if (across < 0 || down < 0) return -1;
  const tileColumn = Math.floor(across / (columns * width + gap)), tileRow = Math.floor(down / (rows * height + gap));
  const column = Math.floor((across - tileColumn * (columns * width + gap)) / width);
  const row = Math.floor((down - tileRow * (rows * height + gap)) / height);
  if (tileColumn >= tileColumns || tileRow >= tileRows || column >= columns || row >= rows) return -1;
  return ((tileRow * tileColumns + tileColumn) * rows + row) * columns + column;
}

// `host` keeps the state that outlives a picture: get(name), set({name: value}), on(name, listener).
export function mount(root, host) {
  const picture = element("div", {
    class: "cnnviz-picture", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": "true",
    "aria-label": "Picture. Arrow keys move between cells, Page Up and Page Down between grids, Enter pins, Escape lets go.",
  });
  const message = element("p", { class: "cnnviz-message", role: "alert" });
  const say = element("p", { class: "cnnviz-say", "aria-live": "polite" });
  const math = element("div", { class: "cnnviz-math", "aria-label": "Equation of the cell" });
  const player = makePlayer((step) => goTo(step));
  const code = element("div", { class: "cnnviz-code" });
  const proof = element("p", { class: "cnnviz-proof", role: "status" });
  const beware = element("p", { class: "cnnviz-beware" });
  root.classList.add("cnnviz-stage");
  root.append(message, picture, say, math, player.node, proof, code, beware);

  let view = null, links = null, pointed = null, pinned = null, light = null, veil = null, framed = [];

  function show() {
    const { svg, scene } = host.get("view");
    if (!scene) return;
    player.stop();
    view = scene;
    links = makeLinks(view);
    picture.innerHTML = svg;
    light = picture.querySelector(".cnnviz-light");
    veil = picture.querySelector(".cnnviz-veil");
    showCode();
    // The picture and its words fit on one screen together.
    root.style.maxWidth = `min(1500px, max(600px, calc(66vh * ${view.size[0] / view.size[1]})))`;
    math.hidden = !Object.keys(view.equations).length;
    player.limit(view.steps.length || (view.walk ? size(links.grids.get(view.walk)) : 0));
    framed = view.grids.filter((grid) => grid.frames.length).map((grid) => ({
      frames: grid.frames,
      nodes: [...picture.querySelectorAll(`.texts[data-grid="${grid.name}"] > text`)],
      rest: null,
    }));
    beware.textContent = view.beware;
    pointed = null;
    readPin();
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

  const focus = () => pointed ?? pinned;

  function draw() {
    const at = focus();
    relight();
    drawVeil();
    drawFrame();
    const sentence = at ? links.sentence(...at) : (stepNow()?.say ?? view.say);
    if (say.textContent !== sentence) say.textContent = sentence;
    picture.querySelector("svg").setAttribute("aria-label", sentence);
    drawEquation(at ?? stepNow()?.of);
    player.show(host.get("step"));
  }

  const stepNow = () => view.steps[host.get("step")];

  // What stands in the cells after this step.
  function drawFrame() {
    const step = host.get("step");
    for (const grid of framed) {
      grid.rest ??= grid.nodes.map((node) => node.innerHTML);
      const frame = grid.frames[step];
      grid.nodes.forEach((node, cell) => {
        const inside = frame ? svgLabel(frame[cell]) : grid.rest[cell];
        if (node.innerHTML !== inside) node.innerHTML = inside;
      });
    }
  }

  function drawLight(at) {
    for (const [base, cell] of links.owners(...at)) drawBands(base, cell);
    for (const [name, cells] of links.lit(...at)) {
      const grid = links.grids.get(name);
      outline(light, `l-${grid.role}`, grid, cells);
    }
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
      const mirror = grid.down?.grid === view.walk && !grid.across;
      if (grid.role !== "written" || (grid.name !== view.walk && !mirror)) continue;
      const later = [...Array(size(grid)).keys()].filter((cell) => cell > step);
      if (later.length) path(veil, "veil", boxes(grid, later));
    }
  }

  function drawEquation(at) {
    math.replaceChildren();
    const equation = at && links.equation(...at);
    if (!equation) return;
    const { left, terms, counted } = equation;
    const symbols = element("div", { class: "line" }, term([left], false, ""));
    const shown = terms.length > MOST_TERMS ? terms.slice(0, MOST_TERMS - 2) : terms;
    shown.forEach((factors, n) => symbols.append(term(factors, false, n ? "+" : "=")));
    if (shown.length < terms.length) symbols.append(`+ … and ${terms.length - shown.length} more terms`);
    if (!terms.length) symbols.append(term([{ label: "0" }], false, "="));
    const { ledger } = view.equations[left.grid];
    if (ledger) symbols.append(ledgerLink(ledger, host.editable));
    math.append(symbols);
    if (counted && terms.length && shown === terms && left.number !== undefined) {
      const numbers = element("div", { class: "line numbers" });
      terms.forEach((factors, n) => numbers.append(term(factors, true, n ? "+" : "=")));
      numbers.append(term([{ ...left }], true, "="));
      math.append(numbers);
    }
  }

  // One term: its sign and its factors, linked to the cells they come from.
  function term(factors, asNumbers, sign) {
    const maths = tag("math");
    if (sign) maths.append(operator(sign));
    factors.forEach((factor, n) => {
      if (n && asNumbers) maths.append(operator("·"));
      const negative = asNumbers && factor.number?.startsWith("−") && (n || sign === "+");
      maths.append(asNumbers ? tag("mn", negative ? `(${factor.number})` : factor.number) : mathLabel(factor.label));
    });
    const node = element("span", { class: "term" }, maths);
    node.addEventListener("pointerenter", () => emphasise(factors));
    node.addEventListener("pointerleave", () => relight());
    return node;
  }

  // Pointing at a term lights its cells alone; the equation itself must not be redrawn meanwhile.
  function emphasise(factors) {
    light.replaceChildren();
    for (const { grid, cell } of factors) {
      if (grid) outline(light, `l-${links.grids.get(grid).role}`, links.grids.get(grid), [cell]);
    }
  }

  function relight() {
    light.replaceChildren();
    if (focus()) { drawLight(focus()); return; }
    for (const [name, cells] of Object.entries(stepNow()?.around ?? {})) {
      path(light, "band", boxes(links.grids.get(name), cells));
    }
    for (const [name, cells] of Object.entries(stepNow()?.lit ?? {})) {
      const grid = links.grids.get(name);
      outline(light, `l-${grid.role}`, grid, cells);
    }
  }

  function showCode() {
    code.replaceChildren();
    if (!view.code) return;
    const copy = element("button", { type: "button", "aria-label": "Copy the PyTorch call" }, "Copy");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(view.code);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    });
    code.append(element("span", {}, "PyTorch"), element("code", {}, view.code), copy);
  }

  function goTo(step) {
    pointed = null;
    tell({ step, pinned: step < 0 || view.steps.length ? [] : [view.walk, step] });
  }

  // ------------------------------------------------------------ pointer and keys

  function under(event) {
    const svg = picture.querySelector("svg");
    const box = svg.getBoundingClientRect();
    const px = ((event.clientX - box.left) * view.size[0]) / box.width;
    const py = ((event.clientY - box.top) * view.size[1]) / box.height;
    for (const grid of links.grids.values()) {
      const cell = cellAt(grid, px, py);
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
    const scale = picture.querySelector("svg").getBoundingClientRect().width / view.size[0];
    const [x, y] = corner(grid, at[1]);
    const input = element("input", {
      class: "cnnviz-edit", type: "text", inputmode: "decimal", value: grid.numbers[at[1]],
      "aria-label": `New number for ${spoken(grid.symbols[at[1]])}`, "data-lm-suppress-shortcuts": "true",
    });
    const wide = Math.max(52, grid.place[2] * scale);
    Object.assign(input.style, {
      left: `${x * scale + (grid.place[2] * scale - wide) / 2}px`, top: `${y * scale}px`,
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

  // ------------------------------------------------------------ listening to the host

  const listen = [
    ["view", show],
    ["pinned", () => { if (view && !telling) readPin(); }],
    ["step", () => { if (view && !telling) draw(); }],
    ["message", () => { message.textContent = host.get("message"); }],
    ["proof", () => { proof.textContent = host.get("proof"); }],
  ];
  for (const [name, listener] of listen) host.on(name, listener);
  message.textContent = host.get("message") ?? "";
  proof.textContent = host.get("proof") ?? "";
  show();
  return () => {
    player.stop();
    clearTimeout(waiting);
    for (const [name, listener] of listen) host.off?.(name, listener);
  };
}

// First, back, play, forward, and a scale to scrub along. Step -1 is the picture at rest.
function makePlayer(go) {
  let step = -1, count = 0, timer = null;
  const button = (text, hint, action) => {
    const node = element("button", { type: "button", title: hint }, text);
    node.addEventListener("click", action);
    return node;
  };
  const scale = element("input", {
    type: "range", min: "0", max: "0", value: "0", "aria-label": "Step", "data-lm-suppress-shortcuts": "true",
  });
  const reading = element("output", {});
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
  const by = (delta) => { stop(); go(Math.min(count - 1, Math.max(-1, step + delta))); };
  const play = button("Play", "Play or pause the steps", () => {
    if (timer) { stop(); return; }
    play.textContent = "Pause";
    if (step >= count - 1) go(-1);
    const beat = () => {
      go(step + 1);
      if (step >= count - 1) stop();
    };
    timer = setInterval(beat, Math.max(150, Math.min(900, FILM / count)));
    beat();
  });
  scale.addEventListener("input", () => { stop(); go(Number(scale.value) - 1); });
  const node = element("div", { class: "cnnviz-player", role: "group", "aria-label": "Steps" },
    button("Start", "Back to the start", () => { stop(); go(-1); }), button("Back", "Step back", () => by(-1)),
    button("Next", "Step forward", () => by(1)), play, scale, reading);
  return {
    node,
    stop,
    limit(n) {
      count = n;
      scale.max = String(n);
      node.hidden = n === 0;
    },
    show(now) {
      step = Math.min(now ?? -1, count - 1);
      scale.value = String(step + 1);
      scale.setAttribute("aria-valuetext", step < 0 ? "at rest" : `step ${step + 1} of ${count}`);
      reading.textContent = step < 0 ? `${count} step${count === 1 ? "" : "s"}` : `step ${step + 1} of ${count}`;
    },
  };
}

export default {
  render({ model, el }) {
    const host = {
      editable: true,
      get: (name) => model.get(name),
      set: (state) => { model.set(state); model.save_changes(); },
      on: (name, listener) => model.on(`change:${name}`, listener),
      off: (name, listener) => model.off(`change:${name}`, listener),
    };
    return mount(el, host);
  },
};
