"""The OpenAPI 3.1 document of a model's API, made from its manifest and its golden rows.

It is made when it is asked for, from the model that answers: a model swapped in at run time is described
truly, and a prediction never pays for it.
"""

from __future__ import annotations

from serving.openapi.paths import paths
from serving.openapi.schemas import schemas
from serving.openapi.security import API_KEY, add_refusals, requirement, schemes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = "3.1.0"


def document(
    manifest: dict[str, Any], golden: dict[str, Any], authentication: str = API_KEY
) -> dict[str, Any]:
    """The OpenAPI document of the API that serves an artifact.

    Args:
        manifest: The artifact's manifest.
        golden: Its golden rows with the estimator's answers: the document's examples. They are made up, so no
            row of the training data shows.
        authentication: What the stack asks its callers for, as its parameter has it.
    """
    targets = " and ".join(manifest["output"].get("targets") or ["the target"])
    return {
        "openapi": VERSION,
        "info": {
            "title": manifest["name"],
            "version": manifest["version"],
            "summary": f"A model for {manifest['task'].replace('_', ' ')}: it predicts {targets}.",
            "description": (
                "Answers are the estimator's own, as proven when the model was packaged. Errors are problem "
                "details (RFC 9457), several reported at once, each with a JSON pointer (RFC 6901) to the "
                "value that it concerns."
            ),
            # Whose it is and on what terms, its owner says in training/card.md.
            "license": {"name": "As the model card says", "identifier": "LicenseRef-model-card"},
            "contact": {"name": "The owner of the stack"},
        },
        # Relative to this document: the prefix of a stage stands before every path.
        "servers": [{"url": ".", "description": "The stage that serves this document"}],
        "security": requirement(authentication),
        "tags": [
            {"name": "prediction", "description": "What the model answers"},
            {"name": "model", "description": "What the model is"},
            {"name": "inference", "description": "Open Inference Protocol v2: KServe, Triton, MLServer"},
            {"name": "scoring", "description": "The scoring protocol of MLflow and SageMaker"},
        ],
        "paths": add_refusals(paths(manifest, golden), authentication),
        "components": {
            "schemas": schemas(manifest, golden.get("answers") or {}),
            "securitySchemes": schemes(authentication),
        },
    }
