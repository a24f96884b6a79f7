// ipywidgets sliders have no accessible name; their visible label gives them one. Sliders are laid out
// in their own time, so look again for a while. A line that is to be spoken is told so here too.

function nameSliders(explorer) {
  for (const slider of explorer.querySelectorAll(".widget-slider")) {
    const words = slider.querySelector(".widget-label")?.textContent;
    slider.querySelector('[role="slider"]')?.setAttribute("aria-label", words);
    slider.querySelector(".widget-readout")?.setAttribute("aria-label", `${words}, as a number`);
  }
  for (const line of explorer.querySelectorAll(".cnnviz-spoken .widget-html-content")) {
    line.setAttribute("role", "status");
  }
}

export default {
  render({ el }) {
    let looks = 0;
    const timer = setInterval(() => {
      const explorer = el.closest(".cnnviz-explorer");
      if (explorer) nameSliders(explorer);
      looks += 1;
      if (looks > 12) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  },
};
