// The size of a picture: as large as there is room for it and its panel together, in one window,
// without scrolling. The panel stands at its right or below it, whichever leaves it larger. The size
// follows from the window and the first picture alone, so that nothing that is done to it changes it.

const SMALLEST = 0.62, LARGEST = 1.9; // CSS pixels for a unit of the picture
const LARGER = 1.12; // a panel below reads worse than one beside: that much must be gained
const NARROW = 900; // in a narrower place a picture keeps its size and scrolls in itself
const EDGE = 4, GAP = 24, AROUND = 40; // pixels between picture and panel, and above and below both
const BRIEF = { wide: 14, worse: 1.06 }; // ems of a sentence alone, which reads nearly as well below
const PANEL = { share: 0.3, least: 316, most: 620, high: 26, low: 13.8, brief: 3.4 }; // pixels; heights in ems

function fitted(root, { bar, frame, picture, panel }, [wide, high], brief) {
  let before = "";
  const reads = brief ? BRIEF.worse : LARGER;

  function fit() {
    const width = root.clientWidth - 2 * EDGE;
    const around = root.closest(".cnnviz-slot, .jp-WindowedPanel-outer, .jp-Notebook");
    const room = (around?.clientHeight || window.innerHeight) - bar.offsetHeight - (brief ? EDGE : AROUND);
    if (!width || `${width} ${room}` === before) return;
    before = `${width} ${room}`;
    const em = parseFloat(getComputedStyle(root).fontSize);
    const side = brief ? BRIEF.wide * em : Math.min(PANEL.most, Math.max(PANEL.least, PANEL.share * width));
    const low = (brief ? PANEL.brief : PANEL.low) * em;
    const beside = Math.min((width - side - GAP) / wide, room / high);
    const below = Math.min(width / wide, (room - low) / high);
    const least = width < NARROW && !brief ? SMALLEST : 0;
    const stacked = below > reads * beside || beside < least;
    const scale = Math.min(LARGEST, Math.max(least, stacked ? below : beside));
    root.classList.toggle("stacked", stacked);
    root.classList.toggle("narrow", stacked && width < 620 && !brief);
    const size = (node, x, y) => Object.assign(node.style, { width: x && `${x}px`, height: y && `${y}px` });
    size(picture, Math.floor(scale * wide), Math.floor(scale * high));
    size(frame, Math.min(width, Math.floor(scale * wide)), "");
    size(panel, stacked ? width : Math.min(PANEL.most, width - GAP - scale * wide),
      stacked ? low : Math.max(scale * high, Math.min(room, PANEL.high * em)));
  }

  const observer = new ResizeObserver(fit);
  observer.observe(root);
  window.addEventListener("resize", fit);
  fit();
  return {
    close() {
      observer.disconnect();
      window.removeEventListener("resize", fit);
    },
  };
}
