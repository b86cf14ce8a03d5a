"""An exercise cannot be passed by calling a library for what is asked; what is given may be used."""

import functools

import numpy as np
import pytest

from grading import engine
from grading.student import borrowed

GIVEN = "import numpy as np\nfrom nnlib import checks\nfrom nnlib.data import higham_points\n"


def function(source, name="f"):
    namespace = {"__name__": "__main__"}
    exec(GIVEN + source, namespace)
    return namespace[name]


CALLS = {
    "a name": "from nnlib.activations import softmax\ndef f(a): return softmax(a)",
    "the name itself": "from nnlib.activations import softmax as f",
    "a module": "import nnlib\ndef f(a): return nnlib.activations.softmax(a)",
    "an import inside": "def f(a):\n    from nnlib.activations import softmax\n    return softmax(a)",
    "a helper": "import nnlib\ndef g(a): return nnlib.activations.softmax(a)\ndef f(a): return g(a)",
    "a closure": "from nnlib.activations import softmax\ndef make(s):\n    return lambda a: s(a)\nf = make(softmax)",
    "a default": "from nnlib.activations import softmax\ndef f(a, s=softmax): return s(a)",
    "a computed name": "import importlib\ndef f(a):\n    return importlib.import_module("
    "'nnlib.acti' + 'vations').softmax(a)",
    "an object": "import nnlib\nnet = nnlib.mlp([2, 2])\ndef f(a): return net.predict(a)",
    "a comprehension": "import nnlib\ndef f(a): return np.array([nnlib.activations.softmax(row) for row in a])",
    "behind try": "import importlib\ndef f(a):\n    try:\n        return importlib.import_module('nnlib').activations."
    "softmax(a)\n    except Exception:\n        return a",
    "another library": "from sklearn.utils.extmath import softmax\ndef f(a): return softmax(a)",
    "a compiled function": "from scipy.special import expit\ndef f(a): return expit(a)",
    "torch": "def f(a):\n    import torch\n    return torch.softmax(torch.tensor(a), 1).numpy()",
}


@pytest.mark.parametrize("source", CALLS.values(), ids=CALLS)
def test_a_call_of_a_library_is_refused_by_name(source):
    call = engine.caller({"f": function(source)})
    with pytest.raises(borrowed.Borrowed, match=r"^(nnlib|sklearn|torch|the compiled expit)"):
        call("f", (np.zeros((2, 2)),), {})


OWN = {
    "numpy": "def f(a): return np.exp(a)",
    "the data": "import nnlib.data\ndef f(a): return nnlib.data.higham_points()[0]",
    "data by name": "def f(a): return higham_points()[0]",
    "data inside": "def f(a):\n    from nnlib import data\n    return data.mnist().X_test[:1]",
    "a visible check": "def f(a):\n    checks.shape(a, (2, 2), 'a')\n    return a",
    "recursion": "def f(a, n=3): return a if n == 0 else f(a, n - 1)",
    "the standard library": "import math, itertools\ndef f(a): return a * math.pi",
    "a vectorized function": "g = np.frompyfunc(lambda x: x + 1, 1, 1)\ndef f(a): return g(a).astype(float)",
    "a word": "torch = 3\ndef f(a): return a * torch",
}


@pytest.mark.parametrize("source", OWN.values(), ids=OWN)
def test_what_is_given_may_be_used(source):
    assert np.asarray(engine.caller({"f": function(source)})("f", (np.zeros((2, 2)),), {})).size


def test_partials_methods_and_classes_are_looked_into():
    import nnlib

    assert borrowed.found(functools.partial(nnlib.activations.softmax, axis=1))
    assert borrowed.found(nnlib.mlp([2, 2]).predict)
    assert borrowed.found(nnlib.Network)
    assert not borrowed.found(np.exp)
    assert not borrowed.found(functools.partial(np.exp, dtype=float))


def test_the_students_trace_is_put_back():
    import sys

    seen = sys.gettrace()
    with borrowed.watched(np.exp):
        assert sys.gettrace() is not seen
    assert sys.gettrace() is seen
