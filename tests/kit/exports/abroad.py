"""What shop systems and marketplaces abroad export: flat files of orders and their items."""

from ...policies.shops import shopify_orders
from .china import Columns


def shopify(rows: int, seed: int = 1) -> Columns:
    """Shopify's orders_export.csv: a line for each item, the order's own cells on the first of an order's lines alone."""
    lines: list[dict[str, str]] = []
    for order in shopify_orders(rows, seed):
        address = order["shipping_address"]
        own = {
            "Name": order["name"],
            "Email": order["email"],
            "Financial Status": order["financial_status"],
            "Paid at": _at(order["processed_at"]),
            "Fulfillment Status": order["fulfillment_status"] or "unfulfilled",
            "Accepts Marketing": "no",
            "Currency": order["currency"],
            "Subtotal": order["total_price"],
            "Shipping": "0.00",
            "Taxes": "0.00",
            "Total": order["total_price"],
            "Discount Amount": order["total_discounts"],
            "Shipping Method": "Standard",
            "Created at": _at(order["created_at"]),
            **_address("Billing", order["billing_address"]),
            **_address("Shipping", address),
            "Notes": order["note"] or "",
            "Payment Method": "Shopify Payments",
            "Payment Reference": order["token"][-12:],
            "Refunded Amount": "0.00",
            "Outstanding Balance": "0.00",
            "Id": str(order["id"]),
            "Risk Level": "Low",
            "Source": "web",
            "Phone": f"'{address['phone']}",
        }
        for number, item in enumerate(order["line_items"]):
            lines.append(
                {
                    **(own if number == 0 else {"Name": own["Name"], "Email": own["Email"]}),
                    "Created at": own["Created at"],
                    "Lineitem quantity": str(item["quantity"]),
                    "Lineitem name": item["title"],
                    "Lineitem price": str(item["price"]),
                    "Lineitem sku": item["sku"],
                    "Lineitem requires shipping": "true",
                    "Lineitem taxable": "true",
                    "Lineitem fulfillment status": "fulfilled",
                    "Lineitem discount": "0.00",
                    "Vendor": "Some Shop",
                }
            )
    return {header: [line.get(header, "") for line in lines] for header in SHOPIFY}


SHOPIFY = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Tax 2 Name",
    "Tax 2 Value",
    "Tax 3 Name",
    "Tax 3 Value",
    "Tax 4 Name",
    "Tax 4 Value",
    "Tax 5 Name",
    "Tax 5 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
]
"""The headers of Shopify's export."""


def woocommerce(rows: int, seed: int = 1) -> Columns:
    """Orders of WooCommerce as export plugins give them: a line for each order."""
    orders = shopify_orders(rows, seed)
    of = [order["shipping_address"] for order in orders]
    customers = [order["customer"] for order in orders]
    return {
        "Order Number": [str(order["id"]) for order in orders],
        "Order Status": ["completed"] * rows,
        "Order Date": [_at(order["created_at"])[:16] for order in orders],
        "Customer Note": [order["note"] or "" for order in orders],
        "First Name (Billing)": [one["first_name"] for one in customers],
        "Last Name (Billing)": [one["last_name"] for one in customers],
        "Company (Billing)": [""] * rows,
        "Address 1&2 (Billing)": [one["address1"] for one in of],
        "City (Billing)": [one["city"] for one in of],
        "State Code (Billing)": [one["province_code"] for one in of],
        "Postcode (Billing)": [one["zip"] for one in of],
        "Country Code (Billing)": [one["country_code"] for one in of],
        "Email (Billing)": [one["email"] for one in customers],
        "Phone (Billing)": [one["phone"] for one in of],
        "First Name (Shipping)": [one["first_name"] for one in customers],
        "Last Name (Shipping)": [one["last_name"] for one in customers],
        "Address 1&2 (Shipping)": [one["address1"] for one in of],
        "City (Shipping)": [one["city"] for one in of],
        "State Code (Shipping)": [one["province_code"] for one in of],
        "Postcode (Shipping)": [one["zip"] for one in of],
        "Country Code (Shipping)": [one["country_code"] for one in of],
        "Payment Method Title": ["Credit card"] * rows,
        "Cart Discount Amount": ["0"] * rows,
        "Order Subtotal Amount": [str(order["total_price"]) for order in orders],
        "Shipping Method Title": ["Flat rate"] * rows,
        "Order Shipping Amount": ["0"] * rows,
        "Order Refund Amount": ["0"] * rows,
        "Order Total Amount": [str(order["total_price"]) for order in orders],
        "Order Total Tax Amount": ["0"] * rows,
        "SKU": [order["line_items"][0]["sku"] for order in orders],
        "Item #": ["1"] * rows,
        "Item Name": [order["line_items"][0]["title"] for order in orders],
        "Quantity (- Refund)": [str(order["line_items"][0]["quantity"]) for order in orders],
        "Item Cost": [str(order["line_items"][0]["price"]) for order in orders],
        "Coupon Code": [""] * rows,
        "Discount Amount": ["0"] * rows,
        "Discount Amount Tax": ["0"] * rows,
    }


def amazon(rows: int, seed: int = 1) -> Columns:
    """Amazon's report of shipped orders (FBA Amazon Fulfilled Shipments, tab-separated), a line for each item."""
    lines: list[dict[str, str]] = []
    for order in shopify_orders(rows, seed):
        address = order["shipping_address"]
        number = _amazons_number(order["id"])
        for item in order["line_items"]:
            at = f"{order['created_at'][:19]}+00:00"
            lines.append(
                {
                    "amazon-order-id": number,
                    "shipment-id": f"D{item['id']:08d}",
                    "shipment-item-id": f"S{item['id']:08d}",
                    "amazon-order-item-id": f"{4 * 10**13 + item['id']}",
                    "purchase-date": at,
                    "payments-date": at,
                    "shipment-date": at,
                    "reporting-date": at,
                    "buyer-email": f"{order['customer']['id'] * 7919:x}@marketplace.example",
                    "buyer-name": address["name"],
                    "sku": item["sku"],
                    "product-name": f'"{item["title"]}',
                    "quantity-shipped": str(item["quantity"]),
                    "currency": order["currency"],
                    "item-price": str(item["price"]),
                    "item-tax": "0.00",
                    "shipping-price": "0.00",
                    "shipping-tax": "0.00",
                    "ship-service-level": "Standard",
                    "recipient-name": address["name"],
                    "ship-address-1": address["address1"],
                    "ship-city": address["city"],
                    "ship-state": address["province_code"],
                    "ship-postal-code": address["zip"],
                    "ship-country": address["country_code"],
                    "item-promotion-discount": "0.00",
                    "carrier": "USPS",
                    "tracking-number": f"94{item['id']:018d}",
                    "estimated-arrival-date": at,
                    "fulfillment-center-id": "ABE2",
                    "fulfillment-channel": "AFN",
                    "sales-channel": "Amazon.com",
                }
            )
    return {header: [line.get(header, "") for line in lines] for header in AMAZON}


def amazon_order(rows: int, seed: int = 1) -> Columns:
    """Amazon's report of orders (GET_FLAT_FILE_ORDERS_DATA, tab-separated), a line for each item."""
    lines: list[dict[str, str]] = []
    for order in shopify_orders(rows, seed):
        address = order["shipping_address"]
        at = f"{order['created_at'][:19]}-05:00"
        lines.extend(
            {
                "order-id": _amazons_number(order["id"]),
                "order-item-id": f"{4 * 10**13 + item['id']}",
                "purchase-date": at,
                "payments-date": at,
                "buyer-email": f"{order['customer']['id'] * 7919:x}@marketplace.example",
                "buyer-name": address["name"],
                "buyer-phone-number": address["phone"],
                "sku": item["sku"],
                "product-name": f'"{item["title"]}" of 5"',
                "quantity-purchased": str(item["quantity"]),
                "currency": order["currency"],
                "item-price": str(item["price"]),
                "item-tax": "0.00",
                "shipping-price": "0.00",
                "shipping-tax": "0.00",
                "ship-service-level": "Standard",
                "recipient-name": address["name"],
                "ship-address-1": address["address1"],
                "ship-city": address["city"],
                "ship-state": address["province_code"],
                "ship-postal-code": address["zip"],
                "ship-country": address["country_code"],
                "ship-phone-number": address["phone"],
                "sales-channel": "Amazon.com",
            }
            for item in order["line_items"]
        )
    return {header: [line.get(header, "") for line in lines] for header in AMAZON_ORDER}


AMAZON_ORDER = [
    "order-id",
    "order-item-id",
    "purchase-date",
    "payments-date",
    "buyer-email",
    "buyer-name",
    "buyer-phone-number",
    "sku",
    "product-name",
    "quantity-purchased",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "ship-service-level",
    "recipient-name",
    "ship-address-1",
    "ship-address-2",
    "ship-address-3",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "ship-phone-number",
    "bill-address-1",
    "bill-address-2",
    "bill-address-3",
    "bill-city",
    "bill-state",
    "bill-postal-code",
    "bill-country",
    "item-promotion-discount",
    "item-promotion-id",
    "ship-promotion-discount",
    "ship-promotion-id",
    "delivery-start-date",
    "delivery-end-date",
    "delivery-time-zone",
    "delivery-Instructions",
    "sales-channel",
]
"""The headers of Amazon's report of orders."""


AMAZON = [
    "amazon-order-id",
    "merchant-order-id",
    "shipment-id",
    "shipment-item-id",
    "amazon-order-item-id",
    "merchant-order-item-id",
    "purchase-date",
    "payments-date",
    "shipment-date",
    "reporting-date",
    "buyer-email",
    "buyer-name",
    "buyer-phone-number",
    "sku",
    "product-name",
    "quantity-shipped",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "ship-service-level",
    "recipient-name",
    "ship-address-1",
    "ship-address-2",
    "ship-address-3",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "ship-phone-number",
    "bill-address-1",
    "bill-address-2",
    "bill-address-3",
    "bill-city",
    "bill-state",
    "bill-postal-code",
    "bill-country",
    "item-promotion-discount",
    "ship-promotion-discount",
    "carrier",
    "tracking-number",
    "estimated-arrival-date",
    "fulfillment-center-id",
    "fulfillment-channel",
    "sales-channel",
    "points-granted",
]
"""The headers of Amazon's report."""


def _amazons_number(order: int) -> str:
    """An order's number as Amazon writes it."""
    digits = f"{order:017d}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def _address(whose: str, given: dict[str, str]) -> dict[str, str]:
    return {
        f"{whose} Name": given["name"],
        f"{whose} Street": given["address1"],
        f"{whose} Address1": given["address1"],
        f"{whose} City": given["city"],
        f"{whose} Zip": f"'{given['zip']}",
        f"{whose} Province": given["province_code"],
        f"{whose} Country": given["country_code"],
        f"{whose} Phone": f"'{given['phone']}",
        f"{whose} Province Name": given["province_code"],
    }


def _at(moment: str) -> str:
    """A time as Shopify writes it."""
    return f"{moment[:19].replace('T', ' ')} -0500"
