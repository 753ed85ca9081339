"""Nothing is served before it is proven equal to the estimator."""
