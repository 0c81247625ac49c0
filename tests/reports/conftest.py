"""The story's papers, rendered once per test run and shared."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
