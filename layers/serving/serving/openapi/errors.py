"""What each failure means, and the type of its problem document (RFC 9457)."""

from __future__ import annotations

ERRORS = {
    400: "The body is not JSON or CSV (urn:skylayer:problem:malformed-body)",
    404: "There is nothing here, or no model of that name (urn:skylayer:problem:unknown-route)",
    405: "Another method is asked for (urn:skylayer:problem:method-not-allowed)",
    406: "No media type that the client accepts can be sent (urn:skylayer:problem:not-acceptable)",
    413: "The body, its rows or their answers are over the limit (urn:skylayer:problem:too-large)",
    415: "The media type of the body can't be read (urn:skylayer:problem:unsupported-media-type)",
    422: "Instances don't fit the schema (urn:skylayer:problem:invalid-instances)",
    429: "Faster than the usage plan allows, or its quota is spent",
    500: "An error of the service: the request's id, nothing else (urn:skylayer:problem:internal-error)",
    504: "The answer took too long",
}
