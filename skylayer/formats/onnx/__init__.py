"""Models that come as ONNX and estimators that leave as ONNX."""
