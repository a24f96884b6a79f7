// A card of HTML. A link with data-record asks for that record; the card that answers is read from its top.

export default {
  render({ model, el }) {
    const host = hostOf(model);
    const card = element("div", { class: "cnnviz-page", tabindex: "-1" });
    el.append(card);

    function fill() {
      const followed = card.contains(document.activeElement);
      card.innerHTML = host.get("html");
      // Enter follows a link; JupyterLab would take the key.
      card.querySelectorAll("a").forEach((link) => link.setAttribute("data-lm-suppress-shortcuts", "true"));
      el.scrollTop = 0;
      if (followed) card.focus();
    }

    card.addEventListener("click", (event) => {
      const link = event.target.closest("[data-record]");
      if (!link) return;
      event.preventDefault();
      host.send({ open: link.dataset.record });
    });
    const stopListening = listening(host, { html: fill });
    fill();
    return stopListening;
  },
};
