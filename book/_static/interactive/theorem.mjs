// Chapter 6: both sides of Theorem 1. All numbers come from the page; nothing is computed here but where they are drawn.

class Theorem extends Figure {
  label = "Both sides of Theorem 1, on the one hand against the number of steps T, on the other against the learning rate α.";

  setup() {
    const { rates, steps, at } = this.data;
    const part = (i) => `${say(rates[i])} = limit · ${say(rates[i] / rates[rates.length - 1], 2)}`;
    this.rate = this.slider("learning rate α", [...rates.keys()], at[0], part);
    this.T = this.slider("steps T", [...steps.keys()], at[1], (i) => steps[i].toLocaleString("en"));
    this.player(this.T, 150);
  }

  words() {
    const { left, right, floor, rates, steps } = this.data, a = this.rate.value, t = this.T.value;
    const bound = right.map((row) => row[t]), truth = left.map((row) => row[t]);
    const lowest = (values) => say(rates[values.indexOf(Math.min(...values))]);
    return (
      `α = ${say(rates[a])}, T = ${steps[t].toLocaleString("en")}: left side ${say(left[a][t])}, right side ` +
      `${say(right[a][t])} = floor ${say(floor[a])} + start ${say(right[a][t] - floor[a])}. ` +
      `For this T the right side is lowest at α = ${lowest(bound)}, the left side at α = ${lowest(truth)}.`
    );
  }

  beside(width) {
    return width >= 560;
  }

  height(width) {
    return this.beside(width) ? 350 : 700;
  }

  draw(c, width) {
    const { left, right, floor, rates, steps } = this.data, a = this.rate.value, t = this.T.value;
    const beside = this.beside(width), w = beside ? (width - 124) / 2 : width - 64, h = 230;
    const ylim = [0.01, 500], last = rates.length - 1;
    const yticks = [[0.01, "0.01"], [0.1, "0.1"], [1, "1"], [10, "10"], [100, "100"]];
    const panels = [
      [{ left: 46, top: 30, width: w, height: h }, steps, left[a], right[a], floor[a] && steps.map(() => floor[a]), t],
      [
        beside ? { left: w + 110, top: 30, width: w, height: h } : { left: 46, top: 330, width: w, height: h },
        rates, left.map((row) => row[t]), right.map((row) => row[t]), floor, a,
      ],
    ];
    for (const [i, [box, x, truth, bound, level, at]] of panels.entries()) {
      const plot = new Plot(c, box, [x[0], x[x.length - 1]], ylim, { log: ["x", "y"] });
      const line = (values, color, style) => plot.line(x.map((v, k) => [v, values[k]]), color, style);
      line(bound.map((v, k) => v - level[k]), GREY, { width: 1.2, dash: [9, 3, 2, 3] });
      line(level, GREEN, { width: 1.2, dash: [2, 3] });
      line(truth, BLUE);
      line(bound, ORANGE, { dash: [7, 4] });
      plot.mark(x[at], truth[at], "circle", BLUE);
      plot.mark(x[at], bound[at], "square", ORANGE, { filled: false });
      if (i) {
        const low = bound.indexOf(Math.min(...bound));
        plot.mark(x[low], bound[low], "star", ORANGE, { size: 9 });
        plot.axes([[0.003, "0.003"], [0.03, "0.03"], [0.3, "0.3"]], yticks, "α", `T = ${steps[t].toLocaleString("en")}`);
      } else {
        plot.axes([[1, "1"], [10, "10"], [100, "100"], [1000, "1,000"]], yticks, "T", `α = ${say(rates[a])}`);
      }
    }
    const y = (beside ? 30 : 330) + h + 58;
    legend(c, 16, y, [
      ["left side", stroke(c, BLUE, { shape: "circle" })],
      ["right side", stroke(c, ORANGE, { dash: [7, 4], shape: "square", filled: false })],
    ]);
    legend(c, beside ? width / 2 : 16, beside ? y : y + 38, [
      ["its floor α L M", stroke(c, GREEN, { width: 1.2, dash: [2, 3] })],
      ["what is left of the start", stroke(c, GREY, { width: 1.2, dash: [9, 3, 2, 3] })],
    ]);
  }
}
customElements.get("theorem-figure") ?? customElements.define("theorem-figure", Theorem);
