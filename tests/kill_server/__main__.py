"""The command; see the package."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.kill_server.killer import kill_again_and_again


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills a server again and again.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--worker", choices=["thread", "process", "real"], default="process")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(kill_again_and_again(Path(folder), asked.count, asked.worker))


if __name__ == "__main__":
    main()
