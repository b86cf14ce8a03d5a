"""Values and calls between the checker and a student's process."""

import contextlib
import json
import os
import socket
import struct
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grading.student import wire
from grading.student.wire import Closed, Late, NotNumbers, Peer, WireError


class Both:
    """The checker's end, `peer`, and the student's, `far`, which serves `names` in a thread."""

    def __init__(self, names=None, own=None, **more):
        self.near, far = socket.socketpair()
        self.peer = Peer(self.near, (own or {}).__getitem__, errors=(NotNumbers,))
        self.far = Peer(far, (names or {}).__getitem__, **more)
        self.peer.until = time.monotonic() + 20
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(Closed):
            self.far.serve()

    def call(self, name, /, *args, **kwargs):
        return self.peer.call(name, args, kwargs)


@pytest.fixture
def both():
    """Makes pairs of ends, and closes them."""
    made = []

    def make(*args, **kwargs):
        made.append(Both(*args, **kwargs))
        return made[-1]

    yield make
    for each in made:
        each.near.close()
        each.thread.join(5)
        assert not each.thread.is_alive()


# ---------------------------------------------------------------------------------------------- values


def frozen(array):
    array.flags.writeable = False
    return array


VALUES = [
    None,
    True,
    3,
    -(2**70),
    10**4000,
    0.1,
    -0.0,
    5e-324,
    float("inf"),
    float("nan"),
    2 - 0.1j,
    "text ✓",
    "one \ud800 alone",
    "long \ud800 ✓" * 1000,
    [],
    [1, [2.5, "a"]],
    (1, (2,), ()),
    {"a": 1, 2: [3], (1, None): {}, 0.5: "half"},
    {"list": [1]},
    np.float32(0.1),
    np.float64("nan"),
    np.int8(-3),
    np.bool_(True),
    np.complex64(1j),
    np.array(2.5),
    np.array(True),
    np.arange(6.0).reshape(2, 3),
    np.arange(4, dtype=np.float32)[::2],
    np.arange(12).reshape(3, 4).T[::-1],
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.broadcast_to(np.float16(2), (3, 2)),
    np.arange(3, dtype=">i4"),
    np.array([1 + 2j]),
    np.array([np.nan, -np.inf]),
    np.zeros((0, 3)),
    np.zeros((2, 0), dtype=np.uint16),
    frozen(np.ones(2)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_what_goes_there_and_back_is_the_same(both, value):
    back = both({"same": lambda x: x}).call("same", value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.shape) == (value.dtype, value.shape)
        assert back.flags.writeable == value.flags.writeable
        np.testing.assert_array_equal(back, value)


@pytest.mark.parametrize("code", sorted(wire.DTYPES))
def test_every_type_of_number_keeps_its_value(both, code):
    value = np.array([[0, 1], [2, 100]]).astype(code)
    back = both({"same": lambda x: x}).call("same", value)
    assert back.dtype.str == code
    np.testing.assert_array_equal(back, value)


def test_a_type_that_no_other_machine_has_crosses_as_the_nearest_one(both):
    back = both({"same": lambda x: x}).call("same", [np.longdouble(0.5), np.ones(2, np.clongdouble)])
    assert [each.dtype for each in back] == [np.float64, np.complex128]


class Same:
    """What would pass as anything."""

    def __eq__(self, other):
        return True

    __hash__ = None
    __sub__ = __rsub__ = __abs__ = lambda *_: 0.0
    __float__ = lambda *_: 1.0  # noqa: E731
    __array__ = lambda *_, **__: np.zeros(2)  # noqa: E731
    __array_priority__ = 1e9


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([object()]),
        np.array(["text"]),
        {1, 2},
        np.datetime64("2020"),
        np.zeros(2, "i4,f4"),
        os,
        Same(),
    ],
    ids=["object", "objects", "texts", "set", "date", "records", "module", "what passes as anything"],
)
def test_other_values_do_not_cross(both, value):
    """Of what a function returned the type's name is told; whoever gives it as an argument gets a sentence."""
    ends = both({"give": lambda: [1, value], "take": len})
    with pytest.raises(NotNumbers) as told:
        ends.call("give")
    kind = f"array of {value.dtype}" if isinstance(value, np.ndarray | np.generic) else type(value).__name__
    assert str(told.value) == kind
    with pytest.raises(TypeError, match="where numbers were expected"):
        ends.call("take", value)
    assert ends.call("take", [1, 2]) == 2


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def endless():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [nested(100), endless()], ids=["deep", "endless"])
def test_what_is_nested_without_end_does_not_cross(both, value):
    ends = both({"give": lambda: value, "same": lambda x: x})
    with pytest.raises(TypeError, match="nested too deeply"):
        ends.call("give")
    with pytest.raises(TypeError, match="nested too deeply"):
        ends.call("same", value)
    assert ends.call("same", nested(15)) == nested(15)


@pytest.mark.parametrize("value", [[0.5] * 300, np.ones(300), 10**5000], ids=["list", "array", "integer"])
def test_what_is_too_large_is_an_error_of_its_owner_alone(both, value, monkeypatch):
    monkeypatch.setattr(wire, "MOST_HEAD", 1000)
    monkeypatch.setattr(wire, "MOST", 1000)
    ends = both({"give": lambda: value, "same": lambda x: x})
    with pytest.raises(ValueError, match=r"too large|Exceeds the limit"):
        ends.call("give")
    assert ends.call("same", 1) == 1


def test_an_array_that_fills_the_socket_many_times_crosses(both):
    value = np.arange(500_000.0)
    np.testing.assert_array_equal(both({"twice": lambda x: 2 * x}).call("twice", value), 2 * value)


# ---------------------------------------------------------------------------------------------- calls


def test_keywords_defaults_exceptions_and_callbacks_cross(both):
    def apply(f, x, /, *more, times=1, verb=0):
        for _ in range(times):
            x = f(x)
        return (x, *more, verb)

    def fail():
        raise NotImplementedError("later\nand more")

    ends = both({"apply": apply, "fail": fail})
    assert ends.call("apply", lambda x: 2 * x, 1.5, times=3) == (12.0, 0)
    assert ends.call("apply", lambda x: x, "x", "more", verb=4) == ("x", "more", 4)
    with pytest.raises(NotImplementedError, match=r"^later$"):
        ends.call("fail")
    with pytest.raises(KeyError, match=r"^'absent'$"):
        ends.call("absent")
    with pytest.raises(TypeError, match="not callable"):
        both({"number": 3}).call("number")
    assert ends.call("apply", lambda x: x, "still there") == ("still there", 0)


def test_a_call_may_ask_back_by_name(both):
    ends = both({"twice": lambda x: ends.far.call("double", (x,), {})}, own={"double": lambda x: 2 * x})
    assert ends.call("twice", 21) == 42


def test_a_function_that_comes_back_is_itself(both):
    f = lambda x: x  # noqa: E731
    ends = both({"same": lambda x: x, "is": lambda f, g: f is g, "make": lambda: make})

    def make():
        return 1

    assert ends.call("same", f) is f
    assert ends.call("is", f, f) is True
    assert ends.call("make") is ends.call("make")
    assert ends.call("is", ends.call("make"), ends.call("make")) is True


def test_a_wrapper_of_a_function_is_not_that_function(both):
    import functools

    def twice(f):
        return functools.wraps(f)(lambda x: 2 * f(x))

    assert both({"twice": twice}).call("twice", lambda x: x)(3) == 6


def test_two_sides_that_call_each_other_without_end_are_stopped(both):
    calls = []

    def there():
        calls.append(1)
        return ends.far.call("back", (), {})

    ends = both({"there": there, "f": lambda: 1}, own={"back": lambda: ends.call("there")})
    with pytest.raises(RecursionError, match="without end"):
        ends.call("there")
    assert len(calls) <= wire.CALLS + 1
    assert ends.call("f") == 1


def test_what_is_asked_happens_within_the_given_context(both):
    entered = []

    @contextlib.contextmanager
    def around(thing):
        entered.append(thing)
        yield

    ends = both({"f": len, "apply": lambda f: f()}, {}, around=around)
    ends.call("f", [])
    ends.call("apply", lambda: 1)
    assert entered[0] is len
    assert [each.__name__ for each in entered] == ["len", "<lambda>"]  # what is given is called at its owner's


# ---------------------------------------------------------------------------------------------- in place


def test_a_change_in_place_comes_back(both):
    def step(w, parts, *, settings):
        w -= 1
        parts[0][:] = 7
        parts.append("new")
        settings["alpha"] /= 2
        settings["seen"].clear()
        del settings["old"]

    w, parts = np.array([3.0, np.nan]), [np.zeros(2), (np.ones(2),)]
    settings_ = {"alpha": 0.5, "seen": [{}], "old": 1}
    first, second, seen = parts[0], parts[1][0], settings_["seen"]
    both({"step": step}).call("step", w, parts, settings=settings_)
    np.testing.assert_array_equal(w, [2.0, np.nan])
    assert first.tolist() == [7, 7]
    assert second.tolist() == [1, 1]
    assert [type(each) for each in parts] == [np.ndarray, tuple, str]
    assert settings_ == {"alpha": 0.25, "seen": []}
    assert seen == []


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0)[::2], np.arange(3, dtype=">f4"), np.asfortranarray(np.ones((2, 2))), np.array(1.0)],
    ids=["strided", "big endian", "Fortran", "no axis"],
)
def test_a_change_in_place_reaches_any_array(both, array):
    wanted = array + 1
    both({"step": lambda w: w.__iadd__(1)}).call("step", array)
    np.testing.assert_array_equal(array, wanted)


def test_a_new_shape_is_nothing_that_the_caller_sees(both):
    def reshape(x):
        x.shape = (3, 2)
        x[0] = 9
        return x

    x = np.zeros((2, 3))
    assert both({"reshape": reshape}).call("reshape", x).shape == (3, 2)
    assert x.tolist() == [[9, 9, 0], [0, 0, 0]]


def test_what_is_read_only_is_so_over_there(both):
    with pytest.raises(ValueError, match="read-only"):
        both({"step": lambda w: w.__iadd__(1)}).call("step", frozen(np.ones(2)))


def test_a_list_whose_entries_are_replaced_leaves_the_old_ones_alone(both):
    def step(weights):
        weights[0] = weights[0] - 1

    W = np.ones(2)
    weights = [W]
    both({"step": step}).call("step", weights)
    assert (weights[0].tolist(), W.tolist()) == ([0, 0], [1, 1])


def test_the_student_sees_what_a_given_function_changes(both):
    def right(w, history):
        w *= 2
        history.append(float(w[0]))

    def student():
        w, history = np.ones(2), []
        for _ in range(3):
            ends.far.call("right", (w, history), {})
        return w, history

    ends = both({"student": student}, own={"right": right})
    w, history = ends.call("student")
    assert (w.tolist(), history) == ([8, 8], [2, 4, 8])


# ---------------------------------------------------------------------------------------------- what was handed out


class Layer:
    def forward(self):
        return 1


@pytest.mark.parametrize("target", [99, -1, 0, "exec", "__import__"])
def test_nothing_can_be_called_but_what_was_handed_out_or_named(both, target):
    ends = both({"reach": lambda f: ends.far.call(target, ("1",), {})}, {"given": lambda: 1})
    with pytest.raises((KeyError, ReferenceError)):
        ends.call("reach", lambda: 1)
    assert ends.peer.connection.fileno() >= 0


@pytest.mark.parametrize("reach", [lambda f: f.__self__, lambda f: f.__wrapped__, lambda f: f.secret])
def test_of_a_function_there_is_no_more_than_its_call(both, reach):
    right = Layer()
    right.forward.__func__.secret = "s3cr3t"
    with pytest.raises(AttributeError):
        both({"reach": reach}).call("reach", right.forward)


def test_the_same_function_has_one_number_until_all_are_forgotten(both):
    right, given_ = Layer(), lambda: 1
    kept = []
    ends = both({"keep": kept.append, "use": lambda: kept[0]()})
    for _ in range(5):
        ends.call("keep", given_)
        ends.call("keep", right.forward)
    assert len(ends.peer._ours) == 2
    assert len({id(each) for each in kept}) == 2
    assert ends.call("use") == 1
    ends.peer.clear()
    ends.call("keep", len)
    with pytest.raises(ReferenceError, match="checked before"):
        ends.call("use")


def test_so_many_can_be_handed_out(both, monkeypatch):
    monkeypatch.setattr(wire, "MANY", 10)
    ends = both({"ask": lambda: [ends.far.call("make", (), {}) for _ in range(20)]}, own={"make": lambda: lambda: 1})
    with pytest.raises(ValueError, match="too many"):
        ends.call("ask")


# ---------------------------------------------------------------------------------------------- late or gone


def test_no_answer_in_time_and_no_answer_at_all():
    near, far = socket.socketpair()
    peer = Peer(near, {}.__getitem__)
    peer.until = time.monotonic() + 0.05
    with pytest.raises(Late):
        peer.call("f", (), {})
    peer.until = time.monotonic() + 5
    far.close()
    with pytest.raises(Closed):
        peer.call("f", (), {})
    near.close()


def test_what_is_late_before_it_is_sent_is_never_sent(both):
    called = []
    ends = both({"f": lambda: called.append(1), "g": lambda: "now"})
    ends.peer.until = time.monotonic() - 1
    with pytest.raises(Late):
        ends.call("f")
    ends.peer.until = time.monotonic() + 10
    assert ends.call("g") == "now"
    assert called == []


def test_a_late_answer_is_no_answer_to_the_next_question(both):
    go = threading.Event()
    ends = both({"slow": lambda: go.wait(10) and "late", "quick": lambda: "now"})
    ends.peer.until = time.monotonic() + 0.05
    with pytest.raises(Late):
        ends.call("slow")
    ends.peer.until = time.monotonic() + 10
    go.set()
    assert ends.call("quick") == "now"


def test_what_was_given_up_can_be_waited_for(both):
    go = threading.Event()

    def slow():
        go.wait(10)
        with pytest.raises(TimeoutError, match="too late"):
            ends.far.call("given", (), {})
        return "late"

    ends = both({"slow": slow}, own={"given": lambda: 1})
    ends.peer.until = time.monotonic() + 0.05
    with pytest.raises(Late):
        ends.call("slow")
    with pytest.raises(Late):
        ends.peer.settle()
    ends.peer.until = time.monotonic() + 10
    go.set()
    assert ends.peer.settle() == "late"
    assert ends.peer.settle() is None


def test_a_message_that_comes_in_pieces_is_read_when_it_is_whole():
    near, far = socket.socketpair()
    peer = Peer(near, {}.__getitem__)
    message = sent(["value", 1, ["whole", []]])
    far.sendall(message[:11])
    peer.until = time.monotonic() + 0.05
    with pytest.raises(Late):
        peer.call("f", (), {})
    far.sendall(message[11:])
    peer.until = time.monotonic() + 5
    assert peer.settle() == "whole"
    near.close(), far.close()


def test_a_side_that_does_not_read_makes_it_late_and_gets_the_rest_later():
    near, far = socket.socketpair()
    peer = Peer(near, {}.__getitem__)
    peer.until = time.monotonic() + 0.05
    with pytest.raises(Late):
        peer.call("sum", (np.ones(500_000),), {})

    def serve():
        with contextlib.suppress(Closed):
            Peer(far, {"sum": np.sum}.__getitem__).serve()

    thread = threading.Thread(target=serve)
    thread.start()
    peer.until = time.monotonic() + 10
    assert peer.settle() == 500_000
    near.close()
    thread.join(5)
    far.close()


def test_a_side_that_asks_without_end_is_late():
    near, far = socket.socketpair()

    def ask():
        with contextlib.suppress(OSError):
            while True:
                far.sendall(sent(["call", 1, "f", [[], {"dict": []}]]))
                far.recv(1 << 16)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    peer = Peer(near, {"f": lambda: None}.__getitem__)
    peer.until = time.monotonic() + 0.2
    with pytest.raises(Late):
        peer.call("f", (), {})
    near.close()
    thread.join(5)
    far.close()


# ---------------------------------------------------------------------------------------------- lies


def sent(head, body=b""):
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack(">II", len(head), len(body)) + head + body


def answer(node, body=b"", changes=()):
    return sent(["value", 1, [node, list(changes)]], body)


def array(code="<f8", shape=(2,), **more):
    return {"array": [code, list(shape), True]} | more


LIES = {
    "no JSON": sent(b"{{{"),
    "no text": sent(b"\xff\xfe"),
    "nothing": sent(b""),
    "no list": sent({"value": 1}),
    "an unknown message": sent(["run", 1, "1"]),
    "too short": sent(["value", 1]),
    "too long": sent(["value", 1, [1, []], 2]),
    "an answer to nothing": sent(["value", 2, [1, []]]),
    "an answer to no number": sent(["value", "1", [1, []]]),
    "no changes": sent(["value", 1, [1]]),
    "changes of no list": sent(["value", 1, [1, 2]]),
    "value and error": sent(["error", 1, "ValueError", ["words"]]),
    "a question of nothing": sent(["call", 1, None, [[], {"dict": []}]]),
    "arguments of no list": sent(["call", 1, "f", [{"tuple": []}, {"dict": []}]]),
    "keywords of no dictionary": sent(["call", 1, "f", [[], []]]),
    "an unknown kind": answer({"pickle": "gASV"}),
    "two kinds": answer({"tuple": [], "scalar": "<f8"}),
    "no kind": answer({}),
    "a method of the reader": answer({"value": [1]}),
    "objects": answer(array("|O"), bytes(16)),
    "bytes": answer(array("|V8"), bytes(16)),
    "texts": answer(array("<U4", (1,)), bytes(16)),
    "records": answer(array("f8,f8", (1,)), bytes(16)),
    "no type": answer(array(["<f8"]), bytes(16)),
    "fewer bytes": answer(array(shape=[3]), bytes(16)),
    "more bytes": answer(array(shape=[1]), bytes(16)),
    "a negative shape": answer(array(shape=[-1, -2]), bytes(16)),
    "a shape of no number": answer(array(shape=["2"]), bytes(16)),
    "a shape of truth": answer(array(shape=[True, 2]), bytes(16)),
    "a shape of floats": answer(array(shape=[2.0]), bytes(16)),
    "a huge shape": answer(array(shape=[2**62, 2**62])),
    "a huge shape of nothing": answer(array(shape=[0, 2**62, 2**62])),
    "a shape that overflows to fit": answer(array(shape=[2**63, 2]), bytes(16)),
    "too many axes": answer(array(shape=[1] * 65), bytes(8)),
    "axes without end": answer(array(shape=[10**4000] * 1000)),
    "a text that is longer": answer({"text": 17}, bytes(16)),
    "a text of negative length": answer({"text": -1}),
    "bytes that are read again": answer([{"text": 16}, {"text": -16}, {"text": 16}], bytes(16)),
    "a text that is none": answer({"text": 2}, b"\xff\xff"),
    "a key that has no hash": answer({"dict": [[[], 1]]}),
    "a key without a value": answer({"dict": [[1]]}),
    "keys without end": answer({"dict": [[i * (2**61 - 1), 0] for i in range(5000)]}),
    "functions without end": answer([{"theirs": i} for i in range(5000)]),
    "a function of no number": answer({"theirs": "x"}),
    "an object": answer({"theirs": [1, "C"]}),
    "what was never handed out": answer({"yours": 7}),
    "what was handed out from the end": answer({"yours": -1}),
    "nested without end": sent(b"[" * 100_000),
    "nested too deeply": answer(nested(30)),
    "tuples nested too deeply": sent(b'["value", 1, [' + b'{"tuple": [' * 500 + b"]}" * 500 + b", []]]"),
    "an endless integer": sent(b'["value", 1, [' + b"9" * 100_000 + b", []]]"),
    "a head that is too large": struct.pack(">II", (1 << 22) + 1, 0),
    "a body that is too large": struct.pack(">II", 10, 1 << 31),
    "all that can be said": b"\xff" * 8,
    "a change nowhere": answer(1, changes=[[99, 1]]),
    "a change of another kind": answer(1, changes=[[0, [1]]]),
    "a change of another size": answer(1, bytes(24), [[0, array(shape=[3])]]),
    "a change to another type": answer(1, bytes(32), [[0, array("<c16")]]),
    "a change that is none": answer(1, changes=[3]),
    "a change at a text": answer(1, changes=[["0", 1]]),
    "a change of an attribute": answer(1, changes=[[[1, "w"], [[0, 1]]]]),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_no_message_is_refused(lie):
    near, far = socket.socketpair()
    sender = threading.Thread(target=far.sendall, args=(lie,))
    sender.start()
    peer, given_ = Peer(near, {}.__getitem__), np.ones(2)
    peer.until = time.monotonic() + 5
    start = time.process_time()
    with pytest.raises(WireError):
        peer.call("f", (given_,), {})
    assert time.process_time() - start < 2
    assert given_.tolist() == [1, 1]
    with pytest.raises(Closed):  # and it is not listened to again
        peer.call("f", (), {})
    far.close()
    sender.join(5)


ERRORS = {
    "ValueError": ValueError,
    "MemoryError": MemoryError,
    "KeyboardInterrupt": Exception,
    "SystemExit": Exception,
    "GeneratorExit": Exception,
    "BaseExceptionGroup": Exception,
    "UnicodeDecodeError": Exception,
    "Late": Exception,
    "eval": Exception,
    "__import__": Exception,
    "no name": Exception,
    "\ud800": Exception,
    "a" * 100_000: Exception,
}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: repr(kind)[:20])
def test_an_error_is_an_exception_with_a_few_words(kind):
    near, far = socket.socketpair()
    far.sendall(sent(["error", 1, kind, "\x1b[31mred\ud800" + "x" * 100_000]))
    peer = Peer(near, {}.__getitem__)
    peer.until = time.monotonic() + 5
    with pytest.raises(Exception) as caught:  # noqa: PT011
        peer.call("f", (), {})
    assert issubclass(caught.type, ERRORS[kind])
    assert not issubclass(caught.type, WireError)
    assert len(caught.type.__name__) <= 80
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 200
    near.close(), far.close()


def test_an_error_of_ours_crosses_by_its_name(both):
    class Unusable(Exception):
        pass

    def fail():
        raise Unusable("there is no function f")

    ends = both({"fail": fail})
    with pytest.raises(Exception, match="there is no function f") as caught:
        ends.call("fail")
    assert not isinstance(caught.value, Unusable)
    ends.peer = Peer(ends.near, {}.__getitem__, errors=(Unusable,))
    with pytest.raises(Unusable, match="there is no function f"):
        ends.call("fail")


def test_what_stops_the_checker_is_not_sent_but_raised(both):
    def stop():
        raise KeyboardInterrupt

    ends = both({"f": lambda: ends.far.call("stop", (), {}), "exit": lambda: exit(3)}, own={"stop": stop})
    with pytest.raises(Exception, match="3") as caught:
        ends.call("exit")
    assert caught.type.__name__ == "SystemExit"
    with pytest.raises(KeyboardInterrupt):
        ends.call("f")


# whatever is sent: arrays, handles and changes that are nearly right, in any place


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.integers(),
    st.floats(),
    st.sampled_from(["w", "secret", "__class__", "__dict__", "<f8", "|O", "given", "get", "", "f"]),
    st.text(max_size=5),
)
KINDS = st.sampled_from(["array", "scalar", "text", "tuple", "dict", "complex", "theirs", "yours", "value"])
NUMBERS = st.integers(-2, 6)
NEARLY = st.one_of(
    st.builds(
        lambda code, shape, free: {"array": [code, shape, free]},
        st.sampled_from(["<f8", "|b1", "|O", ">i4"]),
        st.lists(NUMBERS, max_size=3),
        st.booleans(),
    ),
    st.builds(lambda number: {"yours": number}, NUMBERS),
    st.builds(lambda number: {"theirs": number}, NUMBERS),
    st.builds(lambda count: {"text": count}, NUMBERS),
    st.builds(lambda pairs: {"dict": pairs}, st.lists(st.tuples(LEAVES, LEAVES), max_size=3)),
)
NODES = st.recursive(
    LEAVES | NEARLY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KINDS, inner, max_size=2),
    max_leaves=12,
)
CHANGES = st.lists(st.tuples(NUMBERS | NODES, NODES), max_size=2)
HEADS = st.one_of(
    st.builds(lambda number, node, changes: ["value", number, [node, changes]], NUMBERS, NODES, CHANGES),
    st.builds(
        lambda target, args: ["call", 1, target, [args, {"dict": []}]],
        NUMBERS | st.sampled_from(["given", "f"]),
        st.lists(NODES, max_size=3),
    ),
    st.builds(lambda kind, words: ["error", 1, kind, words], st.text(max_size=8), st.text(max_size=8)),
    NODES,
)
MESSAGES = st.builds(sent, HEADS, st.binary(max_size=64)) | st.binary(max_size=64)


class Right:
    """What the checker hands out."""

    def __init__(self):
        self.w, self.secret = np.ones(2), "s3cr3t"

    def step(self, x):
        return self.w * x


def plain(value):
    """Is it made of nothing but values, and functions that ask?"""
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(map(plain, value))
    if isinstance(value, dict):
        return type(value) is dict and all(map(plain, (*value, *value.values())))
    return type(value) in (type(None), bool, int, float, complex, str, np.ndarray) or isinstance(
        value, np.number | np.bool_ | type(plain) | types.MethodType
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(MESSAGES, max_size=4))
@example([sent(["value", 1, [{"yours": 1}, [[0, array()]]]], bytes(16))])
def test_whatever_is_sent_the_checker_gets_values_or_an_exception(messages):
    near, far = socket.socketpair()
    right = Right()
    w, given_, numbers, texts = right.w, np.ones(2), [1, 2], {"a": 1}
    peer = Peer(near, {"given": lambda x: x}.__getitem__)
    peer.until = time.monotonic() + 5
    far.sendall(b"".join(messages))
    far.shutdown(socket.SHUT_WR)
    try:
        value = peer.call("f", (given_, numbers, texts, lambda x: x, right.step), {})
        assert plain(value), value
    except Exception:
        pass  # also Closed, WireError and what the other side says that it raised
    near.close()
    said = b"".join(iter(lambda: far.recv(1 << 16), b""))
    far.close()
    assert b"s3cr3t" not in said
    assert right.__dict__.keys() == {"w", "secret"}
    assert right.secret == "s3cr3t"
    assert right.step.__func__ is Right.step
    assert type(given_) is np.ndarray
    assert (given_.shape, w.shape) == ((2,), (2,))
    assert plain(numbers)
    assert plain(texts)


def test_threads_may_ask_beside_each_other(both):
    """Each gets its own answer, with callbacks that come back to it, and from within those others may ask, too."""

    def work(count):
        ask = ends.far.call

        def back(x):
            if x % 10 == 0:  # threads of a callback, while those of the function go on
                with ThreadPoolExecutor(2) as more:
                    return sum(more.map(lambda y: ask("twice", (y,), {}), (x, 0.0)))
            return ask("twice", (x,), {})

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda x: ask("plus_one", (back, float(x)), {}), range(count)))

    own = {"twice": lambda x: 2 * x, "plus_one": lambda f, x: f(x) + 1}
    ends = both(names={"work": work}, own=own)
    assert ends.call("work", 200) == [2 * x + 1 for x in range(200)]


def test_an_interrupted_thread_leaves_the_wire_to_the_others(both):
    """What fails in a thread is that thread's alone."""

    def work():
        def ask(x):
            try:
                return ends.far.call("positive", (x,), {})
            except ValueError:
                return None

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(ask, range(-50, 50)))

    def positive(x):
        if x < 0:
            raise ValueError("it is negative")
        return x

    ends = both(names={"work": work}, own={"positive": positive})
    assert ends.call("work") == [x if x >= 0 else None for x in range(-50, 50)]
