// Controls as native inputs: they bring names, states, keys and touch with them. The first ones are in
// sight, the rest stands under "more". A control is a record: {name, words, kind, value, ...}.

const IN_SIGHT = 4, LETTERS = 18; // of the names of those under "more"

function makeControls(host) {
  const bar = element("div", { class: "cnnviz-bar" });
  const inSight = element("div", { class: "cnnviz-insight" });
  const summary = element("summary", {}), rest = element("div", { class: "cnnviz-rest" });
  const more = element("details", { class: "cnnviz-more" }, summary, rest);
  bar.append(inSight, more);
  let drawn = new Map(), layout = "", moved = {}, sent = host.get("moved")?.count ?? 0;

  const move = (name, value) => {
    moved = { ...moved, [name]: value };
    sent += 1;
    host.set({ moved: { values: moved, count: sent } });
  };

  function show() {
    const controls = host.get("controls") ?? [];
    const wanted = JSON.stringify(controls.map(({ value, ...other }) => other));
    if (wanted !== layout) lay(controls, wanted);
    // Until Python has heard of every move its values are old, and a hand may be ahead of them. A move
    // that is forgotten before would be lost: only the last message of a busy time is sent.
    const settled = (host.get("heard") ?? 0) >= sent;
    if (settled) moved = {};
    for (const control of controls) {
      if (settled || control.kind === "action") drawn.get(control.name)?.show(control.value);
    }
  }

  function lay(controls, wanted) {
    const had = document.activeElement?.closest?.("[data-control]")?.dataset.control;
    layout = wanted;
    drawn = new Map(controls.map((control) => [control.name, KINDS[control.kind](control, move, host)]));
    let room = IN_SIGHT; // a button for what is to be done is always in sight
    const first = controls.filter((one) => !one.more && (one.kind === "action" || room-- > 0));
    const later = controls.filter((one) => !first.includes(one));
    const nodes = (of) => of.map((one) => drawn.get(one.name).node);
    inSight.replaceChildren(...nodes(first));
    rest.replaceChildren(...nodes(later));
    if (host.get("resettable")) rest.append(resetButton());
    summary.textContent = whatIsMore(later.filter((one) => !one.shared).map((one) => one.words || one.name));
    more.hidden = !rest.children.length;
    bar.hidden = more.hidden && !first.length;
    for (const control of controls) drawn.get(control.name).show(control.value);
    if (had) bar.querySelector(`[data-control="${had}"] :is(input, select)`)?.focus();
  }

  // As many names as there is room for, none of them cut off in the middle.
  function whatIsMore(names) {
    if (!names.length) return "more";
    let few = names.length;
    while (few > 1 && names.slice(0, few).join(", ").length > LETTERS) few -= 1;
    return `more: ${names.slice(0, few).join(", ")}${few < names.length ? ", …" : ""}`;
  }

  function resetButton() {
    const button = element("button", { type: "button", class: "cnnviz-reset" }, "first numbers");
    button.title = "Undo all typing into cells";
    button.addEventListener("click", () => host.set({ resets: (host.get("resets") ?? 0) + 1 }));
    return button;
  }

  more.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !more.open) return;
    more.open = false;
    summary.focus();
    event.stopPropagation();
  });
  const outside = (event) => { if (!more.contains(event.target)) more.open = false; };
  document.addEventListener("pointerdown", outside);
  const stopListening = listening(host, { controls: show, heard: show });
  show();
  return {
    node: bar,
    close() {
      document.removeEventListener("pointerdown", outside);
      stopListening();
    },
  };
}

const QUIET = { "data-lm-suppress-shortcuts": "true" }; // or JupyterLab takes the arrow keys

const KINDS = {
  slider({ name, words, low, high, step, digits }, move) {
    const input = element("input", { type: "range", min: low, max: high, step, "aria-label": words, ...QUIET });
    const reading = element("output", {});
    const read = () => {
      reading.textContent = digits === null ? input.value : Number(input.value).toFixed(digits);
      input.style.setProperty("--done", `${(100 * (input.value - low)) / (high - low || 1)}%`);
    };
    input.addEventListener("input", () => { read(); move(name, Number(input.value)); });
    const node = element("label", { class: "cnnviz-slider", "data-control": name },
      element("span", {}, words), input, reading);
    return { node, show(value) { input.value = value; read(); } };
  },

  // A number that grows by factors: the slider holds its exponent, and stops at two digits of it.
  log({ name, words, low, high }, move) {
    const power = (number) => Math.log10(number).toFixed(1);
    const input = element("input", { type: "range", min: power(low), max: power(high), step: 0.1, "aria-label": words, ...QUIET });
    const reading = element("output", {});
    const number = () => Number((10 ** input.value).toPrecision(2));
    const read = (value) => {
      reading.textContent = value;
      input.setAttribute("aria-valuetext", value);
    };
    input.addEventListener("input", () => { read(number()); move(name, number()); });
    const node = element("label", { class: "cnnviz-slider", "data-control": name },
      element("span", {}, words), input, reading);
    return { node, show(value) { input.value = power(value); read(value); } };
  },

  // A few words, all of them seen: native radio buttons, one stop for the Tab key.
  buttons({ name, words, options }, move) {
    const group = `cnnviz-${name}-${Math.random().toString(36).slice(2)}`;
    const inputs = options.map((_, n) => element("input", { type: "radio", name: group, value: n, ...QUIET }));
    inputs.forEach((input, n) => input.addEventListener("change", () => { if (input.checked) move(name, n); }));
    const node = element("fieldset", { class: "cnnviz-choice", "data-control": name },
      element("legend", {}, words || name.replaceAll("_", " ")),
      ...options.map((option, n) => element("label", {}, inputs[n], element("span", {}, option))));
    return { node, show(value) { inputs.forEach((input, n) => { input.checked = n === value; }); } };
  },

  // With rows all of them are seen as a list.
  dropdown({ name, words, options, rows }, move) {
    const select = element("select", { "aria-label": words || name.replaceAll("_", " "), ...(rows ? { size: rows } : {}), ...QUIET },
      ...options.map((option, n) => element("option", { value: n }, option)));
    select.addEventListener("change", () => move(name, Number(select.value)));
    const node = element("label", { class: rows ? "cnnviz-rows" : "cnnviz-dropdown", "data-control": name }, element("span", {}, words), select);
    return { node, show(value) { select.value = String(value); } };
  },

  tick({ name, words }, move) {
    const input = element("input", { type: "checkbox", ...QUIET });
    input.addEventListener("change", () => move(name, input.checked));
    const node = element("label", { class: "cnnviz-tick", "data-control": name }, input, element("span", {}, words));
    return { node, show(value) { input.checked = value; } };
  },

  // Something to be done. What a press does, what the button says and whether it can be pressed may change.
  action({ name, hint, main }, _move, host) {
    const button = element("button", { type: "button", title: hint, class: main ? "main" : "", "data-control": name });
    let does = "";
    button.addEventListener("click", () => host.send({ press: does }));
    return { node: button, show(value) { ({ does, words: button.textContent, disabled: button.disabled } = value); } };
  },

  // What is larger than Python will read is not sent: too long a message would cut the connection.
  file({ name, words, accept, most }, _move, host) {
    const input = element("input", { type: "file", accept });
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (!file) return;
      const content = file.size <= most ? await file.arrayBuffer() : new ArrayBuffer();
      host.send({ name: file.name, size: file.size }, [content]);
      input.value = ""; // so that the same file can be chosen again
    });
    const node = element("label", { class: "cnnviz-file", "data-control": name }, element("span", {}, words), input);
    return { node, show() {} };
  },
};
