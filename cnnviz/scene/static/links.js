// The table of cells that belong together, read in any direction: the same lookups as in scene.py, so
// that pointing needs no kernel.

const NOWHERE = -1; // in the table: this meeting has no cell in that grid

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

  // The grid whose cells stand along an edge of a matrix; of any other grid its own name.
  function edgeOf(name) {
    const { down, across } = grids.get(name);
    return Boolean(down) === Boolean(across) ? name : (down ?? across).grid;
  }

  // What is lit for a cell, as in Scene.light_of: of a result the cell itself is written, and all that
  // belongs to it is read; of anything else the results that it goes into are written.
  function light(name, cell) {
    const made = grids.get(name).role === "written";
    const role = (other) => {
      const own = grids.get(other).role, same = edgeOf(other) === edgeOf(name);
      return made && own === "written" && !same ? "read" : own;
    };
    return [...lit(name, cell)].map(([other, cells]) => [role(other), other, cells])
      .sort(([one], [two]) => (one === "written") - (two === "written"));
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

  return { grids, light, edgeOf, owners, sentence, equation };
}
