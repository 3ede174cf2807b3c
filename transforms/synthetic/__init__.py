"""Believable orders that are nobody's: for the demo, tests and benchmarks."""

from beam_deid.transforms.synthetic.export import write_orders
from beam_deid.transforms.synthetic.orders import ORDER_FIELDS, ORDER_SCHEMA, order_batches, orders

__all__ = ["ORDER_FIELDS", "ORDER_SCHEMA", "order_batches", "orders", "write_orders"]
