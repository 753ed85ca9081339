"""The hello world that a careful engineer ships: Powertools' Logger, Metrics and event handler, no model."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="bench")
metrics = Metrics(namespace="bench", service="bench")
app = APIGatewayRestResolver()


@app.post("/predict")
def predict():
    logger.info("predicting")
    metrics.add_metric(name="Predictions", unit=MetricUnit.Count, value=1)
    return {"predictions": [0]}


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event, context):
    return app.resolve(event, context)
