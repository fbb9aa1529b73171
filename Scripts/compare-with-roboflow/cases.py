"""The whole table: every request form and every error of the contract."""

from __future__ import annotations

import cases_bodies
import cases_http
import cases_images
import cases_texts
from case import Case, Table


def cases(loopback: str) -> list[Case]:
    """All cases; `loopback` is the base URL of the small server with the pictures."""
    table = Table()
    cases_bodies.forms(table)
    cases_bodies.fields(table)
    cases_http.query_and_key(table)
    cases_http.content_types(table)
    cases_bodies.embed_image_bodies(table)
    cases_bodies.embed_text_bodies(table)
    cases_bodies.compare_bodies(table)
    cases_images.image_declarations(table)
    cases_images.decoded_pictures(table)
    cases_texts.texts(table)
    cases_texts.limits(table)
    cases_http.methods_and_paths(table)
    cases_http.headers_and_cors(table)
    cases_images.url_policy(table, loopback)
    cases_images.url_images(table, loopback)
    # Last, because it unloads models.
    cases_http.operator_routes(table)
    return table.cases
