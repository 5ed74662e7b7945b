"""jsonschemas/references: where references lead."""

from __future__ import annotations

from runtime.jsonschemas.references import targets
from runtime.model import JsonSchema


def test_references_lead_to_pointers_anchors_and_ids() -> None:
    schema: JsonSchema = {
        "$id": "https://example.com/root",
        "properties": {
            "pointer": {"$ref": "#/$defs/My%20Type"},
            "anchor": {"$ref": "#here"},
            "dynamic": {"$dynamicRef": "#here"},
            "whole": {"$ref": "#"},
            "other": {"$ref": "node"},
            "outside": {"$ref": "https://example.com/elsewhere"},
        },
        "$defs": {
            "My Type": {"$anchor": "here"},
            "Node": {"$id": "node", "$defs": {"Leaf": {}}, "items": {"$ref": "#"}, "not": {"$ref": "#/$defs/Leaf"}},
        },
    }
    assert targets(schema) == {
        "/properties/pointer": "/$defs/My Type",
        "/properties/anchor": "/$defs/My Type",
        "/properties/dynamic": "/$defs/My Type",
        "/properties/whole": "",
        "/properties/other": "/$defs/Node",
        "/$defs/Node/items": "/$defs/Node",
        "/$defs/Node/not": "/$defs/Node/$defs/Leaf",
    }


def test_true_and_false_refer_to_nothing() -> None:
    assert targets(True) == {}
