"""How a process ended, as a sentence for the person who waits for what it makes."""

from __future__ import annotations

import signal

POISONED_GPU = 77  # the worker's own exit code: the GPU context is lost for this process

SIGNALS = {
    "SIGKILL": "was killed by the system (signal 9), most likely because memory ran out",
    "SIGTERM": "was asked to end by another program (signal 15)",
    "SIGSEGV": "crashed in native code (signal 11, a memory access violation)",
    "SIGBUS": "crashed in native code (signal 7), as happens when shared memory or the disk is full",
    "SIGABRT": "aborted itself (signal 6), as native GPU code does after an internal error",
    "SIGILL": "met a processor instruction that this machine lacks (signal 4)",
    "SIGFPE": "crashed in native code (signal 8, an arithmetic error)",
}
CODES = {
    0: "ended although nobody had asked it to",
    1: "ended with a Python error (exit code 1); the server's log shows it",
    POISONED_GPU: "gave up because the GPU reported an error that a process cannot recover from",
    0xC0000005: "crashed in native code (a memory access violation)",
    0xC0000017: "could not get the memory it asked for",
    0xC00000FD: "crashed in native code (its stack overflowed)",
}


def describe_exit(exit_code: int | None, who: str = "The GPU process") -> str:
    """A sentence about an exit code as `multiprocessing` reports it: negative means a signal."""
    if exit_code is None:
        return f"{who} could not be started."
    if exit_code < 0:
        return f"{who} {_signal(-exit_code)}."
    return f"{who} {CODES.get(exit_code, f'ended with exit code {exit_code}')}."


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"was ended by signal {number}"
    return SIGNALS.get(name, f"was ended by signal {number} ({name})")
