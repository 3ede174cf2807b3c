"""Runs on real engines: Flink and Spark as standalone clusters on loopback, each with Beam's job server before it."""
