// Labels as words, as SVG and as mathematics.

const MATHML = "http://www.w3.org/1998/Math/MathML";

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
  if (!name) return `<tspan class="i" dy="0.22em">${sub}</tspan>`;
  const raised = sup ? `<tspan class="s" dy="-0.5em">${sup}</tspan>` : "";
  return `<tspan class="v">${name}</tspan>${raised}<tspan class="s" dy="${sup ? 0.85 : 0.35}em">${sub}</tspan>`;
}

// The same over several lines, as in svg.py.
const LEADING = 1.35;

function svgLines(text, x) {
  if (!text.includes("\n")) return svgLabel(text);
  const lines = text.split("\n"), up = -LEADING * (lines.length - 1) / 2;
  return lines.map((line, n) => `<tspan x="${x}" dy="${n ? LEADING : up}em">${svgLabel(line)}</tspan>`).join("");
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
