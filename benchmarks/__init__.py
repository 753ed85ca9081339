"""`make bench`: cold start, memory, latency and throughput beside other ways to serve the same pipelines."""
