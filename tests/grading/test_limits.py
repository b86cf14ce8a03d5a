"""No limit on memory, processes, time or output can be stepped around, and what stands in a sandbox's way is named."""

import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from grading import doctor
from grading.run import cgroup, execution, sandbox
from grading.run.sandbox import Place, Sandbox, SandboxError
from grading.student import bridge, seccomp, wire
from grading.student.wire import Closed, Peer

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 384  # MB
MOST = LIMIT + (sandbox.SPARE >> 20)


@pytest.fixture(scope="module")
def box(sandboxed):
    with Sandbox() as made:
        yield made


@pytest.fixture(params=["a control group", "no control group"])
def counted(request, monkeypatch):
    """Both ways to hold all processes of a submission together to a limit."""
    if request.param == "no control group":
        monkeypatch.setattr(cgroup, "home", lambda: None)
    elif cgroup.home() is None:
        pytest.xfail(f"no control group can be made here: {doctor.UNGROUPED}")
    return request.param


@pytest.fixture
def run(box):
    """What a cell prints and shows, and what its processes used; None if they were ended."""

    def run(code, memory=LIMIT, lent=None):
        place = box.place(1, memory << 20)
        peer = Peer(place.socket, (lent or {}).__getitem__)
        peer.until = time.monotonic() + 120
        try:
            told = peer.call("%run", (code,), {})
        except Closed:
            return None, place.end()
        said = [out.get("text") or out.get("evalue") or out["data"].get("text/plain") for out in told]
        return [line.strip() for line in said], place.end()

    return run


# ---------------------------------------------------------------------------------------------- memory


def test_what_no_process_holds_is_limited(each_hold, run, counted):
    said, use = run(each_hold)
    assert said is None or int(said[-1]) <= MOST
    assert said is not None or use.ended == f"it used more than {LIMIT} MB"
    assert use.memory <= MOST


def test_one_process_alone_always_gets_a_memory_error_at_its_limit(run, counted):
    """Neither the group nor the watcher comes first, so the same submission gets the same points."""
    code = "held, n = [], 0\ntry:\n    while True:\n        held.append(b'x' * (1 << 22)); n += 4\n"
    code += "except MemoryError:\n    pass\nn"
    found = []
    for _ in range(3):
        said, use = run(code)
        found.append(int(said[-1]))
        assert use.ended == ""
    assert max(found) - min(found) <= 8
    assert LIMIT - 64 <= min(found) <= LIMIT


def test_many_processes_together_are_held_to_the_limit(attack, run, counted):
    said, use = run(attack("children that hold memory", megabytes=LIMIT // 2))
    assert said is None
    assert use.ended == f"it used more than {LIMIT} MB"


def test_what_processes_share_is_counted_once(run, counted):
    """Each of a pool's processes has all of Python, most of which is the same memory."""
    code = "import multiprocessing, time\nwith multiprocessing.Pool(12) as pool:\n"
    code += "    pool.map(time.sleep, [0.5] * 12)\n'done'"
    said, use = run(code)
    assert said == ["'done'"], use


def test_the_group_tells_what_was_held_and_is_gone_afterwards(run):
    if cgroup.home() is None:
        pytest.xfail(f"no control group can be made here: {doctor.UNGROUPED}")
    before = _groups()
    _, use = run("x = b'x' * (200 << 20)\n1")
    assert 200 <= use.memory < 300
    assert _groups() == before


def _groups():
    mine = f"grading-{os.getpid()}-*"
    return {str(group) for folder in cgroup.home().values() for group in folder.glob(mine)}


LEAVE = ("a process that leaves, and its many", "a process that leaves, and holds memory")


@pytest.mark.parametrize("what", LEAVE)
def test_where_namespaces_cannot_be_nested_the_limits_hold_too(sandboxed, attack, counted, what):
    """Then what a submission started does not end with it, and is not its child any more."""
    code = attack(what, megabytes=LIMIT // 2)
    with Sandbox() as alone:
        server = alone._folder / "modules" / "grading" / "student" / "forkserver.py"
        server.write_text(server.read_text().replace("nested = _tried(", "nested = False and _tried("))
        place = alone.place(1, LIMIT << 20)
        assert not alone.nested
        peer = Peer(place.socket, None)
        peer.until = time.monotonic() + 60
        try:
            peer.call("%run", (code,), {})
            time.sleep(1)
            gone = False
        except Closed:
            gone = True
        use = place.end()
    if what == LEAVE[1]:  # too many are refused by the system or ended, whichever comes first
        assert gone or use.ended == f"it used more than {LIMIT} MB"
    assert use.memory <= MOST
    assert cgroup.home() is None or not _groups()


# ---------------------------------------------------------------------------------------------- processes


def test_a_flood_of_processes_is_refused_and_harms_nobody(attack, run, counted):
    said, use = run(attack("as many as can be had"))
    assert said is None or int(said[-1]) < sandbox.PROCESSES
    assert said is not None or "processes" in use.ended


HONEST = """
import multiprocessing, subprocess, sys, threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from ctypes import CFUNCTYPE, c_int
import matplotlib.pyplot as plt
with multiprocessing.Pool(2) as pool, ProcessPoolExecutor(2) as more, ThreadPoolExecutor(20) as threads:
    sums = [sum(each.map(abs, range(-9, 0))) for each in (pool, more, threads)]
with multiprocessing.Manager() as manager:
    sums.append(sum(manager.list([40, 5])))
array = multiprocessing.Array("i", 3)
array[0] = 45
sums += [array[0], CFUNCTYPE(c_int, c_int)(lambda x: x + 1)(44)]
sums.append(int(subprocess.run([sys.executable, "-c", "print(45)"], capture_output=True).stdout))
sums.append(int(get_ipython().getoutput("expr 44 + 1")[0]))
plt.plot([1, 2])
plt.savefig("figure.png")
plt.close()
sums"""


def test_what_honest_code_needs_is_there(run, counted):
    said, use = run(HONEST)
    assert said[-1] == str([45] * 8), (said, use)


def test_others_processes_are_not_the_students(sandboxed, tmp_path):
    """A limit of processes that counts all of a user's would refuse threads to the students of a busy grader."""
    code = f"{ATHOME}\nothers = [subprocess.Popen(['sleep', '300']) for _ in range(70)]\n"
    code += "try:\n    with sandbox.Sandbox() as box:\n        place = box.place(1, 1 << 30)\n"
    code += "        peer = Peer(place.socket, None)\n"
    code += f"        print(peer.call('%run', ({HONEST!r},), {{}})[-1]['data']['text/plain'], os.getuid())\n"
    code += "        place.end()\n    print(forkserver._tried(forkserver._fork_alone))\n"
    code += "finally:\n    [each.terminate() for each in others]"
    done = _as_ordinary_user([sys.executable, "-P", "-c", code], tmp_path)
    here, elsewhere = done.stdout.splitlines()
    assert here == f"{[45] * 8} {os.getuid() or 23456}", done.stderr
    assert elsewhere == "False"  # so a limit that counts all is seen, and is then not set


ATHOME = "import os, subprocess\nfrom grading.run import cgroup, sandbox\n"
ATHOME += "from grading.student import forkserver\nfrom grading.student.wire import Peer"


def _as_ordinary_user(command, home):
    """Run a command, as another user if this one is root, who may be kept out of where Python lies."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": "/tmp"}
    if os.geteuid() == 0:
        prefix = Path(sys.base_prefix)
        shut = [path for path in reversed(prefix.parents) if not path.stat().st_mode & stat.S_IXOTH]
        show = (
            f"mount --bind {prefix} /mnt && mount -t tmpfs -o mode=755 none {shut[0]} && mkdir -p {prefix} && "
            if shut
            else ""
        )
        show += f"mount --bind /mnt {prefix} && " if shut else ""
        user = "setpriv --reuid=23456 --regid=23456 --clear-groups"
        command = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            f'{show}exec {user} "$@"',
            "sh",
            *command,
        ]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=120)


# ---------------------------------------------------------------------------------------------- system calls


def test_no_namespace_of_its_own_gives_a_submission_rights(run):
    tried = "import ctypes, os, subprocess\nlibc = ctypes.CDLL(None)\n"
    tried += "libc.unshare(0x10000000), libc.setns(os.open('/proc/self/ns/user', 0), 0), "
    tried += "subprocess.run(['unshare', '-U', 'true'], capture_output=True).returncode != 0"
    assert run(tried)[0] == ["(-1, -1, True)"]


def decided(machine, arch, number, *arguments):
    """What the kernel would do: the program, run here."""
    told = struct.pack("<IIQ", number, arch, 0) + struct.pack("<6Q", *arguments, *[0] * (6 - len(arguments)))
    code, at, value = list(struct.iter_unpack("HBBI", seccomp.program(machine))), 0, 0
    while True:
        (what, yes, no, k), at = code[at], at + 1
        match what:
            case 0x20:
                value = struct.unpack_from("<I", told, k)[0]
            case 0x54:
                value &= k
            case 0x06:
                return {0x7FFF: "allowed", 0x8000: "killed"}.get(k >> 16, os.strerror(k & 0xFFFF))
            case _:
                at += yes if {0x15: value == k, 0x25: value > k, 0x45: value & k != 0}[what] else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_refuses_what_it_says(machine):
    which, arch = list(seccomp.MACHINES).index(machine), seccomp.MACHINES[machine]
    for name, numbers in seccomp.REFUSED.items():
        assert decided(machine, arch, numbers[which]) == "Operation not permitted", name
    for call, arguments, then in (
        (seccomp.CLONE, (17,), "allowed"),
        (seccomp.CLONE, (0x3D0F00,), "allowed"),  # a thread
        *((seccomp.CLONE, (17 | flag,), "Operation not permitted") for flag in (1 << 17, 1 << 28, 1 << 30)),
        (seccomp.CLONE3, (), "Function not implemented"),
        (seccomp.MMAP, (0, 4096, 3, 0x22), "allowed"),
        (seccomp.MMAP, (0, 4096, 3, 0x01), "allowed"),  # of a file
        (seccomp.MMAP, (0, 4096, 3, 0x21), "Operation not permitted"),
        (seccomp.MMAP, (0, 4096, 3, 0x4023), "Operation not permitted"),
        (seccomp.SOCKET, (1,), "allowed"),
        *((seccomp.SOCKET, (family,), "Network is unreachable") for family in (2, 10, 17, 40)),
        ((1000, 1000), (), "Function not implemented"),
    ):
        assert decided(machine, arch, call[which], *arguments) == then, (call, arguments)
    assert decided(machine, 0x40000003, 1) == "killed"  # a program for another processor
    assert decided(machine, arch, 0x40000001) == "Operation not permitted"
    assert decided(machine, arch, 0) == ("allowed" if machine == "x86_64" else "Operation not permitted")


def test_the_numbers_are_those_of_the_kernel():
    for machine, path in (("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")):
        header = Path("/usr/include", path)
        if header.exists():  # of Debian's linux-libc-dev
            text = header.read_text()
            for name, numbers in seccomp.REFUSED.items():
                number = numbers[list(seccomp.MACHINES).index(machine)]
                assert f"{name} {number}\n" in re.sub(r"[ \t]+", " ", text), name


def test_a_machine_whose_calls_are_not_known_is_refused():
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program("riscv64")


# ---------------------------------------------------------------------------------------------- time


class Told(Place):
    """A place of which we say what the system would tell."""

    def __init__(self, monkeypatch):
        self.clock, self.computed, self.waited, self.mine, self.pid = 100.0, 0.0, 0.0, 0.0, 0
        monkeypatch.setattr(sandbox.time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(Place, "_look_at_time", lambda *_: self.look())
        self.start = self.charged()

    def look(self):
        waited = {} if self.waited is None else {0: self.waited, 7: 0.0}
        return sandbox._Look(self.clock, self.computed, waited, 1, self.mine)

    def passes(self, seconds, computed=0.0, waited=0.0, mine=0.0):
        """So many seconds, of each so much; what is charged for them."""
        for _ in range(10):
            self.clock += seconds / 10
            self.computed += computed / 10
            self.waited = None if waited is None else self.waited + waited / 10
            self.mine += mine / 10
            self.charged()
        return self.charged() - self.start


@pytest.mark.parametrize(
    ("passed", "charged"),
    [
        ({"seconds": 10}, 10),  # it sleeps
        ({"seconds": 10, "computed": 0.2}, 10),  # it burns 2 %
        ({"seconds": 10, "computed": 2, "waited": 8}, 2),  # four others want the processor
        ({"seconds": 10, "computed": 1, "waited": 4}, 6),  # it sleeps where others compute
        ({"seconds": 10, "computed": 20}, 20),  # two processes
        ({"seconds": 10, "mine": 8}, 2),  # it waits for an answer, and the checker for the processor
        ({"seconds": 10, "computed": 1, "waited": None}, 2),  # the kernel does not tell
    ],
)
def test_time_is_charged_by_the_clock_unless_the_machine_is_busy(monkeypatch, passed, charged):
    assert Told(monkeypatch).passes(**passed) == pytest.approx(charged)


def test_a_process_that_sleeps_is_charged_and_a_child_that_computes_is(box):
    place = box.place(1, 1 << 30)
    peer = Peer(place.socket, None)
    start, clock, cpu = place.charged(), time.monotonic(), place.cpu()
    work = "import multiprocessing, time\ndef work():\n    while time.process_time() < 1: pass\n"
    work += "child = multiprocessing.Process(target=work)\nchild.start()\nchild.join()\ntime.sleep(0.5)"
    peer.call("%run", (work,), {})
    charged, passed = place.charged() - start, time.monotonic() - clock
    place.end()
    assert 0.5 <= charged <= passed + 1.2
    assert place.cpu() - cpu > 0.9  # it has ended, and is not forgotten


# ---------------------------------------------------------------------------------------------- output

FLOODS = {
    "of two kinds": "import sys\nfor _ in range(9000):\n    print('y' * 24)\n    print('y' * 24, file=sys.stderr)",
    "of letters": "import sys\nfor _ in range(300_000): sys.stdout.write('y')",
    "of values": "for _ in range(3000): display('ä' * 1000)",
    "of pictures": "for _ in range(60): display({'image/png': 'x' * 4_900_000}, raw=True)",
}


@pytest.mark.parametrize("code", FLOODS.values(), ids=FLOODS)
def test_a_flood_of_output_is_cut_and_ends_nothing(box, code):
    place = box.place(1, 1 << 30)
    peer = Peer(place.socket, None)
    told = peer.call("%run", (f"{code}\n1 / 0",), {})
    assert len(told) <= bridge.MAX_OUTPUTS + 1
    assert len(json.dumps(told)) <= bridge.MAX_CELL + 6 * 1000 * bridge.MAX_OUTPUTS
    assert told[-1]["ename"] == "ZeroDivisionError"
    assert peer.call("%run", ("7",), {})[0]["data"]["text/plain"] == "7"
    place.end()


def test_threads_that_call_a_lent_function_keep_their_points(small, sandboxed):
    body = "from concurrent.futures import ThreadPoolExecutor\n    with ThreadPoolExecutor(8) as pool:\n"
    body += "        return sum(pool.map(double, [x] * 150)) / 100"
    small.hand_in("ann", triple=body)
    small.run()
    assert float(small.rows()["ann"]["triple"]) == 3


def test_what_the_checker_reads_is_bounded_as_well(small, box, attack, monkeypatch):
    """Questions cost who asks them nothing, and who reads them much: while they are read no clock of theirs goes."""
    clock, read = [0.0], json.loads

    def loads(text):
        clock[0] += len(text) > 10_000  # a second for each
        assert clock[0] < 1000, "they are read without end"
        return read(text)

    monkeypatch.setattr(wire, "json", SimpleNamespace(loads=loads, JSONEncoder=json.JSONEncoder))
    own = SimpleNamespace(monotonic=time.monotonic, process_time=lambda: clock[0])
    monkeypatch.setattr(execution, "time", own)
    small.hand_in("ann", own=attack("questions without end"), double="ask()")
    notebook = nbformat.read(small.path("ann"), as_version=4)
    run = execution.Execution(notebook, box, "small", small.root, 1, execution.Limits(2.0, 60.0))
    run.run()
    assert run.ran.verdicts["triple"].points == 3


def test_who_holds_up_what_is_ours_loses_that_item_alone(small, attack):
    small.hand_in("ann", own=attack("a mark without end"))
    small.run()
    row = small.rows()["ann"]
    assert (row["status"], float(row["double"]), float(row["triple"])) == ("partly graded", 2, 0)


# ---------------------------------------------------------------------------------------------- the course itself


def test_the_courses_own_packages_are_hidden_wherever_they_are_installed(sandboxed, tmp_path, monkeypatch):
    """As pip installs them, below a prefix that student code sees: into site-packages, a target, a build."""
    prefix = tmp_path / "env"
    for folder in ("lib/python3.11/site-packages", "lib/python3/dist-packages", "share/target", "src/build/lib", "src"):
        for package in ("nnlib", "grading"):
            shutil.copytree(
                ROOT / package, prefix / folder / package, ignore=shutil.ignore_patterns("state", "__pycache__")
            )
    (prefix / "src" / "solutions").mkdir()
    (prefix / "src" / "solutions" / "checks.py").touch()
    (prefix / "lib/python3.11/site-packages/scipy").mkdir()
    (prefix / "lib/python3.11/site-packages/scipy/special.py").touch()
    (prefix / "lib/python3.11/site-packages/innocent.py").touch()
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    sandbox._hidden.cache_clear()
    look = f"import os, sys\nfound = []\nfor top in ({str(prefix)!r}, sys.prefix):\n"
    look += "    for there, _, files in os.walk(top):\n"
    look += (
        "        found += [name for name in files if name in ('activations.py', 'engine.py', 'checks.py', 'special.py',"
    )
    look += " 'innocent.py') and 'nnlib' in os.listdir(there + '/..') + ['nnlib'] and top != sys.prefix]\nfound"
    try:
        with Sandbox() as box:
            place = box.place(1, 1 << 30)
            told = Peer(place.socket, None).call("%run", (look,), {})
            place.end()
    finally:
        sandbox._hidden.cache_clear()
    assert told[-1]["data"]["text/plain"] == "['innocent.py']"


# ---------------------------------------------------------------------------------------------- what stands in the way

MASKED = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"
FORBIDDEN = "bwrap: No permissions to create new namespace, likely because the kernel does not allow it"


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        (("darwin", False, "", {}), "macOS. Grade in a container"),
        (("win32", False, "", {}), "Windows. Grade in a container"),
        (("linux", False, "", {}), "sudo apt install bubblewrap"),
        (
            ("linux", True, FORBIDDEN, {"kernel.apparmor_restrict_unprivileged_userns": "1"}),
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            ("linux", True, FORBIDDEN, {"kernel.unprivileged_userns_clone": "0"}),
            "sudo sysctl kernel.unprivileged_userns_clone=1",
        ),
        (
            ("linux", True, "bwrap: No space left on device", {"user.max_user_namespaces": "0"}),
            "sudo sysctl user.max_user_namespaces=",
        ),
        (("linux", True, MASKED, {"user.max_user_namespaces": "96551"}), "procMount: Unmasked"),
        (("linux", True, FORBIDDEN, {}), "seccomp=unconfined"),
        (("linux", True, "bwrap: something new", {}), "something new"),
    ],
)
def test_the_remedy_is_named_for_the_case_at_hand(facts, remedy):
    assert remedy in sandbox._remedy(*facts)


def test_a_masked_proc_is_found_before_anything_is_graded(sandboxed):
    """As in a container: a probe that asks for less than grading does would pass."""
    masked = 'mount -t tmpfs none /proc/irq && exec "$@"'
    tried = [sys.executable, "-P", "-c", "from grading.run import sandbox\nprint(sandbox.obstacle())"]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", masked, "sh", *tried],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "procMount: Unmasked" in done.stdout, done.stderr


@pytest.fixture
def another_bubblewrap(sandboxed, tmp_path, monkeypatch):
    """A folder in front of all others for programs, and none but the tests' own to find there."""
    real = shutil.which("bwrap")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(os, "defpath", str(tmp_path / "nothing"))
    sandbox.obstacle.cache_clear()
    yield tmp_path / "bwrap", real
    monkeypatch.undo()
    sandbox.obstacle.cache_clear()


@pytest.mark.parametrize("wrong", ["", "exec {real} --unshare-all --bind / / --dev /dev --proc /proc "])
def test_a_bubblewrap_that_keeps_nothing_apart_is_none(another_bubblewrap, wrong):
    """As a wrapper that drops the options, or adds some: nothing of a student's is run by it."""
    program, real = another_bubblewrap
    skip = 'while [ "$1" != --chdir ]; do shift; done; shift 2\n'
    program.write_text(f'#!/bin/sh\n{skip}{wrong.format(real=real) or "exec "}"$@"\n')
    program.chmod(0o755)
    assert "not kept apart" in sandbox.obstacle()
    with pytest.raises(SandboxError, match="not kept apart"):
        Sandbox()


def test_bubblewrap_is_found_where_the_path_says(another_bubblewrap):
    """On some systems it lies in none of the folders that student code gets as its own path."""
    program, real = another_bubblewrap
    program.symlink_to(real)
    assert sandbox.obstacle() == ""
    with Sandbox() as box:
        box.place(1, 1 << 30).end()


def test_without_bubblewrap_there_is_no_sandbox_unless_none_is_asked_for(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sandbox, "obstacle", lambda: "bubblewrap is not installed")
    monkeypatch.setattr(doctor, "obstacle", sandbox.obstacle)
    monkeypatch.setattr(doctor.container, "obstacle", lambda *_: "podman is not installed")
    with pytest.raises(SandboxError, match="not installed"):
        Sandbox()
    with Sandbox("none") as plain:
        place = plain.place(1, 1 << 30)
        assert Peer(place.socket, None).call("%run", ("7",), {})[0]["data"]["text/plain"] == "7"
        place.end()
    assert doctor.main(ROOT, tmp_path) == 1
    assert "nothing is graded: bubblewrap is not installed" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------------- control groups

MOUNTS = """24 1 8:1 / / rw - ext4 /dev/sda1 rw
30 24 0:26 {root} {tmp} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
"""


@pytest.fixture
def tree(tmp_path):
    """A made-up tree of version 2, as systemd would hand it over; files stand where the kernel would answer."""

    def make(path, controllers="cpu memory pids", delegated=True):
        own = tmp_path / path
        own.mkdir(parents=True)
        for name, text in {"controllers": controllers, "subtree_control": "", "procs": "11\n12\n"}.items():
            (own / f"cgroup.{name}").write_text(text)
        (own / cgroup.SELF).mkdir()
        (own / cgroup.SELF / "cgroup.procs").touch()
        if delegated:
            os.setxattr(own, "user.delegate", b"1")
        return cgroup._found(f"0::/{path}\n", MOUNTS.format(root="/", tmp=tmp_path)), own

    return make


def test_in_version_2_a_delegated_group_is_used(tree):
    home, own = tree("user.slice/app.slice/run-7.scope")
    assert home == {"memory": own, "pids": own}
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / cgroup.SELF / "cgroup.procs").read_text() == "12"  # the last that was moved out of the way


@pytest.mark.parametrize("wrong", [{"controllers": "cpu"}, {"delegated": False}])
def test_in_version_2_no_other_group_is_touched(tree, tmp_path, wrong):
    with pytest.raises(ValueError, match=r"counted here|handed"):
        tree("user.slice/session-2.scope", **wrong)
    own = tmp_path / "user.slice/session-2.scope"
    assert (own / "cgroup.subtree_control").read_text() == ""
    assert (own / cgroup.SELF / "cgroup.procs").read_text() == ""


def test_in_version_2_a_group_is_limited_and_read(tree):
    home, own = tree("run.scope")
    name = f"grading-{os.getpid()}-"
    with pytest.MonkeyPatch.context() as patch:  # the kernel makes these with the folder
        make = Path.mkdir

        def mkdir(path, *args, **kwargs):
            make(path, *args, **kwargs)
            for file in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"):
                (path / file).touch()
            (path / "memory.peak").write_text("4096\n")
            (path / "memory.events").write_text("low 0\nmax 3\noom 1\noom_kill 1\n")

        patch.setattr(Path, "mkdir", mkdir)
        group = cgroup.Group(home, 1 << 20, 7)
    (there,) = own.glob(f"{name}*")
    group.add(99)
    read = {path.name: path.read_text() for path in there.iterdir()}
    assert (read["memory.max"], read["memory.swap.max"], read["pids.max"], read["cgroup.procs"]) == (
        "1048576",
        "0",
        "7",
        "99",
    )
    assert (group.peak(), group.overrun()) == (4096, True)


def test_in_version_1_each_resource_has_a_folder_and_a_container_its_part_of_it(tmp_path):
    mounts = "33 31 0:30 /docker/7 {0}/memory rw - cgroup cgroup rw,memory\n"
    mounts += "34 31 0:30 / {0}/pids rw - cgroup cgroup rw,pids\n"
    groups = "9:name=systemd:/\n8:pids:/own\n4:memory:/docker/7/deep\n0::/\n"
    home = cgroup._found(groups, mounts.format(tmp_path))
    assert home == {"memory": tmp_path / "memory/deep", "pids": tmp_path / "pids/own"}
    with pytest.raises(ValueError, match="together"):
        cgroup._found("4:memory:/elsewhere\n8:pids:/\n", mounts.format(tmp_path))


def test_what_a_killed_grader_left_is_removed(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (tmp_path / f"grading-{pid}-0").mkdir()
    (tmp_path / "somebody-elses").mkdir()
    cgroup.sweep({"memory": tmp_path, "pids": tmp_path})
    assert {path.name for path in tmp_path.iterdir()} == {f"grading-{os.getpid()}-0", "somebody-elses"}
