"""Build time: train, evaluate, serialize, prove and package scikit-learn models for AWS Lambda."""
