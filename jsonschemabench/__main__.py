"""``python -m jsonschemabench``."""

import sys

if not sys.flags.safe_path:
    # -m puts the current folder first.  In a checkout that is the source of structgen without its compiled
    # module: what is installed comes first, engines of one's own in the current folder are still found.
    sys.path.append(sys.path.pop(0))

from jsonschemabench.cli import main

if __name__ == "__main__":
    main()
