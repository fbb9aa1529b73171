#!/usr/bin/env python3
"""The APIs of others that the server speaks, with their own clients, unmodified, and with plain requests.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_shapes.py

Starts our server on a tiny checkpoint and a free port, and stops it; some tests start one of their
own with other settings. Ends with a line "N passed, N failed".
"""

import sys

import openai_embeddings
import openai_mistakes
import other_shapes
import sent_pictures
import suite

WHOLE_RUN_LIMIT = 300.0

if __name__ == "__main__":
    modules = (openai_embeddings, openai_mistakes, other_shapes, sent_pictures)
    sys.exit(suite.run(modules, WHOLE_RUN_LIMIT))
