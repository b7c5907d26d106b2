"""What the recorded policies see and do: used by ``record_policy_fixtures.py``."""

import numpy as np

OBS = 4
LOW, HIGH = np.array([-2.0, -1.0], np.float32), np.array([2.0, 3.0], np.float32)
