"""Movies as streams: read and written frame by frame in bounded memory, with exact times and their sound untouched.

What strangers have made is opened in limited child processes alone. `child` starts them, `inside` is where they begin;
`limits`, `movies`, `colours`, `counting`, `decoder` and `muxer` run in them and import the standard library and PyAV,
no more.
"""
