// Elements, and the cells of a grid on the screen: the same geometry as in grid.py.

const SVG = "http://www.w3.org/2000/svg";
const LEVELS = 8, AT_ZERO = "i".charCodeAt(0); // as in scale.py

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Python's side of a widget: get(name), set({name: value}), on(name, listener), send(message, buffers).
const hostOf = (model) => ({
  editable: true,
  get: (name) => model.get(name),
  set: (state) => { model.set(state); model.save_changes(); },
  on: (name, listener) => model.on(`change:${name}`, listener),
  off: (name, listener) => model.off(`change:${name}`, listener),
  send: (message, buffers) => model.send(message, undefined, buffers),
});

// Hear what changes on the host's side, by its names; returns how to stop it. A saved page never does.
function listening(host, listeners) {
  for (const name in listeners) host.on(name, listeners[name]);
  return () => { for (const name in listeners) host.off?.(name, listeners[name]); };
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
  const node = path(group, className, outlined(grid, [...cells]));
  const thin = Math.min(grid.place[2], grid.place[3]) / 3;
  if (thin < 3.5) node.style.strokeWidth = Math.max(thin, 0.7);
  if (thin < 1) node.style.fillOpacity = 0.9;
}

function corner(grid, cell) {
  if (grid.corners) return grid.corners[cell];
  const [, tileColumns, rows, columns] = grid.shape;
  const [x, y, width, height, gap] = grid.place;
  const tile = Math.floor(cell / (rows * columns)), inside = cell % (rows * columns);
  return [
    x + (tile % tileColumns) * (columns * width + gap) + (inside % columns) * width,
    y + Math.floor(tile / tileColumns) * (rows * height + gap) + Math.floor(inside / columns) * height,
  ];
}

// As in marks.py: the outline of each cell, or, where all of them are lit, of each map.
function outlined(grid, cells) {
  const [tileRows, tileColumns, rows, columns] = grid.shape;
  if (grid.corners || cells.length < tileRows * tileColumns * rows * columns) return boxes(grid, cells);
  const wide = columns * grid.place[2], high = rows * grid.place[3];
  return [...Array(tileRows * tileColumns).keys()].map((tile) => {
    const [x, y] = corner(grid, tile * rows * columns);
    return `M${x} ${y}h${wide}v${high}h${-wide}z`;
  }).join("");
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
  if (grid.corners) {
    return grid.corners.findIndex(([left, top]) => px >= left && px < left + width && py >= top && py < top + height);
  }
  const across = px - x, down = py - y;
  if (across < 0 || down < 0) return -1;
  const tileColumn = Math.floor(across / (columns * width + gap)), tileRow = Math.floor(down / (rows * height + gap));
  const column = Math.floor((across - tileColumn * (columns * width + gap)) / width);
  const row = Math.floor((down - tileRow * (rows * height + gap)) / height);
  if (tileColumn >= tileColumns || tileRow >= tileRows || column >= columns || row >= rows) return -1;
  return ((tileRow * tileColumns + tileColumn) * rows + row) * columns + column;
}

// How a level looks, as in fills.py; and the colours of a grid's cells from a letter for each.
const levelOf = (letter) => letter.charCodeAt(0) - AT_ZERO;
const signOf = (level) => (level > 0 ? "plus" : "minus");

function fills(grid, letters) {
  const groups = new Map();
  [...letters].forEach((letter, cell) => {
    const level = levelOf(letter);
    if (level) groups.set(level, [...(groups.get(level) ?? []), cell]);
  });
  return [...groups].map(([level, cells]) =>
    `<path class="${signOf(level)}" fill-opacity="${Math.abs(level) / LEVELS}" d="${boxes(grid, cells)}"/>`).join("");
}

// What has to be scrolled must be reached by keyboard too; anything else is no stop for the Tab key.
function reachable(node) {
  if (node.scrollHeight > node.clientHeight + 1) node.tabIndex = 0;
  else node.removeAttribute("tabindex");
}
