"""What AWS's starter does, on arrays: `joblib.load` at import, predict in the handler, no validation."""

import json

import joblib
import numpy as np

model = joblib.load("model.joblib")
with open("columns.json") as file:
    columns = list(json.load(file))


def lambda_handler(event, context):
    instances = json.loads(event["body"])["instances"]
    rows = np.array([[row[name] for name in columns] for row in instances], dtype=object)
    rows[rows == None] = np.nan  # noqa: E711  elementwise
    probabilities = model.predict_proba(rows)
    labels = model.classes_[probabilities.argmax(axis=1)]
    answer = {"predictions": labels.tolist(), "probabilities": probabilities.tolist()}
    return {"statusCode": 200, "body": json.dumps(answer)}
