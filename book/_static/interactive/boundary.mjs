// Chapter 1: the border between two classes while a network learns it.

class Boundary extends Figure {
  label = "Circles and crosses in the plane, and the border that the network draws between them.";

  setup() {
    const { networks, epochs } = this.data;
    this.network = this.choice("hidden units", networks.map((network) => [network, network.units]), this.data.at[0]);
    this.epoch = this.slider("epoch", epochs, this.data.at[1]);
    this.player(this.epoch, 220);
  }

  get frame() {
    return this.network.value.frames[this.epoch.at];
  }

  words() {
    const { wrong, error } = this.frame, { bayes, X } = this.data, units = this.network.value.units;
    return (
      `${units === 1 ? "1 hidden unit" : `${units || "no"} hidden units`}, epoch ${this.epoch.value}: ` +
      `${wrong} of ${X.length} points wrong, true error rate ${error.toFixed(1)} % (Bayes error ${bayes.toFixed(1)} %).`
    );
  }

  /** The sum of the output unit, which is 0 on the border; with tanh in the hidden units, if there are any. */
  sum([x1, x2]) {
    const { w } = this.frame, M = this.network.value.units;
    if (!M) return w[0] + w[1] * x1 + w[2] * x2;
    let a = w[3 * M];
    for (let j = 0; j < M; j++) a += w[3 * M + 1 + j] * Math.tanh(w[3 * j] + w[3 * j + 1] * x1 + w[3 * j + 2] * x2);
    return a;
  }

  height(width) {
    return this.size(width) * (6.1 / 5.6) + 132;
  }

  size(width) {
    return Math.min(width - 44, 400);
  }

  draw(c, width) {
    const { X, y, best, xlim, ylim } = this.data, side = this.size(width);
    const left = 36 + (width - 44 - side) / 2;
    const plot = new Plot(c, { left, top: 24, width: side, height: (side * 6.1) / 5.6 }, xlim, ylim);
    const F = plot.grid((x) => this.sum(x), 70);
    for (const line of best) plot.line(line, GREEN, { width: 2, dash: [9, 3, 2, 3] });
    for (const line of this.lines()) plot.line(line, GREY, { width: 1, dash: [5, 4] });
    plot.contour(F, 0, ORANGE, 2.6);
    plot.inside(() => {
      for (const [i, [u, v]] of X.entries()) {
        const [shape, color] = y[i] ? ["circle", BLUE] : ["cross", PINK];
        plot.mark(u, v, shape, color, { size: y[i] ? 4 : 3.5, filled: false });
        if (this.sum([u, v]) > 0 !== Boolean(y[i])) plot.mark(u, v, "square", INK, { size: 6.5, filled: false });
      }
    });
    const ticks = (values) => values.map((v) => [v, say(v)]);
    plot.axes(ticks([-2, -1, 0, 1, 2]), ticks([-2, -1, 0, 1, 2, 3]), "X₁", "X₂");
    const y0 = plot.top + plot.height + 52, right = left + side / 2 + 4;
    const sign = (shape, color, size) => (x, v) => mark(c, x, v, shape, color, { size, filled: false });
    legend(c, left - 30, y0, [
      ["circles, y = 1", sign("circle", BLUE, 4)],
      ["crosses, y = 0", sign("cross", PINK, 3.5)],
      ["wrong", sign("square", INK, 6.5)],
    ]);
    legend(c, right, y0, [
      ["border", stroke(c, ORANGE, { width: 2.6 })],
      ["best border", stroke(c, GREEN, { width: 2, dash: [9, 3, 2, 3] })],
      ["zⱼ = 0", stroke(c, GREY, { width: 1, dash: [5, 4] })],
    ]);
  }

  /** For each hidden unit, the line on which it sends 0. */
  lines() {
    const { w } = this.frame, M = this.network.value.units, lines = [];
    for (let j = 0; j < M; j++) {
      const [b0, b1, b2] = w.slice(3 * j, 3 * j + 3), square = b1 * b1 + b2 * b2;
      if (square < 1e-9) continue;
      const foot = [(-b0 * b1) / square, (-b0 * b2) / square], far = 20 / Math.sqrt(square);
      lines.push([-far, far].map((t) => [foot[0] - b2 * t, foot[1] + b1 * t]));
    }
    return lines;
  }
}
customElements.get("boundary-figure") ?? customElements.define("boundary-figure", Boundary);
