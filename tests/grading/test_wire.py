"""Values and calls between the checker and a student's process."""

import contextlib
import json
import socket
import struct
import threading
import time

import numpy as np
import pytest

from grading.wire import Closed, Late, Peer, WireError


class Both:
    """Two ends; the far one serves `functions` in a thread."""

    def __init__(self, functions, own=None):
        self.near, far = socket.socketpair()
        self.peer = Peer(self.near, (own or {}).__getitem__)
        self.far = Peer(far, functions.__getitem__)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(Closed):
            self.far.serve()

    def call(self, name, *args, **kwargs):
        self.peer.until = time.monotonic() + 10
        return self.peer.call(name, args, kwargs)


VALUES = [
    None,
    True,
    3,
    -(2**70),
    0.1,
    float("inf"),
    "text ✓",
    [1, [2.5, "a"]],
    (1, (2,)),
    {"a": 1, 2: [3]},
    np.arange(6.0).reshape(2, 3),
    np.arange(4, dtype=np.float32)[::2],
    np.zeros((0, 3)),
    np.array(True),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_goes_there_and_back_is_the_same(value):
    back = Both({"same": lambda x: x}).call("same", value)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(back, value)
    else:
        assert back == value


def test_keywords_exceptions_and_callbacks_cross():
    def apply(f, x, times=1):
        for _ in range(times):
            x = f(x)
        return x

    def fail():
        raise NotImplementedError("later\nand more")

    both = Both({"apply": apply, "fail": fail})
    assert both.call("apply", lambda x: 2 * x, 1.5, times=3) == 12.0
    with pytest.raises(NotImplementedError, match=r"^later$"):
        both.call("fail")
    with pytest.raises(KeyError):
        both.call("absent")
    assert both.call("apply", lambda x: x, "still there") == "still there"


def test_a_call_may_ask_back_by_name():
    both = Both({"twice": lambda x: both.far.call("double", (x,), {})}, own={"double": lambda x: 2 * x})
    assert both.call("twice", 21) == 42


def test_a_change_in_place_comes_back():
    def step(w, parts):
        w -= 1
        parts[0][:] = 7

    w, parts = np.array([3.0, np.nan]), [np.zeros(2), np.ones(2)]
    Both({"step": step}).call("step", w, parts)
    np.testing.assert_array_equal(w, [2.0, np.nan])
    np.testing.assert_array_equal(parts, [[7, 7], [1, 1]])


@pytest.mark.parametrize(
    "value",
    [object(), np.array([object()]), np.array(["text"]), {1, 2}, 1j],
    ids=["object", "objects", "texts", "set", "j"],
)
def test_other_values_do_not_cross(value):
    with pytest.raises(Exception, match="where numbers were expected"):
        Both({"give": lambda: value}).call("give")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_nested_without_end_does_not_cross():
    with pytest.raises(Exception, match="nested too deeply"):
        Both({"give": lambda: nested(100)}).call("give")


def sent(head, body=b""):
    return struct.pack(">II", len(head), len(body)) + head + body


ARRAY = {"array": "<f8", "shape": [2], "bytes": 16}
LIES = {
    "no JSON": sent(b"{{{"),
    "no object": sent(b"[1]"),
    "an unknown kind": sent(json.dumps({"value": {"pickle": "gASV"}}).encode()),
    "objects": sent(json.dumps({"value": ARRAY | {"array": "|O"}}).encode(), bytes(16)),
    "more than was sent": sent(json.dumps({"value": ARRAY | {"bytes": 1 << 40}}).encode(), bytes(16)),
    "another shape": sent(json.dumps({"value": ARRAY | {"shape": [3]}}).encode(), bytes(16)),
    "a function of no number": sent(json.dumps({"value": {"function": "x"}}).encode()),
    "too large": struct.pack(">II", 1 << 31, 1 << 31),
    "a change nowhere": sent(
        json.dumps({"changed": {"list": [{"list": [{"list": [0, 99]}, 1]}]}, "value": 1}).encode()
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_no_message_is_refused(lie):
    near, far = socket.socketpair()
    far.sendall(lie)
    peer = Peer(near, {}.__getitem__)
    peer.until = time.monotonic() + 5
    with pytest.raises(WireError):
        peer.call("f", (), {})


def test_no_answer_in_time_and_no_answer_at_all():
    near, far = socket.socketpair()
    peer = Peer(near, {}.__getitem__)
    peer.until = time.monotonic() + 0.1
    with pytest.raises(Late):
        peer.call("f", (), {})
    far.close()
    with pytest.raises(Closed):
        peer.call("f", (), {})
