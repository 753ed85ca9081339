"""The Lambda behind the API: the model is loaded once, before the first request, and answers them all."""

from serving import gateway, model

_model = model.load(model.locate())

lambda_handler = gateway.handler(lambda: _model)
