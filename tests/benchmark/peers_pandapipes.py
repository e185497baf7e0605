"""Run pandapipes' benchmark script several times in one process, so that it imports and compiles once.

Called by the peers' own Python: FOLDER CASES, where FOLDER holds `bench_pandapipes.py` and CASES is a JSON list of
argument lists for it. It must not import dhsim: that environment has another pandas. Prints one line of JSON a case.
"""

from __future__ import annotations

import json
import sys


def main(folder: str, cases: str) -> None:
    sys.path.insert(0, folder)
    import bench_pandapipes

    for arguments in json.loads(cases):
        sys.argv = ["bench_pandapipes.py", *arguments]
        bench_pandapipes.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
