// Chapter 10: a filter that moves over an image. The maps come from the page, where nnlib computes them; the products
// are made here, and a test compares their sums with the maps.

class Filter extends Figure {
  label = "An image with a window, the window's pixels times the weights of the filter, and the feature map so far.";

  setup() {
    const { filters, strides, paddings, at } = this.data;
    const named = (values) => values.map((value, i) => [i, value]);
    this.filter = this.choice("filter", named(filters.map((filter) => filter.name)), at[0]);
    this.stride = this.choice("stride", named(strides), at[1]);
    this.padding = this.choice("padding", named(paddings), at[2]);
    this.place = this.slider("unit", [0], 0, (i) => `${i + 1} of ${this.place ? this.place.last + 1 : 1}`);
    this.changed();
    this.place.set(at[3]);
    this.player(this.place, 250);
    this.place.input.addEventListener("keydown", (event) => {
      const rows = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!rows) return;
      event.preventDefault(); // a slider knows one direction, an image two
      this.go(this.unit[0] + rows, this.unit[1]);
    });
    this.canvas.addEventListener("click", (event) => this.point(event.offsetX, event.offsetY));
  }

  /** The map has another size: so many units. */
  changed() {
    this.place.resize([...Array(this.map.length ** 2).keys()]);
  }

  get map() {
    return this.data.maps[this.filter.value][this.stride.value][this.padding.value];
  }

  /** Row and column of the unit, and of its window in the padded image. */
  get unit() {
    const size = this.map.length;
    return [Math.floor(this.place.at / size), this.place.at % size];
  }

  get window() {
    return this.unit.map((i) => i * this.data.strides[this.stride.value]);
  }

  pixel(r, c) {
    const P = this.data.paddings[this.padding.value];
    return this.data.image[r - P]?.[c - P] ?? 0;
  }

  /** The window's pixels, the weights and their products, row by row. */
  products() {
    const [r, c] = this.window, { weights } = this.data.filters[this.filter.value];
    const pixels = weights.map((row, i) => row.map((_, j) => this.pixel(r + i, c + j)));
    return { pixels, weights, products: weights.map((row, i) => row.map((b, j) => b * pixels[i][j])) };
  }

  words() {
    const [r, c] = this.unit, size = this.map.length, terms = this.products().products.flat();
    const sum = terms.map((v, i) => (i ? (v < 0 ? " − " : " + ") : v < 0 ? "−" : "") + Math.abs(v)).join("");
    return (
      `Unit (${r}, ${c}) of a map of ${size} × ${size}: the products are ${sum} = ` +
      `${say(terms.reduce((a, b) => a + b))}. Filter: ${this.data.filters[this.filter.value].name}, ` +
      `stride ${this.data.strides[this.stride.value]}, padding ${this.data.paddings[this.padding.value]}.`
    );
  }

  go(r, c) {
    const last = this.map.length - 1, inside = (i) => Math.min(Math.max(i, 0), last);
    this.stop();
    this.place.set(inside(r) * (last + 1) + inside(c));
    this.update();
  }

  /** Somebody points at the image or at the map. */
  point(x, y) {
    const { cell, image, map } = this.layout(this.clientWidth), s = this.data.strides[this.stride.value];
    const k = this.data.filters[0].weights.length, at = ([left, top]) => [(y - top) / cell, (x - left) / cell];
    const [r, c] = at(map).map(Math.floor);
    if (c >= 0) this.go(r, c);
    else this.go(...at(image).map((i) => Math.round((i - k / 2) / s)));
  }

  height(width) {
    const { cell, small } = this.layout(width);
    return 24 + 18 * cell + 40 + 3 * small + 26;
  }

  layout(width) {
    const cell = Math.floor(Math.min((width - 6) / 36, 16) * 2) / 2, left = (width - 36 * cell) / 2;
    return { cell, image: [left, 24], map: [left + 20 * cell, 24], small: Math.min(30, (width - 60) / 11) };
  }

  draw(c, width) {
    const { cell, image, map, small } = this.layout(width), values = this.map, size = values.length;
    const P = this.data.paddings[this.padding.value], side = this.data.image.length + 2 * P;
    const [wr, wc] = this.window, [ur, uc] = this.unit, { pixels, weights, products } = this.products();
    const k = weights.length;
    const box = ([x, y], row, column, rows, color, line) => {
      c.strokeStyle = color;
      c.lineWidth = line;
      c.strokeRect(x + column * cell, y + row * cell, rows * cell, rows * cell);
    };
    const text = (words, x, y, { align = "center", font = 13 } = {}) => {
      c.font = `${font}px sans-serif`;
      c.textAlign = align;
      c.textBaseline = "middle";
      c.fillStyle = INK;
      c.fillText(words, x, y);
    };
    text(`image ${side} × ${side}`, image[0], 12, { align: "left" });
    text(`map ${size} × ${size}`, map[0], 12, { align: "left" });
    for (let r = 0; r < side; r++) {
      for (let j = 0; j < side; j++) {
        c.fillStyle = `rgba(0, 0, 0, ${(this.pixel(r, j) / 9) * 0.8})`;
        c.fillRect(image[0] + j * cell, image[1] + r * cell, cell, cell);
        box(image, r, j, 1, "#cccccc", 0.5);
      }
    }
    if (P) box(image, P, P, side - 2 * P, GREY, 1);
    box(image, wr, wc, k, BLUE, 3);

    const largest = Math.max(...values.flat().map(Math.abs), 1);
    for (let r = 0; r < size; r++) {
      for (let j = 0; j < size; j++) {
        box(map, r, j, 1, "#cccccc", 0.5);
        if (r * size + j > this.place.at) continue;
        const v = values[r][j], half = (Math.sqrt(Math.abs(v) / largest) * (cell - 2)) / 2;
        const place = [map[0] + (j + 0.5) * cell, map[1] + (r + 0.5) * cell];
        if (v) mark(c, ...place, "square", v > 0 ? BLUE : ORANGE, { size: half, filled: v > 0 });
      }
    }
    box(map, ur, uc, 1, INK, 2);

    const top = 24 + 18 * cell + 36, gap = small * 0.8, start = (width - 9 * small - 2 * gap) / 2;
    for (const [i, [name, matrix, sign]] of [["window", pixels, "×"], ["filter", weights, "="], ["products", products, ""]].entries()) {
      const x = start + i * (3 * small + gap);
      text(name, x + 1.5 * small, top - 12);
      text(sign, x + 3 * small + gap / 2, top + 1.5 * small, { font: 17 });
      for (const [r, row] of matrix.entries()) {
        for (const [j, v] of row.entries()) {
          c.strokeStyle = i === 0 ? BLUE : GREY;
          c.lineWidth = 1;
          c.strokeRect(x + j * small, top + r * small, small, small);
          text(say(v), x + (j + 0.5) * small, top + (r + 0.5) * small);
        }
      }
    }
    const sum = products.flat().reduce((a, b) => a + b);
    text(`sum of the products: ${say(sum)}`, start + 9 * small + 2 * gap, top + 3 * small + 16, { align: "right" });
  }
}
customElements.get("filter-figure") ?? customElements.define("filter-figure", Filter);
