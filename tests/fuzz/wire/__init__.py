"""Whatever a client may send, against eight kinds of model behind the real handler of API Gateway's events."""
