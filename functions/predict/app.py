"""The Lambda behind the API: the model is loaded once, before the first request, and answers them all."""

from serving import gateway

lambda_handler = gateway.start()
