// Chapter 3: gradient descent, mini-batches and SGD on a surface over two weights. The steps are made here, with the
// page's data and in its order of the observations; a test compares them with nnlib's.

class Descent extends Figure {
  label = "The path of the weights over lines of equal error, and the gap to the minimum against the price paid.";

  setup() {
    const { rates, sizes, X, prices, at } = this.data, n = X.length;
    const share = (rate) => `${say(rate)} = ${(rate / this.data.limit).toFixed(2)} · 2/L`;
    this.rate = this.slider("learning rate α", rates, at[0], share);
    this.batch = this.choice("batch |J|", sizes.map((m) => [m, m === n ? `${n} (all)` : m]), at[1]);
    this.price = this.slider("gradients", prices, at[2], (price) => price.toLocaleString("en"));
    this.player(this.price, 90);
  }

  /** w_1, w_2, ... : as many steps as `price` gradients of single observations allow. */
  path() {
    const { X, y, order, start } = this.data, m = this.batch.value, alpha = this.rate.value;
    const way = [start];
    for (let k = 0; (k + 1) * m <= this.price.value; k++) {
      const [w1, w2] = way[k];
      let g1 = 0, g2 = 0;
      for (const i of order.slice(k * m, (k + 1) * m)) {
        const delta = X[i][0] * w1 + X[i][1] * w2 - y[i];
        g1 += (delta * X[i][0]) / m;
        g2 += (delta * X[i][1]) / m;
      }
      way.push([w1 - alpha * g1, w2 - alpha * g2]);
    }
    return way;
  }

  F([w1, w2]) {
    const { X, y } = this.data;
    return X.reduce((sum, [x1, x2], i) => sum + (x1 * w1 + x2 * w2 - y[i]) ** 2 / 2, 0) / X.length;
  }

  gap(w) {
    return this.F(w) - this.data.F_star;
  }

  words() {
    const way = this.path(), k = way.length - 1, { xlim, ylim } = this.data;
    const out = way.findIndex(([u, v]) => !(u > xlim[0] && u < xlim[1] && v > ylim[0] && v < ylim[1]));
    return (
      `α = ${say(this.rate.value)}, |J| = ${this.batch.value}: after ${this.price.value.toLocaleString("en")} gradients, ` +
      `${k === 1 ? "1 step" : `${k.toLocaleString("en")} steps`}, F − F* = ${say(Math.max(this.gap(way[k]), 0), 2)}` +
      (out < 0 ? "." : `. The path left the picture in step ${out}.`)
    );
  }

  beside(width) {
    return width >= 560;
  }

  side(width) {
    return this.beside(width) ? Math.min((width - 100) * 0.56, 330) : Math.min(width - 46, 330);
  }

  height(width) {
    return this.side(width) + 76 + (this.beside(width) ? 0 : 250);
  }

  draw(c, width, height) {
    const { xlim, ylim, levels, w_star, F_star, prices, X } = this.data, side = this.side(width);
    const beside = this.beside(width), way = this.path(), m = this.batch.value, n = X.length;
    const plot = new Plot(c, { left: 38, top: 26, width: side, height: side }, xlim, ylim);
    this.surface ??= plot.grid((w) => this.gap(w), 60);
    for (const level of levels) plot.contour(this.surface, level, "#999999", 0.8);
    const [color, shape] = m === 1 ? [ORANGE, "circle"] : m === n ? [BLUE, "square"] : [GREEN, "circle"];
    const small = m === n ? 3 : way.length > 300 ? 1.2 : 2.2;
    plot.line(way, color, { width: 1 });
    plot.inside(() => {
      for (const [u, v] of way) if (Math.abs(u) + Math.abs(v) < 50) plot.mark(u, v, shape, color, { size: small });
      const [u, v] = way[way.length - 1];
      if (Math.abs(u) + Math.abs(v) < 50) plot.mark(u, v, shape, INK, { size: 6, filled: false });
      plot.mark(...w_star, "star", INK, { size: 9 });
    });
    const ticks = [-2, 0, 2].map((v) => [v, say(v)]);
    plot.axes(ticks, ticks, "w₁", "w₂");

    const box = beside
      ? { left: side + 110, top: 26, width: width - side - 124, height: side }
      : { left: 50, top: side + 96, width: width - 64, height: 190 };
    const gaps = new Plot(c, box, [1, prices[prices.length - 1]], [1e-6, 1e2], { log: ["x", "y"] });
    const curve = way.map((w, k) => [Math.max(k * m, 1), Math.min(Math.max(this.gap(w), 1e-9), 1e30)]);
    gaps.line(curve, color);
    const [at, gap] = curve[curve.length - 1];
    gaps.inside(() => gaps.mark(at, gap, shape, INK, { size: 5, filled: false }));
    gaps.axes(
      [[1, "1"], [10, "10"], [100, "100"], [1000, "1,000"]],
      [[1e-6, "10⁻⁶"], [1e-4, "10⁻⁴"], [1e-2, "0.01"], [1, "1"], [100, "100"]],
      "gradients", "F − F*",
    );
  }
}
customElements.get("descent-figure") ?? customElements.define("descent-figure", Descent);
