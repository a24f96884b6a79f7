// Controls without a picture, a line below them, and what of it is spoken.

export default {
  render({ model, el }) {
    const host = hostOf(model);
    const controls = makeControls(host);
    const line = element("p", { class: "cnnviz-line", "aria-hidden": "true" }); // it would be read twice
    const spoken = element("p", { class: "cnnviz-unseen", role: "status" });
    el.classList.add("cnnviz-stage");
    el.append(controls.node, line, spoken);

    function say() {
      const words = host.get("line");
      line.textContent = host.get("wrong") ? `✕ ${words}` : words;
      line.classList.toggle("wrong", host.get("wrong"));
      line.hidden = !words;
    }
    const speak = () => { if (spoken.textContent !== host.get("spoken")) spoken.textContent = host.get("spoken"); };
    const stopListening = listening(host, { line: say, wrong: say, spoken: speak });
    say();
    speak();
    return () => {
      controls.close();
      stopListening();
    };
  },
};
