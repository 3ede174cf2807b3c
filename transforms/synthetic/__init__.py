"""Realistic synthetic orders for the demo, tests and benchmarks. They belong to no real person."""

from beam_deid.transforms.synthetic.export import write_monthly_orders, write_orders, write_platform_orders
from beam_deid.transforms.synthetic.orders import ORDER_FIELDS, ORDER_SCHEMA, order_batches, orders
from beam_deid.transforms.synthetic.platforms import platform_batches, platform_records
from beam_deid.transforms.synthetic.shop import SHOP_TABLES, shop, write_shop

__all__ = [
    "ORDER_FIELDS",
    "ORDER_SCHEMA",
    "SHOP_TABLES",
    "order_batches",
    "orders",
    "platform_batches",
    "platform_records",
    "shop",
    "write_monthly_orders",
    "write_orders",
    "write_platform_orders",
    "write_shop",
]
