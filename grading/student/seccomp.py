"""What the kernel refuses to student code: memory that no limit counts, new namespaces, and what looks into others.

A filter is a program for the kernel, a few instructions for each call, and is inherited by all that the process starts;
nobody can take it off again. It is made here by hand because the bindings of libseccomp are on no package index, and
other packages for it are not kept up. Refused with "Operation not permitted", except where a library knows another way
if the call does not exist: then it does not exist.

================  ==========================================================================================
memory            memfd, System V, queues, anonymous shared maps, pages given to a pipe: held by no process, so that
                  neither a limit of the process nor the watcher's sum sees them
namespaces        in one of their own, a process has every right, and with it most of the kernel's surface
other processes   ptrace and its relatives
network           there is none; sockets between processes of the submission (``AF_UNIX``) stay. Others could hold
                  megabytes each
the machine       modules, clock, keys, bpf, performance counters, io_uring
================  ==========================================================================================
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

__all__ = ["install", "program"]

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {  # the numbers on these machines
    # memory
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "vmsplice": (278, 75),
    "remap_file_pages": (216, 234),
    "io_setup": (206, 0),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # keys
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the machine
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}
CLONE, CLONE3, MMAP, SOCKET = (56, 220), (435, 435), (9, 222), (41, 198)
LAST = 450  # the newest call that was looked at; what came later does not exist
X32 = 0x40000000  # x86_64's calls once more, with other numbers

NAMESPACES = 0x7E020000  # CLONE_NEW*
SHARED_ANONYMOUS = 0x21  # MAP_SHARED (and _VALIDATE, which has its bit) with MAP_ANONYMOUS
AF_UNIX, AF_NETLINK = 1, 16  # the second tells which networks there are

LOAD, EQUAL, SET, ABOVE, AND, RETURN = 0x20, 0x15, 0x45, 0x25, 0x54, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCH = 0, 4  # where they stand in what the kernel hands to a filter
NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2


def program(machine: str = "") -> bytes:
    """The filter for a machine, as the kernel reads it.

    Parameters
    ----------
    machine : str
        As ``platform.machine()`` calls it; this one.

    Raises
    ------
    OSError
        If the numbers of its system calls are not known here.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        known = ", ".join(MACHINES)
        raise OSError(errno.ENOSYS, f"student code is isolated on {known}; the system calls of {machine} are not known")
    which = list(MACHINES).index(machine)
    steps = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, MACHINES[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]

    def refuse(test: int, value: int, error: int) -> None:
        steps.extend([(test, 0, 1, value), (RETURN, 0, 0, REFUSE | error)])

    def look(call: tuple[int, int], argument: int, *tests: tuple[int, int, int, int]) -> None:
        """A call that is judged by one of its arguments, of which the lower half is enough."""
        steps.append((EQUAL, 0, len(tests) + 2, call[which]))
        steps.append((LOAD, 0, 0, 16 + 8 * argument))
        steps.extend([*tests, (RETURN, 0, 0, ALLOW)])

    refuse(ABOVE, X32 - 1, errno.EPERM)
    refuse(ABOVE, LAST, errno.ENOSYS)
    refuse(EQUAL, CLONE3[which], errno.ENOSYS)  # its flags lie in memory, where no filter sees them; clone is used then
    look(CLONE, 0, (SET, 0, 1, NAMESPACES), (RETURN, 0, 0, REFUSE | errno.EPERM))
    flagged = [(AND, 0, 0, SHARED_ANONYMOUS), (EQUAL, 0, 1, SHARED_ANONYMOUS), (RETURN, 0, 0, REFUSE | errno.EPERM)]
    look(MMAP, 3, *flagged)
    look(SOCKET, 0, (EQUAL, 2, 0, AF_UNIX), (EQUAL, 1, 0, AF_NETLINK), (RETURN, 0, 0, REFUSE | errno.ENETUNREACH))
    for call in REFUSED.values():
        refuse(EQUAL, call[which], errno.EPERM)
    steps.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def install() -> None:
    """Put the filter on this process, and on all that it will start.

    Raises
    ------
    OSError
        If the kernel does not take it.
    """
    code = program()
    head = struct.pack("HP", len(code) // 8, ctypes.addressof(kept := ctypes.create_string_buffer(code, len(code))))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(SET_SECCOMP, FILTER, head, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")
    del kept
