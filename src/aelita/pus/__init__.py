"""ECSS packet utilization services carried in space packets."""
