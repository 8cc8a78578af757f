"""All benchmarks: ``python -m tests.benchmarks [NAME…]``; pytest never runs them.

What is measured
    Load comes from one process (``generator.c``, compiled when needed) on one core; the server has another. The
    generator keeps a stated number of messages *in flight*: sent, and not yet counted at every recipient. Each message
    is sent with a write of its own, as if typed by another user. It checks that each recipient gets each message
    exactly once, unchanged and in order, and sets TCP_QUICKACK after every recv, so that no server is held up by
    Nagle's algorithm. A text is 40 bytes. The generator uses socketchat's plain dialect, and socketchat syncs every
    message to disk before users see it. The IRC servers store nothing, and their throttles are off. Each run has a
    fresh server on 127.0.0.1, with nothing stored, or with a copy of the history that ``--rows`` asks for. ``--quick``
    is one short round for development.

How to read a table
    Figures are medians of the rounds, which are interleaved (A B C A B C …); least and most stand in brackets. A
    ratio is the median of the ratios within each round, so that a slow minute of the machine favors no server.

    *µs* is the server's CPU time per delivery: all threads, user and kernel; the steadiest figure of all. *server*
    and *generator* are shares of their core. If the generator is near 100 % and the server well below, the row
    measured the generator, and says so: it is no limit of the server. *others* is what the rest of the machine used
    meanwhile, in cores; a run with more than 20 % is repeated, twice at most, and the table says how often. *p50*
    and *p99* are the times from sending a message until all have it.

How to profile
    ``python -m tests.benchmarks fan-out-32 --server socketchat --rounds 1 --seconds 20`` prints the process id of
    the server. Meanwhile, in another terminal, run ``py-spy record --native --duration 10 --output
    fan-out.svg --pid PID`` or ``perf record -g --pid PID -- sleep 10``. The figures are then slower than without
    a profiler.

It needs Linux (``/proc``, epoll) and gcc. If a server or a tool is missing, its benchmarks are skipped and reported.
"""
