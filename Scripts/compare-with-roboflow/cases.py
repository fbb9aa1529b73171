"""The whole table: every request form and every error of the contract."""

from __future__ import annotations

import cases_bodies
import cases_comparisons
import cases_http
import cases_images
import cases_perception
import cases_texts
from case import CLIP, PERCEPTION_ENCODER, Case, Family, Table


def cases(loopback: str) -> list[Case]:
    """All cases; `loopback` is the base URL of the small server with the pictures."""
    table = Table()
    cases_bodies.forms(table, CLIP)
    cases_bodies.fields(table, CLIP)
    cases_http.query_and_key(table, CLIP)
    cases_http.content_types(table, CLIP)
    bodies(table, CLIP)
    cases_images.image_declarations(table, CLIP)
    cases_images.decoded_pictures(table, CLIP)
    cases_texts.texts(table, CLIP)
    cases_texts.limits(table, CLIP)
    cases_http.methods_and_paths(table, CLIP)
    cases_http.headers_and_cors(table, CLIP)
    cases_images.url_policy(table, CLIP, loopback)
    cases_images.url_images(table, CLIP, loopback)
    perception_encoder(table, loopback)
    # Last, because it unloads models.
    cases_http.operator_routes(table, CLIP)
    cases_perception.operator_routes(table)
    return table.cases


def bodies(table: Table, family: Family) -> None:
    """What may be wrong with the three bodies."""
    cases_bodies.embed_image_bodies(table, family)
    cases_bodies.embed_text_bodies(table, family)
    cases_comparisons.compare_bodies(table, family)


def perception_encoder(table: Table, loopback: str) -> None:
    """The routes of Perception Encoders: all but pictures and JSON, which are read by the same code on both sides."""
    family = PERCEPTION_ENCODER
    cases_bodies.forms(table, family)
    cases_bodies.fields(table, family)
    cases_perception.models(table)
    cases_http.query_and_key(table, family)
    bodies(table, family)
    cases_images.image_declarations(table, family)
    cases_perception.texts(table)
    cases_perception.limits(table)
    cases_http.methods_and_paths(table, family)
    cases_images.url_policy(table, family, loopback)
    cases_images.url_images(table, family, loopback)
