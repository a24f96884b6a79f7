// The steps of a picture: one main button, back, play, and a scale to scrub along. Step -1 is at rest.

const FILM = 20_000; // ms that a film of many steps may take

function makePlayer(go) {
  let step = -1, count = 0, timer = null;
  const button = (text, hint, action, kind = "") => {
    const node = element("button", { type: "button", "aria-label": hint, class: kind }, text);
    node.addEventListener("click", action);
    return node;
  };
  const scale = element("input", {
    type: "range", min: "0", max: "0", value: "0", "aria-label": "Step", "data-lm-suppress-shortcuts": "true",
  });
  const reading = element("output", {});
  const stop = () => { clearInterval(timer); timer = null; label(play, "Play", "Play the steps"); };
  const by = (delta) => { stop(); go(Math.min(count - 1, Math.max(-1, step + delta))); };
  const back = button("‹", "Step back", () => by(-1));
  const next = button("Next", "Next step", () => (step >= count - 1 ? restart() : by(1)), "main");
  const play = button("Play", "Play the steps", () => {
    if (timer) { stop(); return; }
    label(play, "Pause", "Pause");
    if (step >= count - 1) go(-1);
    const beat = () => {
      go(step + 1);
      if (step >= count - 1) stop();
    };
    timer = setInterval(beat, Math.max(150, Math.min(900, FILM / count)));
    beat();
  });
  const restart = () => { stop(); go(0); };
  const label = (node, text, hint) => { node.textContent = text; node.setAttribute("aria-label", hint); };
  scale.addEventListener("input", () => { stop(); go(Number(scale.value) - 1); });
  const node = element("div", { class: "cnnviz-player", role: "group", "aria-label": "Steps" },
    back, next, play, scale, reading);
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
      const last = step >= count - 1;
      label(next, last ? "Again" : "Next", last ? "From the first step again" : "Next step");
      back.disabled = step < 0;
      scale.value = String(step + 1);
      scale.setAttribute("aria-valuetext", step < 0 ? "at rest" : `step ${step + 1} of ${count}`);
      reading.textContent = step < 0 ? `${count} step${count === 1 ? "" : "s"}` : `${step + 1} of ${count}`;
    },
  };
}
