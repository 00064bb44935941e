"""The description of the API for platforms (OpenAPI 3.1), written by hand, held by its tests."""

from typing import Any

from pfpkit.media import SIZES

__all__ = ["document"]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_CAIP19 = r"^eip155:(0|[1-9][0-9]{0,31})/(erc721|erc1155):0x[0-9a-fA-F]{40}/(0|[1-9][0-9]{0,77})$"
_ADDRESS = r"^0x[0-9a-fA-F]{40}$"
_NAME = r"^[a-z][a-z0-9-]{1,29}$"
_EXAMPLE = "eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769"


def document(origin: str) -> dict[str, Any]:
    """Return the document for a service at `origin`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pfpkit profile service",
            "version": "1",
            "description": "Pictures of people and tokens, with what makes them true.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": origin}],
        "paths": {
            "/avatar/{caip19}": {"get": _avatar()},
            "/users/{name}/picture": {"get": _picture()},
            "/users/{name}/picture/{size}.{format}": {"get": _picture_file()},
            "/verify": {"post": _verify()},
        },
        "components": {"schemas": _schemas()},
    }


def _avatar() -> dict[str, Any]:
    return {
        "operationId": "avatar",
        "summary": "The picture of a token, verified; for its owner alone where `holder` is named",
        "parameters": [
            {
                "name": "caip19",
                "in": "path",
                "required": True,
                "description": "CAIP-19; its slashes may be written as they are",
                "schema": {"type": "string", "pattern": _CAIP19, "examples": [_EXAMPLE]},
            },
            _query("size", {"type": "integer", "enum": list(SIZES), "default": 128}),
            _query("format", {"type": "string", "enum": ["webp", "png"], "default": "webp"}),
            _query("holder", {"type": "string", "pattern": _ADDRESS}),
            _query("cid", {"type": "string", "maxLength": 100}),
        ],
        "responses": {
            "200": {
                "description": "The picture: a square of that size",
                "headers": {
                    "ETag": {"schema": {"type": "string"}},
                    "Cache-Control": {"schema": {"type": "string"}},
                    "X-Pfpkit-Block": {"schema": {"type": "string"}},
                    "X-Pfpkit-Cid": {"schema": {"type": "string"}},
                },
                "content": {"image/webp": {}, "image/png": {}},
            },
            "304": {"description": "The client has it"},
            **_problems(400, 403, 404, 409, 422, 503, 504),
        },
    }


def _picture() -> dict[str, Any]:
    return {
        "operationId": "picture",
        "summary": "What is shown of somebody",
        "parameters": [_path("name", {"type": "string", "pattern": _NAME})],
        "responses": {
            "200": {
                "description": "The picture and what may be said of it",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Picture"}}
                },
            },
            "304": {"description": "The client has it"},
            **_problems(404, 503),
        },
    }


def _picture_file() -> dict[str, Any]:
    return {
        "operationId": "pictureFile",
        "summary": "Leads to the file of one size, as it is now",
        "parameters": [
            _path("name", {"type": "string", "pattern": _NAME}),
            _path("size", {"type": "integer", "enum": list(SIZES)}),
            _path("format", {"type": "string", "enum": ["webp", "png"]}),
        ],
        "responses": {"302": {"description": "To the file"}, **_problems(404, 503)},
    }


def _verify() -> dict[str, Any]:
    return {
        "operationId": "verify",
        "summary": "The verdict on a token, with its receipt",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["token"],
                        "additionalProperties": False,
                        "properties": {
                            "token": {"type": "string", "pattern": _CAIP19},
                            "holder": {"type": ["string", "null"], "pattern": _ADDRESS},
                            "at": {
                                "type": ["string", "integer"],
                                "description": "A block: latest, latest-12, safe, a number",
                            },
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The verdict; whether it is shown is in `shown`",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Verdict"}}
                },
            },
            **_problems(400, 408, 413, 415, 503, 504),
        },
    }


def _schemas() -> dict[str, Any]:
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    return {
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
            },
        },
        "Picture": {
            "type": "object",
            "required": ["kind", "state", "shape", "name", "images", "words", "version"],
            "properties": {
                "kind": {"enum": ["none", "ordinary", "nft"]},
                "state": {"enum": ["none", "ordinary", "verified", "stale", "unverified"]},
                "shape": {"enum": ["circle", "hexagon", "hexagon-dashed", "placeholder"]},
                "name": text,
                "alt": text,
                "words": text,
                "images": {"type": ["object", "null"]},
                "token": {"type": ["object", "null"]},
                "owner": maybe,
                "checked": {"type": ["object", "null"]},
                "fallen": {"type": ["object", "null"]},
                "details_url": maybe,
                "version": text,
            },
        },
        "Verdict": {
            "type": "object",
            "required": ["token", "holder", "verdict", "reason", "shown", "ownership", "receipt"],
            "properties": {
                "token": text,
                "holder": maybe,
                "verdict": {
                    "enum": [
                        *("verified", "pending", "not-owner", "no-token"),
                        *("unverifiable", "unverified", "unknown"),
                    ]
                },
                "reason": text,
                "shown": {"type": "boolean"},
                "ownership": maybe,
                "receipt": {"type": ["object", "null"]},
            },
        },
    }


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {str(one): {"description": "Why not", "content": content} for one in statuses}
