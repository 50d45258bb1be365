"""Kills a server again and again while it saves pictures, and looks whether anything was lost or cut.

    python -m tests.kill_server --count 200                   the fake worker, as a process
    python -m tests.kill_server --count 200 --worker thread   the fake worker inside the server: starts faster
    python -m tests.kill_server --count 200 --worker real     the real worker with the starter model

Each life of the server ends by signal 9, in turn at a named point of saving a picture or at a random time; the next
one starts over the same folders. After every start: no unfinished file, every file a whole picture, every file in
the index and every row with its file. In the end: every job that was accepted has ended, once, in its order.
"""
