"""The child process that traces. vtracer would hold up every other thread of ours while it works.

Run as a file, so it knows nothing of the house. On stdin comes {"layers": [PNG in base64, …], "settings": [options of
vtracer, …], "paths_max": n}; on stdout goes a list with vtracer's SVG of each layer, by the first settings that give no
more paths than that, else by the last.
"""

from __future__ import annotations

import base64
import json
import sys

import vtracer


def main() -> None:
    asked = json.load(sys.stdin)
    layers = [base64.b64decode(layer) for layer in asked["layers"]]
    drawings: list[str] = []
    for options in asked["settings"]:
        drawings = [
            vtracer.convert_raw_image_to_svg(layer, img_format="png", **options) for layer in layers
        ]
        if sum(drawing.count("<path") for drawing in drawings) <= asked["paths_max"]:
            break
    json.dump(drawings, sys.stdout)


if __name__ == "__main__":
    main()
