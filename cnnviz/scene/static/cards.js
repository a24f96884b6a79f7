// Cards that were in the picture before move to where they stand now: one sees that they are the same.
// For a reader who asks for less motion they stand there at once.

const FLIGHT = 250; // ms

function moveCards(picture, before, view) {
  if (!before || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const grid of view.grids) {
    const old = grid.corners && before.grids.find(({ name, corners }) => name === grid.name && corners);
    if (old && moved(picture, old, grid)) {
      // What is lit stands where the cards will be: it waits for them.
      picture.querySelector(".cnnviz-light").animate([{ opacity: 0 }, { opacity: 0, offset: 0.9 }, { opacity: 1 }], FLIGHT);
    }
  }
}

function moved(picture, old, grid) {
  const was = new Map(old.symbols.map((name, cell) => [name, corner(old, cell)]));
  let any = false;
  for (const kind of [".cards", ".texts"]) {
    [...picture.querySelector(`${kind}[data-grid="${grid.name}"]`).children].forEach((node, cell) => {
      const from = was.get(grid.symbols[cell]), [x, y] = corner(grid, cell);
      if (!from || (from[0] === x && from[1] === y)) return;
      any = true;
      node.animate([{ transform: `translate(${from[0] - x}px, ${from[1] - y}px)` }, { transform: "none" }],
        { duration: FLIGHT, easing: "ease-in-out" });
    });
  }
  return any;
}
