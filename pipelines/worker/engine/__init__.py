"""Many pictures, one GPU thread.

Each picture is a greenlet (task.py). Whatever it needs computed by a network it asks at the gate, and sleeps
until it is answered (gate.py). The loop takes the call that has waited longest and all others that may share its
forward (batching.py), runs it once, and wakes their pictures (loop.py); what goes wrong on the device is cured or
explained there and nowhere else (forwards.py, faults.py, memory.py).

    studio.py     jobs in, pictures out: which picture starts when, and what is said about it
    service.py    the life of the GPU thread: warm up, then receive and turn until told to stop
    device.py     where it runs: CUDA, MPS or CPU, in which number format, on how many threads
"""
