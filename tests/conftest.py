"""What all tests share: tests/ on sys.path (for `support`), and the roles of the contract tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
