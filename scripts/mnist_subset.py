"""Draw the MNIST subset that ships with nnlib: python scripts/mnist_subset.py, with NNLIB_DATA naming the full set."""

from pathlib import Path

import numpy as np

from nnlib import data

arrays = data._full()
rng = np.random.default_rng(0)
subset = {}
for part, size in (("train", 6000), ("test", 1000)):
    rows = np.sort(rng.choice(len(arrays[f"y_{part}"]), size, replace=False))
    subset[f"X_{part}"], subset[f"y_{part}"] = arrays[f"X_{part}"][rows], arrays[f"y_{part}"][rows]

path = Path(data.__file__).with_name("mnist_subset.npz")
np.savez_compressed(path, **subset)
print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
