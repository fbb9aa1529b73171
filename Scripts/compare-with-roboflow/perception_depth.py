"""Makes the Perception Encoders of Roboflow's server shallow, in the process that imports this: two blocks a tower.

Their classes run as they are; only the number of blocks is another, so that random weights of full width fit where the real
ones cannot be had.
"""

from __future__ import annotations

import dataclasses

BLOCKS = 2


def shallow() -> None:
    from inference.models.perception_encoder.vision_encoder import config

    for table in (config.PE_VISION_CONFIG, config.PE_TEXT_CONFIG):
        for name, settings in table.items():
            table[name] = dataclasses.replace(settings, layers=BLOCKS)
