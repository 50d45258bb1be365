"""The child process that traces: a PNG on stdin, SVG on stdout. vtracer would hold up every other thread of ours.

Run as a file, so it knows nothing of the house. The first argument is a JSON list of settings of vtracer, finest
first, the second the number of paths that are wanted at most; the first tracing that has no more is written, else
the last.
"""

from __future__ import annotations

import json
import sys

import vtracer


def main(settings: str, paths_max: str) -> None:
    data = sys.stdin.buffer.read()
    svg = ""
    for options in json.loads(settings):
        svg = vtracer.convert_raw_image_to_svg(data, img_format="png", **options)
        if svg.count("<path") <= int(paths_max):
            break
    sys.stdout.write(svg)


if __name__ == "__main__":
    main(*sys.argv[1:])
