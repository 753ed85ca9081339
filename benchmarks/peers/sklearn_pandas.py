"""What AWS's starter does, on frames: `joblib.load` at import, predict in the handler, no validation."""

import json

import joblib
import pandas as pd

model = joblib.load("model.joblib")
with open("columns.json") as file:
    dtypes = json.load(file)


def lambda_handler(event, context):
    instances = json.loads(event["body"])["instances"]
    rows = pd.DataFrame(instances, columns=list(dtypes)).astype(dtypes)
    probabilities = model.predict_proba(rows)
    labels = model.classes_[probabilities.argmax(axis=1)]
    answer = {"predictions": labels.tolist(), "probabilities": probabilities.tolist()}
    return {"statusCode": 200, "body": json.dumps(answer)}
