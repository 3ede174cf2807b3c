"""Orders of shops abroad that are nobody's: Shopify's nested ones and Olist's joined table, from the library's own draws."""

from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.synthetic.buyers import buyers
from beam_deid.transforms.synthetic.chance import Chance, Index, Wheel
from beam_deid.transforms.synthetic.text import digits, letters, picked, table
from beam_deid.transforms.synthetic.times import created, moments

FIRST = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hope")
LAST = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Oak", "Yew")
STATES = ("CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA")
REGIONS = {"SP": "0", "RJ": "2", "MG": "3", "RS": "9", "PR": "8", "SC": "8", "BA": "4", "DF": "7"}
CATEGORIES = (
    "cama_mesa_banho",
    "beleza_saude",
    "esporte_lazer",
    "moveis_decoracao",
    "informatica_acessorios",
    "relogios_presentes",
)
FEW = Wheel([1 / (rank + 1) for rank in range(8)])


def shopify_orders(rows: int, seed: int = 1) -> list[dict[str, Any]]:
    """Orders as Shopify's Admin API gives them, one to three line items each."""
    chance = Chance(seed)
    index = np.arange(rows, dtype=np.int64)
    who = buyers(chance, index)
    first = _words(chance, "first", who, FIRST)
    last = _words(chance, "last", who, LAST)
    state = picked(table(STATES), FEW.spin(chance.share("state", who))).to_pylist()
    zips = digits(chance.below("zip", who, 30) * 300 + 10_000, 5).to_pylist()
    town = (1 + chance.below("town", who, 9)).tolist()
    at = moments(created(chance, index)).to_pylist()
    phone = digits(2_125_550_000 + chance.below("phone", who, 10_000), 10).to_pylist()
    price = _prices(chance, index)
    many = (1 + chance.below("items", index, 3)).tolist()
    product = chance.below("product", index, 24).tolist()
    made = []
    for row, buyer in enumerate(who.tolist()):
        address = {
            "name": f"{first[row]} {last[row]}",
            "address1": f"{buyer % 900 + 1} Main Street",
            "city": f"Town {town[row]}",
            "zip": zips[row],
            "province_code": state[row],
            "country_code": "US",
            "phone": f"+1{phone[row]}",
        }
        items = [
            {
                "id": row * 3 + place,
                "product_id": 7_000 + product[row] + place,
                "title": f"Thing {product[row] + place}",
                "sku": f"T-{product[row] + place}",
                "quantity": 1 + place,
                "price": f"{price[row] / 100:.2f}",
            }
            for place in range(many[row])
        ]
        made.append(
            {
                "id": 450_789_469 + row,
                "name": f"#{1001 + row}",
                "email": f"{first[row]}.{buyer}@example.com".lower(),
                "phone": None,
                "created_at": f"{at[row]:%Y-%m-%dT%H:%M:%S}-05:00",
                "processed_at": f"{at[row]:%Y-%m-%dT%H:%M:%S}-05:00",
                "currency": "USD",
                "total_price": f"{price[row] * many[row] / 100:.2f}",
                "total_discounts": "0.00",
                "financial_status": "paid",
                "fulfillment_status": "fulfilled",
                "browser_ip": f"192.0.2.{buyer % 250}",
                "note": "leave it with the neighbour" if row % 9 == 0 else None,
                "token": f"{row:032x}",
                "customer": {
                    "id": 207_119_551 + buyer,
                    "email": f"{first[row]}.{buyer}@example.com".lower(),
                    "first_name": first[row],
                    "last_name": last[row],
                },
                "billing_address": dict(address),
                "shipping_address": dict(address),
                "line_items": items,
            }
        )
    return made


def olist_orders(rows: int, seed: int = 1) -> pa.Table:
    """Olist's tables joined: a row for each item, with its order, customer, payment and review."""
    chance = Chance(seed)
    index = np.arange(rows, dtype=np.int64)
    who = buyers(chance, index)
    at = created(chance, index)
    place = FEW.spin(chance.share("state", who))
    zips = [
        f"{REGIONS[state]}{rest:04d}"
        for state, rest in zip(_at(tuple(REGIONS), place), chance.below("zip", who, 400).tolist(), strict=True)
    ]
    price = _prices(chance, index)
    day = 86_400
    return pa.table(
        {
            "order_id": letters([chance.bits("order", index)]),
            "customer_id": letters([chance.bits("customer", index)]),
            "customer_unique_id": letters([chance.bits("person", who)]),
            "customer_zip_code_prefix": zips,
            "customer_city": [f"cidade {zip_[:3]}" for zip_ in zips],
            "customer_state": _at(tuple(REGIONS), place),
            "order_status": ["delivered"] * rows,
            "order_purchase_timestamp": moments(at),
            "order_approved_at": moments(at + 900),
            "order_delivered_carrier_date": moments(at + 2 * day),
            "order_delivered_customer_date": moments(at + 9 * day),
            "order_estimated_delivery_date": moments(at + 20 * day),
            "order_item_id": [1] * rows,
            "product_id": letters([chance.bits("product", chance.below("which", index, 300))]),
            "seller_id": letters([chance.bits("seller", chance.below("whose", index, 40))]),
            "price": price / 100,
            "freight_value": chance.below("freight", index, 3_000) / 100,
            "product_category_name": _words(chance, "category", index, CATEGORIES),
            "payment_type": _words(chance, "paid by", index, ("credit_card", "boleto", "voucher", "debit_card")),
            "payment_installments": 1 + chance.below("installments", index, 10),
            "payment_value": price / 100,
            "review_score": 1 + chance.below("score", index, 5),
            "review_comment_title": ["Recomendo" if row % 7 == 0 else None for row in range(rows)],
            "review_comment_message": ["Chegou antes do prazo" if row % 5 == 0 else None for row in range(rows)],
        }
    )


def _words(chance: Chance, stream: str, index: Index, words: tuple[str, ...]) -> list[str]:
    return list(picked(table(words), chance.below(stream, index, len(words))).to_pylist())


def _at(words: tuple[str, ...], places: Index) -> list[str]:
    return list(picked(table(words), places).to_pylist())


def _prices(chance: Chance, index: Index) -> Index:
    """Cents, most of them small."""
    return np.asarray(990 + 9_000 / (1.05 - chance.share("price", index)), np.int64)
