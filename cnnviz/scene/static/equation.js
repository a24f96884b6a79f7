// The equation of a cell: its sum, and its result in a row that is always in sight.

const MOST_TERMS = 27; // nobody reads a longer sum; a 3×3 kernel over three channels still fits

// The record of the ledger where a document prints this equation; a saved page has no ledger.
function ledgerLink(id, hasLedger) {
  if (!hasLedger) return element("span", { class: "ledger" }, id);
  return element("a", {
    class: "ledger", href: "11_documents_checked.ipynb", target: "_blank", rel: "noopener",
    title: "Where a document prints this equation: open the ledger",
  }, id);
}

function makeEquation({ emphasise, relight }) {
  const sum = element("div", { class: "cnnviz-sum" });
  const result = element("div", { class: "cnnviz-result" });
  const end = element("div", { class: "cnnviz-end" }, result);
  const node = element("div", { class: "cnnviz-math", role: "group", "aria-label": "Equation of the cell" }, sum, end);

  function show(equation, { grids, ledger, hasLedger, asNumbers, reads }) {
    sum.replaceChildren();
    result.replaceChildren();
    end.replaceChildren(result);
    if (!equation) return;
    const { left, terms, counted } = equation;
    const numbers = counted && left.number !== undefined && terms.every((term) => term.every((f) => f.number !== undefined));
    const shown = terms.length > MOST_TERMS ? terms.slice(0, MOST_TERMS - 2) : terms;
    sum.append(term([left], false, ""));
    const now = shown.map((factors) => reads(factors));
    const one = now.includes(true) && now.includes(false); // only some of them are this step's
    shown.forEach((factors, n) => {
      const made = term(factors, asNumbers && numbers, n ? "+" : "=", grids);
      if (one && now[n]) made.classList.add("now");
      sum.append(made);
    });
    if (shown.length < terms.length) sum.append(`+ … and ${terms.length - shown.length} more terms`);
    if (!terms.length) sum.append(term([{ label: "0" }], false, "="));
    if (numbers && terms.length) result.append(term([left], true, "=", grids));
    if (ledger) end.append(ledgerLink(ledger, hasLedger));
  }

  // One term: its sign and its factors, each linked to the cell it comes from and in its colour.
  function term(factors, asNumbers, sign, grids) {
    const node = element("span", { class: "term" });
    if (sign) node.append(math(operator(sign)));
    factors.forEach((factor, n) => {
      if (n) node.append(math(operator("·")));
      const negative = asNumbers && factor.number?.startsWith("−") && (n || sign === "+");
      const shown = asNumbers ? tag("mn", negative ? `(${factor.number})` : factor.number) : mathLabel(factor.label);
      const chip = element("span", { class: "chip" }, math(shown));
      const { levels, numberLevels = levels } = grids?.get(factor.grid) ?? {};
      const level = asNumbers ? levelOf(numberLevels?.[factor.cell] ?? "i") : 0;
      if (level) {
        chip.classList.add(signOf(level));
        chip.style.setProperty("--cover", `${(100 * Math.abs(level)) / LEVELS}%`);
      }
      node.append(chip);
    });
    node.addEventListener("pointerenter", () => emphasise(factors));
    node.addEventListener("pointerleave", relight);
    return node;
  }

  return { node, show };
}

function math(...children) {
  return tag("math", ...children);
}
