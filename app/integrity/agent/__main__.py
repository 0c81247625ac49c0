"""`python -m …agent`: the agent as part of Kept; its workers are started so."""

import sys

from .main import main

sys.exit(main())
