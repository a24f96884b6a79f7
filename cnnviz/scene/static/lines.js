// What is read line by line: what comes after the step is not there yet.

export default {
  render({ model, el }) {
    const host = hostOf(model);
    const head = element("div", { class: "cnnviz-head" });
    const list = element("div", { class: "cnnviz-list", role: "group", tabindex: "0", "aria-label": "Lines" });
    const spoken = element("p", { class: "cnnviz-unseen", role: "status" });
    const player = makePlayer((step) => host.set({ step }));
    const all = element("button", { type: "button" }, "Show all");
    all.addEventListener("click", () => { player.stop(); host.set({ step: lines.length - 1 }); });
    el.classList.add("cnnviz-stage", "cnnviz-lines");
    player.node.append(all);
    el.append(head, list, player.node, spoken);
    let lines = [], seen = -1;

    function fill() {
      head.innerHTML = host.get("head");
      list.innerHTML = host.get("html");
      lines = [...list.querySelectorAll(".step")];
      seen = -1;
      player.limit(lines.length);
      show();
    }

    function show() {
      const step = Math.min(host.get("step"), lines.length - 1);
      lines.forEach((line, n) => {
        line.hidden = n > step;
        line.classList.toggle("now", n === step);
      });
      player.show(step);
      all.disabled = step === lines.length - 1;
      const now = lines[step];
      // Only the list scrolls: the page must stay where it is.
      if (now && step > seen) list.scrollTop = now.offsetTop + now.offsetHeight - list.clientHeight;
      if (now && step !== seen && seen >= 0) spoken.textContent = now.querySelector(".reason").textContent;
      seen = step;
    }

    const stopListening = listening(host, { html: fill, step: show });
    fill();
    return () => {
      player.stop();
      stopListening();
    };
  },
};
