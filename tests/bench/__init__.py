"""`make bench`: the hot paths beside what limits them on the same machine in the same run."""

import warnings

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
