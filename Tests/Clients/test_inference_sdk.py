#!/usr/bin/env python3
"""Roboflow's own client, unmodified, and the requests of other clients, against a running server.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_inference_sdk.py
    CLIP_BASE_URL=http://127.0.0.1:9001 python Tests/Clients/test_inference_sdk.py

The first form starts our server on a tiny checkpoint and a free port, and stops it. The second asks
a server that runs already: ours with --allow-private-addresses, or, with CLIP_SERVER=roboflow, the
real one (legacy backend, ALLOW_NON_HTTPS_URL_INPUT=True ALLOW_URL_INPUT_WITHOUT_FQDN=True), which
shows that these tests ask for nothing that it does not give. Both need ViT-B-16, the default, and
ViT-B-32. Ends with a line "N passed, N failed".
"""

from __future__ import annotations

import sys

import plain_requests
import sdk_embeddings
import sdk_service
import suite

WHOLE_RUN_LIMIT = 120.0

if __name__ == "__main__":
    sys.exit(suite.run((sdk_embeddings, sdk_service, plain_requests), WHOLE_RUN_LIMIT))
