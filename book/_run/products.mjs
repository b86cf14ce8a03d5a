// Products of matrices by OpenBLAS. Pyodide's NumPy is built without it, and multiplies with three plain loops: two to
// eight times slower. So the two loops of np.matmul, for float32 and float64, are exchanged for one that hands large
// products over and leaves small ones where they were. tests/site/test_run.py compares the values.

const LARGE = 8192;  // multiplications; for fewer, the call costs more than it saves
const [ROWS, PLAIN, TURNED] = [101, 111, 112];  // as cblas.h has them
const FUNCTIONS = 6;  // the place of the loops in a PyUFuncObject, in words of 32 bits

// How a matrix lies in memory, for BLAS: [turned?, words from one row to the next], or null if it cannot take it.
function lies(rows, columns, down, across, size) {
  for (const [how, m, n, far, near] of [[PLAIN, rows, columns, down, across], [TURNED, columns, rows, across, down]]) {
    const lead = m === 1 ? n : far / size;
    if ((near === size || n === 1) && Number.isInteger(lead) && lead >= n) return [how, lead];
  }
  return null;
}

export function fast(pyodide) {
  const { getWasmTableEntry, addFunction } = pyodide._module;
  const [ufunc, float, double, sgemm, dgemm] = pyodide.runPython(`
import ctypes, numpy
_blas = ctypes.CDLL("/usr/lib/libopenblas.so")
_kinds = [numpy.matmul.types.index(kind) for kind in ("ff->f", "dd->d")]
[id(numpy.matmul), *_kinds, *(ctypes.cast(f, ctypes.c_void_p).value for f in (_blas.cblas_sgemm, _blas.cblas_dgemm))]
`).toJs();
  const words = () => pyodide._module.HEAP32;  // anew each time: it moves when memory grows
  const functions = words()[ufunc / 4 + FUNCTIONS] / 4;
  for (const [place, size, blas] of [[float, 4, sgemm], [double, 8, dgemm]]) {
    const plain = getWasmTableEntry(words()[functions + place]), multiply = getWasmTableEntry(blas);
    words()[functions + place] = addFunction((args, dimensions, steps, data) => {
      const heap = words(), [a, d, s] = [args >> 2, dimensions >> 2, steps >> 2];
      const m = heap[d + 1], n = heap[d + 2], p = heap[d + 3];
      const A = m * n * p < LARGE ? null : lies(m, n, heap[s + 3], heap[s + 4], size);
      const B = A && lies(n, p, heap[s + 5], heap[s + 6], size);
      const C = B && lies(m, p, heap[s + 7], heap[s + 8], size);
      if (C?.[0] !== PLAIN) return plain(args, dimensions, steps, data);
      const [x, y, z] = [heap[a], heap[a + 1], heap[a + 2]], [dx, dy, dz] = [heap[s], heap[s + 1], heap[s + 2]];
      for (let i = 0, count = heap[d]; i < count; i++)
        multiply(ROWS, A[0], B[0], m, p, n, 1, x + i * dx, A[1], y + i * dy, B[1], 0, z + i * dz, C[1]);
    }, "viiii");
  }
}
